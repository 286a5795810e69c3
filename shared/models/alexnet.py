"""AlexNet (Krizhevsky, Sutskever, Hinton 2012): single stream, grouped, two towers.

The paper gives an input of 224x224, with which the first layer would have 54.25
positions; 227x227 gives the 55 that its text and figure need, and is built. In the
paper, normalisation follows the first two convolutions and pooling follows it; the
lectures pool first. The paper's nets (`alexnet_grouped`, `alexnet_two_tower`) keep the
paper's order and normalise within a tower, for each GPU saw only its own maps; the
single stream (`alexnet`) keeps the lectures' order. The paper counts 60 million
parameters, which two groups have; the single stream has 62.4 million.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.local_response_normalization import LocalResponseNormalization
from shared.layers.on_device import OnDevice
from shared.models.heads import logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "ImageNet Classification with Deep Convolutional Neural Networks", 2012, "NIPS 2012"
)


@dataclass(frozen=True)
class Convolution:
    """One convolution and what follows it.

    Attributes:
        filters: of both towers together.
        kernel_size: height and width.
        strides: step.
        padding: "same" or "valid".
        grouped: whether a filter sees only its own tower's maps.
        norm: whether local response normalisation follows.
        pool: whether 3x3 max pooling with stride 2 follows.
    """

    filters: int
    kernel_size: int
    strides: int = 1
    padding: str = "same"
    grouped: bool = False
    norm: bool = False
    pool: bool = False


CONVOLUTIONS = (
    Convolution(96, 11, 4, "valid", norm=True, pool=True),
    Convolution(256, 5, grouped=True, norm=True, pool=True),
    Convolution(384, 3),
    Convolution(384, 3, grouped=True),
    Convolution(256, 3, grouped=True, pool=True),
)
# The towers exchange their maps before the third convolution and before each dense
# layer; in between, each runs alone.
ALONE = ((1, 2), (3, 4, 5))


def _stage(
    index: int, *, groups: int, norm_first: bool, share: int = 1
) -> list[keras.layers.Layer]:
    """The layers of the convolution `index`; `share` 2 gives one tower's half."""
    convolution = CONVOLUTIONS[index - 1]
    conv = keras.layers.Conv2D(
        convolution.filters // share,
        convolution.kernel_size,
        strides=convolution.strides,
        padding=convolution.padding,
        groups=groups if convolution.grouped else 1,
        activation="relu",
        name=f"conv{index}",
    )
    after = []
    if convolution.norm:
        after.append(LocalResponseNormalization(groups=groups, name=f"norm{index}"))
    if convolution.pool:
        after.append(keras.layers.MaxPooling2D(3, strides=2, name=f"pool{index}"))
    return [conv, *(after if norm_first else after[::-1])]


@dataclass(frozen=True)
class AlexNet:
    """Five convolutions, three dense layers of 4096, 4096 and `classes` units.

    Attributes:
        groups: 2 for the paper's connections, 1 for a single stream.
        norm_first: normalise before pooling, as in the paper.
    """

    groups: int = 1
    norm_first: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (227, 227, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "alexnet",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        for index in range(1, len(CONVOLUTIONS) + 1):
            for layer in _stage(index, groups=self.groups, norm_first=self.norm_first):
                x = layer(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            for index in (6, 7):
                x = keras.layers.Dense(4096, activation="relu", name=f"fc{index}")(x)
                x = keras.layers.Dropout(0.5, name=f"dropout{index}")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


@dataclass(frozen=True)
class TwoTowers:
    """The same net as two towers, each on a device of its own.

    Equal to `AlexNet(groups=2, norm_first=True)` with the same weights: tower a holds
    the first half of every layer's filters and units, tower b the second.
    """

    def build(
        self,
        input_shape: tuple[int, int, int] = (227, 227, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        devices: tuple[str, str] | None = None,
        name: str = "alexnet_two_tower",
    ) -> keras.Model:
        """Build the net on `devices`, such as ("GPU:0", "GPU:1").

        Without `devices` the towers go to the first two GPUs, if there are two.
        """
        places = devices or _two_gpus()
        join = keras.layers.Concatenate

        def towers(x: Any, make: Any, label: str) -> Any:
            halves = [
                OnDevice(make(), device, name=f"{label}_{tower}")(x)
                for tower, device in zip("ab", places, strict=True)
            ]
            return join(name=f"{label}_exchange")(halves)

        def convolutions(indices: tuple[int, ...]) -> list[keras.layers.Layer]:
            layers = []
            for index in indices:
                layers += _stage(index, groups=1, norm_first=True, share=2)
            return layers

        def dense(index: int) -> list[keras.layers.Layer]:
            return [
                keras.layers.Dense(2048, activation="relu", name=f"fc{index}"),
                keras.layers.Dropout(0.5, name=f"dropout{index}"),
            ]

        x = inputs = keras.Input(input_shape)
        for indices in ALONE:
            label = "conv" + "".join(map(str, indices))
            x = towers(x, lambda indices=indices: convolutions(indices), label)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            for index in (6, 7):
                x = towers(x, lambda index=index: dense(index), f"fc{index}")
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


def _two_gpus() -> tuple[str | None, str | None]:
    import tensorflow as tf

    gpus = len(tf.config.list_logical_devices("GPU"))
    return ("GPU:0", "GPU:1") if gpus >= 2 else (None, None)


VARIANTS = {
    "alexnet": AlexNet(),
    "alexnet_grouped": AlexNet(groups=2, norm_first=True),
    "alexnet_two_tower": TwoTowers(),
}

PUBLISHED = {
    name: Accuracy(59.3, 81.8, "ImageNet val, ten crops, 1 CNN; Table 2")
    for name in ("alexnet_grouped", "alexnet_two_tower")
}
