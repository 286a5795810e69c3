"""Squeeze-and-excitation networks (arXiv:1709.01507).

SE-ResNet and SE-ResNeXt are ResNet and ResNeXt with a gate, of reduction 16 and with
biases, at the end of each branch. SENet-154, the net that won ILSVRC 2017, is an
SE-ResNeXt-152 64x4d changed as the paper's appendix says: three 3x3 convolutions for
the first 7x7; the first 1x1 of each bottleneck half as wide; the strided projections
3x3; dropout before the classifier (0.2).

As in the released (Caffe) models, SE-ResNet has the stride on the first 1x1,
SE-ResNeXt and SENet-154 on the 3x3, and the first pooling is unpadded and rounds its
size up.

A later paper's table (arXiv:1707.07012, Table 2) gives SENet 145.8 million parameters;
the released SENet-154, and this one, has 115.1 million. Its 42.3 billion multiply-adds
for 320x320 images agree: here they are 42.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn
from shared.layers.residual import Bottleneck
from shared.models.registry import Accuracy, Paper
from shared.models.resnet import DEPTHS, ResNet
from shared.models.resnext import ResNeXt

PAPER = Paper("Squeeze-and-Excitation Networks", 2017, "arXiv:1709.01507")


@dataclass(frozen=True)
class SENet(ResNeXt):
    """The blocks and the stem of SENet-154.

    Attributes:
        depths: blocks per stage.
        cardinality: groups of the 3x3 convolutions.
        width: channels of one group in the first stage.
    """

    cardinality: int = 64
    dropout: float = 0.2

    def stem(self, x: Any) -> Any:
        x = conv_bn(x, 64, 3, 2, padding=1, epsilon=self.epsilon, name="conv1_1")
        x = conv_bn(x, 64, 3, epsilon=self.epsilon, name="conv1_2")
        x = conv_bn(x, 128, 3, epsilon=self.epsilon, name="conv1_3")
        return self.pool()(x)

    def block(self, stage: int, strides: int, name: str) -> keras.layers.Layer:
        width = self.cardinality * self.width * 2**stage
        return Bottleneck(
            256 * 2**stage,
            strides,
            width=width,
            reduced=width // 2,
            groups=self.cardinality,
            stride_on=3,
            shortcut=self.shortcut,
            shortcut_kernel_size=3,
            se_ratio=self.se_ratio,
            epsilon=self.epsilon,
            name=name,
        )


GATED = {"se_ratio": 16, "ceil_pool": True}

VARIANTS = {
    "se_resnet50": ResNet(DEPTHS[50], **GATED),
    "se_resnet101": ResNet(DEPTHS[101], **GATED),
    "se_resnet152": ResNet(DEPTHS[152], **GATED),
    "se_resnext50_32x4d": ResNeXt(DEPTHS[50], **GATED),
    "se_resnext101_32x4d": ResNeXt(DEPTHS[101], **GATED),
    "senet154": SENet(DEPTHS[152], **GATED),
}

ONE_CROP = "ImageNet val, one crop 224; released models"
PUBLISHED = {
    "se_resnet50": Accuracy(77.63, 93.64, ONE_CROP),
    "se_resnet101": Accuracy(78.25, 94.28, ONE_CROP),
    "se_resnet152": Accuracy(78.66, 94.46, ONE_CROP),
    "se_resnext50_32x4d": Accuracy(79.03, 94.46, ONE_CROP),
    "se_resnext101_32x4d": Accuracy(80.19, 95.04, ONE_CROP),
    "senet154": Accuracy(81.32, 95.53, ONE_CROP),
}
