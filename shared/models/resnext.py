"""ResNeXt (arXiv:1611.05431): ResNet with grouped 3x3 convolutions.

ResNeXt-50 32x4d has 32 groups of 4 channels in the first stage; a group's channels
double with each stage. The stride is on the 3x3 convolution, the projection on the
shortcut is option B.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras

from shared.layers.resnext import ResNeXtBlock
from shared.models.registry import Accuracy, Paper
from shared.models.resnet import DEPTHS, ResNet

PAPER = Paper(
    "Aggregated Residual Transformations for Deep Neural Networks",
    2016,
    "arXiv:1611.05431",
)


@dataclass(frozen=True)
class ResNeXt(ResNet):
    """One column of the paper's Table 1.

    Attributes:
        depths: blocks per stage.
        cardinality: number of groups.
        width: channels of one group in the first stage.

    Raises:
        ValueError: an attribute of `ResNet` is set that these blocks do not have.
    """

    width: int = 4
    cardinality: int = 32
    stride_on: int = 3

    def __post_init__(self) -> None:
        fixed = (
            ("bottleneck", True),
            ("stride_on", 3),
            ("preactivation", False),
            ("use_bias", False),
        )
        for name, only in fixed:
            if getattr(self, name) != only:
                raise ValueError(
                    f"{name} must be {only} in a {type(self).__name__}, "
                    f"got {getattr(self, name)!r}"
                )

    def block(self, stage: int, strides: int, name: str) -> keras.layers.Layer:
        return ResNeXtBlock(
            256 * 2**stage,
            strides,
            cardinality=self.cardinality,
            width=self.width * 2**stage,
            shortcut=self.shortcut,
            se_ratio=self.se_ratio,
            epsilon=self.epsilon,
            name=name,
        )


VARIANTS = {
    "resnext50_32x4d": ResNeXt(DEPTHS[50]),
    "resnext101_32x4d": ResNeXt(DEPTHS[101]),
    "resnext101_64x4d": ResNeXt(DEPTHS[101], cardinality=64),
}

PUBLISHED = {
    "resnext50_32x4d": Accuracy(77.8, None, "ImageNet val, one crop; Table 3"),
    "resnext101_32x4d": Accuracy(78.8, 94.4, "ImageNet val, one crop; Tables 3, 4"),
    "resnext101_64x4d": Accuracy(79.6, 94.7, "ImageNet val, one crop; Table 4"),
}
