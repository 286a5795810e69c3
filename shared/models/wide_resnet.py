"""Wide residual networks (arXiv:1605.07146): fewer layers, each many times wider.

WRN-d-k for CIFAR: a 3x3 convolution to 16 channels, three stages of (d - 4) / 6
pre-activated blocks with 16k, 32k and 64k channels, normalisation, ReLU, global
average pooling. As in the authors' code no convolution has a bias, and a projection
reads the pre-activated input and is not normalised. `wrn_50_2` is ResNet-50 with the
3x3 convolutions twice as wide, and the stride on them.

The depth counts the first convolution, two per block and the three projections, not
the classifier: WRN-28-10 has 25 convolutions in a row and 3 beside.

Any other size: `build("wrn_22_8")`; with dropout,
`WideResNet(depth=22, width=8, dropout=0.3).build()`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.residual import WideBlock
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper
from shared.models.resnet import DEPTHS, ResNet

PAPER = Paper("Wide Residual Networks", 2016, "arXiv:1605.07146")


@dataclass(frozen=True)
class WideResNet:
    """WRN-`depth`-`width` for 32x32 images.

    Attributes:
        depth: 6n + 4, for n blocks per stage.
        width: the widening factor k.
        dropout: rate between the two convolutions of a block, in training; the paper
            tries 0.3 on CIFAR and 0.4 on SVHN.

    Raises:
        ValueError: no number of blocks gives this depth.
    """

    depth: int
    width: int
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.depth <= 4 or (self.depth - 4) % 6:
            raise ValueError(f"depth must be 6n + 4, got {self.depth}")

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (32, 32, 3),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "wide_resnet",
    ) -> keras.Model:
        inputs = keras.Input(input_shape)
        x = convolution(inputs, 16, 3, name="conv1")
        for stage in range(3):
            for index in range((self.depth - 4) // 6):
                x = WideBlock(
                    16 * self.width * 2**stage,
                    strides=2 if stage > 0 and index == 0 else 1,
                    dropout=self.dropout,
                    name=f"conv{stage + 2}_{index + 1}",
                )(x)
        x = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name="last_bn")(x)
        x = keras.layers.ReLU(name="last_relu")(x)
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


def parse(name: str) -> WideResNet | None:
    """The net that a name like "wrn_22_8" describes."""
    match = re.fullmatch(r"wrn_(\d+)_(\d+)", name)
    return WideResNet(int(match[1]), int(match[2])) if match else None


VARIANTS = {
    "wrn_16_8": WideResNet(16, 8),
    "wrn_28_10": WideResNet(28, 10),
    "wrn_40_1": WideResNet(40, 1),
    "wrn_40_2": WideResNet(40, 2),
    "wrn_40_4": WideResNet(40, 4),
    "wrn_50_2": ResNet(DEPTHS[50], width=128, stride_on=3),
}

TEST = "CIFAR-10 test; Table 4"
PUBLISHED = {
    "wrn_40_1": Accuracy(93.15, None, TEST),
    "wrn_40_2": Accuracy(94.67, None, TEST),
    "wrn_40_4": Accuracy(95.03, None, TEST),
    "wrn_28_10": Accuracy(95.83, None, TEST),
    "wrn_16_8": Accuracy(95.19, None, TEST),
    "wrn_50_2": Accuracy(78.1, 93.97, "ImageNet val, one crop; Table 8"),
}
