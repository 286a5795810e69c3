"""VGG A, A-LRN, B, C, D, E (arXiv:1409.1556): 3x3 kernels, halving per stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    2014,
    "arXiv:1409.1556",
)


@dataclass(frozen=True)
class VGG:
    """One column of the paper's Table 1.

    Attributes:
        depths: convolutions per stage.
        batch_norm: a batch normalisation after each convolution.
    """

    depths: tuple[int, ...]
    batch_norm: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "vgg",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        for stage, depth in enumerate(self.depths, start=1):
            for index in range(1, depth + 1):
                layer = f"conv{stage}_{index}"
                x = keras.layers.Conv2D(
                    min(64 * 2 ** (stage - 1), 512),
                    3,
                    padding="same",
                    activation=None if self.batch_norm else "relu",
                    name=layer,
                )(x)
                if self.batch_norm:
                    x = keras.layers.BatchNormalization(name=f"{layer}_bn")(x)
                    x = keras.layers.Activation("relu", name=f"{layer}_relu")(x)
            x = keras.layers.MaxPooling2D(2, name=f"pool{stage}")(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            for index in (6, 7):
                x = keras.layers.Dense(4096, activation="relu", name=f"fc{index}")(x)
                x = keras.layers.Dropout(0.5, name=f"dropout{index}")(x)
            x = keras.layers.Dense(
                classes, activation=classifier_activation, name="predictions"
            )(x)
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "vgg11": VGG((1, 1, 2, 2, 2)),
    "vgg13": VGG((2, 2, 2, 2, 2)),
    "vgg16": VGG((2, 2, 3, 3, 3)),
    "vgg19": VGG((2, 2, 4, 4, 4)),
}

PUBLISHED = {
    "vgg16": Accuracy(75.6, 92.8, "ImageNet val, dense, scales 256-512; Table 4"),
}
