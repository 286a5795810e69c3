"""The two small MNIST networks of the lectures.

`mnist_cnn` is a 5x5 net with batch normalisation (L91), `mnist_task` the net of the
MNIST task, with its two dropouts and a tanh layer (L92).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn
from shared.models.heads import logits
from shared.models.registry import Paper

PAPER = Paper("The course's lectures", None, "L91, L92")


@dataclass(frozen=True)
class MnistCNN:
    """Two rounds of convolution, normalisation, ReLU and pooling, then one dense layer.

    Attributes:
        filters: of the two convolutions, which keep their biases.
    """

    filters: tuple[int, ...] = (16, 32)

    def build(
        self,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "mnist_cnn",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        for index, filters in enumerate(self.filters, start=1):
            # Of odd kernels with stride 1, "same" is a padding of 2 pixels.
            x = conv_bn(x, filters, 5, use_bias=True, name=f"conv{index}")
            x = keras.layers.MaxPooling2D(2, name=f"pool{index}")(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


@dataclass(frozen=True)
class MnistTask:
    """28 → 13 → 13 → 12 → 4608 → 256 → 10. The task asks for a softmax at the end:
    `classifier_activation="softmax"`.
    """

    def build(
        self,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "mnist_task",
    ) -> keras.Model:
        layers = keras.layers
        x = inputs = keras.Input(input_shape)
        x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(x)
        x = layers.Conv2D(32, 2, padding="same", activation="relu", name="conv2")(x)
        x = layers.MaxPooling2D(2, strides=1, name="pool")(x)
        if include_top:
            x = layers.Dropout(0.35, name="dropout1")(x)
            x = layers.Flatten(name="flatten")(x)
            x = layers.Dense(256, activation="tanh", name="dense")(x)
            x = layers.Dropout(0.5, name="dropout2")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {"mnist_cnn": MnistCNN(), "mnist_task": MnistTask()}
