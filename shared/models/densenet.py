"""DenseNet (arXiv:1608.06993): each layer reads all earlier ones of its block.

ImageNet nets are DenseNet-BC: a 7x7 convolution to 2k channels, four dense blocks, and
transitions that halve the channels. CIFAR nets have three blocks of equal depth at 32,
16 and 8 pixels; DenseNet (16 channels first, no bottlenecks, no compression) and
DenseNet-BC (2k first, bottlenecks, compression 0.5).

`densenet_40_12` is DenseNet with L = 40 and k = 12. L counts the first convolution,
those of the blocks, the two transitions and the classifier. Any other size:
`build("densenet_bc_58_16")`; with dropout, `DenseNetCifar(40, 12, dropout=0.2)`.

Where the sources differ: DenseNet-161 (k = 48) is in an earlier version of the paper
and in the authors' code; the last version has DenseNet-264 instead, which is
`DenseNet((6, 12, 64, 48))`. Table 1 shows no activation before the global pooling; the
authors' code, and this file, normalises and activates there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn, convolution
from shared.layers.dense import DenseBlock, Transition
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.pooling import MaxPooling2D
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Densely Connected Convolutional Networks", 2016, "arXiv:1608.06993")


@dataclass(frozen=True)
class DenseNet:
    """One column of the paper's Table 1, a DenseNet-BC for ImageNet.

    Attributes:
        depths: layers per block; a layer is a 1x1 and a 3x3 convolution.
        growth_rate: channels that a layer appends, k in the paper.
        epsilon: added to the variance in the normalisations.
    """

    depths: tuple[int, ...]
    growth_rate: int = 32
    epsilon: float = 1e-5

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "densenet",
    ) -> keras.Model:
        inputs = keras.Input(input_shape)
        channels = 2 * self.growth_rate
        x = conv_bn(
            inputs, channels, 7, 2, padding=3, epsilon=self.epsilon, name="conv1"
        )
        x = MaxPooling2D(3, 2, padding=1, name="pool1")(x)
        x = _blocks(
            x, self.depths, self.growth_rate, compression=0.5, epsilon=self.epsilon
        )
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


@dataclass(frozen=True)
class DenseNetCifar:
    """DenseNet or DenseNet-BC for 32x32 images.

    Attributes:
        depth: L in the paper: 3n + 4, DenseNet-BC 6n + 4, for n layers per block.
        growth_rate: channels that a layer appends, k in the paper.
        bottleneck: DenseNet-BC: bottlenecks, and transitions that halve the channels.
        dropout: rate after each convolution but the first, in training; the paper has
            0.2 where it does not augment the images.

    Raises:
        ValueError: no number of layers gives this depth.
    """

    depth: int
    growth_rate: int
    bottleneck: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        layers = 6 if self.bottleneck else 3
        if self.depth <= 4 or (self.depth - 4) % layers:
            raise ValueError(f"depth must be {layers}n + 4, got {self.depth}")

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (32, 32, 3),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "densenet_cifar",
    ) -> keras.Model:
        inputs = keras.Input(input_shape)
        channels = 2 * self.growth_rate if self.bottleneck else 16
        layers = (self.depth - 4) // (6 if self.bottleneck else 3)
        x = _blocks(
            convolution(inputs, channels, 3, name="conv1"),
            (layers,) * 3,
            self.growth_rate,
            bottleneck=4 if self.bottleneck else None,
            compression=0.5 if self.bottleneck else 1.0,
            dropout=self.dropout,
        )
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


def _blocks(
    x: Any,
    depths: tuple[int, ...],
    growth_rate: int,
    *,
    bottleneck: int | None = 4,
    compression: float,
    dropout: float = 0.0,
    epsilon: float = 1e-5,
) -> Any:
    """Add dense blocks, transitions between them, and a last normalisation."""
    for index, depth in enumerate(depths, start=1):
        if index > 1:
            x = Transition(
                compression,
                dropout=dropout,
                epsilon=epsilon,
                name=f"transition{index - 1}",
            )(x)
        x = DenseBlock(
            depth,
            growth_rate,
            bottleneck=bottleneck,
            dropout=dropout,
            epsilon=epsilon,
            name=f"block{index}",
        )(x)
    x = FusedBatchNormalization(momentum=0.9, epsilon=epsilon, name="last_bn")(x)
    return keras.layers.ReLU(name="last_relu")(x)


def parse(name: str) -> DenseNetCifar | None:
    """The net that a name like "densenet_bc_58_16" describes."""
    match = re.fullmatch(r"densenet_(bc_)?(\d+)_(\d+)", name)
    if match is None:
        return None
    return DenseNetCifar(int(match[2]), int(match[3]), bottleneck=bool(match[1]))


VARIANTS = {
    "densenet121": DenseNet((6, 12, 24, 16)),
    "densenet169": DenseNet((6, 12, 32, 32)),
    "densenet201": DenseNet((6, 12, 48, 32)),
    "densenet161": DenseNet((6, 12, 36, 24), growth_rate=48),
    "densenet_40_12": DenseNetCifar(40, 12),
    "densenet_100_12": DenseNetCifar(100, 12),
    "densenet_100_24": DenseNetCifar(100, 24),
    "densenet_bc_100_12": DenseNetCifar(100, 12, bottleneck=True),
    "densenet_bc_190_40": DenseNetCifar(190, 40, bottleneck=True),
    "densenet_bc_250_24": DenseNetCifar(250, 24, bottleneck=True),
}

ONE_CROP = "ImageNet val, one crop; Table 3"
TEST = "CIFAR-10 test, images augmented; Table 2"
PUBLISHED = {
    "densenet121": Accuracy(74.98, 92.29, ONE_CROP),
    "densenet169": Accuracy(76.20, 93.15, ONE_CROP),
    "densenet201": Accuracy(77.42, 93.66, ONE_CROP),
    "densenet161": Accuracy(77.8, None, "ImageNet val, one crop; authors' code"),
    "densenet_40_12": Accuracy(94.76, None, TEST),
    "densenet_100_12": Accuracy(95.90, None, TEST),
    "densenet_100_24": Accuracy(96.26, None, TEST),
    "densenet_bc_100_12": Accuracy(95.49, None, TEST),
    "densenet_bc_190_40": Accuracy(96.54, None, TEST),
    "densenet_bc_250_24": Accuracy(96.38, None, TEST),
}
