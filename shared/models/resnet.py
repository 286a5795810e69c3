"""ResNet on ImageNet (arXiv:1512.03385), plain nets, and the later version 1.5.

Names: `resnet50` is the paper's; `_a` has option A shortcuts (zero padding, no
weights) as in the paper's Table 2, without a suffix option B (projections where the
shape changes); `plain18` has no shortcuts; `_v1_5` has the stride on the 3x3
convolution, as most later code; `resnet50_keras` is what `keras.applications.ResNet50`
builds: the paper's, with biases in the convolutions. The suffixes, and `_c` for
projections everywhere, go with every depth: `build("resnet152_v1_5")`.

Where the sources disagree:

- Table 1 does not say which convolution of a bottleneck has the stride; the authors'
  released models have it on the first 1x1, and so has this file. Hence two costs under
  one name: ResNet-50 is 3.86 billion multiply-adds (the paper: 3.8), version 1.5 is
  4.09 billion (elsewhere: 4.1).
- The released models pool with Caffe's rounding (unpadded, partial windows at the
  bottom and right); later code pads one pixel on each side, and so do the
  variants here. At 224x224 both give 56x56.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn, convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.pooling import MaxPooling2D
from shared.layers.residual import BasicBlock, Bottleneck
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Deep Residual Learning for Image Recognition", 2015, "arXiv:1512.03385")


@dataclass(frozen=True)
class ResNet:
    """One column of the paper's Table 1.

    Attributes:
        depths: blocks per stage; each stage halves the size and doubles the channels.
        bottleneck: blocks of 1x1, 3x3, 1x1 instead of two 3x3.
        shortcut: "A", "B", "C" or None, see `shared.layers.residual`.
        width: channels of a bottleneck's 3x3 convolution in the first stage.
        stride_on: kernel size of the convolution of a bottleneck that has the stride.
        preactivation: normalise and activate before the convolutions.
        se_ratio: reduction of the squeeze-and-excitation in each block, or None.
        use_bias: whether the convolutions add a bias.
        epsilon: added to the variance in the normalisations.
        dropout: rate before the classifier, in training.
        ceil_pool: the first pooling is unpadded and rounds its size up, as in Caffe.
    """

    depths: tuple[int, ...]
    bottleneck: bool = True
    shortcut: str | None = "B"
    width: int = 64
    stride_on: int = 1
    preactivation: bool = False
    se_ratio: int | None = None
    use_bias: bool = False
    epsilon: float = 1e-5
    dropout: float = 0.0
    ceil_pool: bool = False

    def stem(self, x: Any) -> Any:
        """Add what comes before the first stage: a quarter of the size, 64 channels."""
        arguments = {"use_bias": self.use_bias, "name": "conv1"}
        if self.preactivation:
            x = convolution(x, 64, 7, 2, padding=3, **arguments)
        else:
            x = conv_bn(x, 64, 7, 2, padding=3, epsilon=self.epsilon, **arguments)
        return self.pool()(x)

    def pool(self) -> keras.layers.Layer:
        """The pooling that ends the stem."""
        if self.ceil_pool:
            return MaxPooling2D(3, 2, ceil_mode=True, name="pool1")
        return MaxPooling2D(3, 2, padding=1, name="pool1")

    def block(self, stage: int, strides: int, name: str) -> keras.layers.Layer:
        """A block of a stage; stages count from 0."""
        arguments = {
            "shortcut": self.shortcut,
            "preactivation": self.preactivation,
            "se_ratio": self.se_ratio,
            "use_bias": self.use_bias,
            "epsilon": self.epsilon,
            "name": name,
        }
        if not self.bottleneck:
            return BasicBlock(64 * 2**stage, strides, **arguments)
        return Bottleneck(
            256 * 2**stage,
            strides,
            width=self.width * 2**stage,
            stride_on=self.stride_on,
            **arguments,
        )

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "resnet",
    ) -> keras.Model:
        inputs = keras.Input(input_shape)
        x = self.stem(inputs)
        for stage, depth in enumerate(self.depths):
            for index in range(depth):
                strides = 2 if stage > 0 and index == 0 else 1
                # The paper counts the stem as conv1.
                x = self.block(stage, strides, f"conv{stage + 2}_{index + 1}")(x)
        if self.preactivation:
            x = FusedBatchNormalization(
                momentum=0.9, epsilon=self.epsilon, name="last_bn"
            )(x)
            x = keras.layers.ReLU(name="last_relu")(x)
        if include_top:
            x = classifier(
                x,
                classes,
                classifier_activation=classifier_activation,
                dropout=self.dropout,
            )
        return keras.Model(inputs, x, name=name)


DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
SUFFIXES = {
    "a": {"shortcut": "A"},
    "c": {"shortcut": "C"},
    "v1_5": {"stride_on": 3},
}


def parse(name: str) -> ResNet | None:
    """The net that a name like "resnet101_v1_5" describes."""
    match = re.fullmatch(r"resnet(\d+)_(a|c|v1_5)", name)
    if match is None or int(match[1]) not in DEPTHS:
        return None
    depth = int(match[1])
    return ResNet(DEPTHS[depth], bottleneck=depth >= 50, **SUFFIXES[match[2]])


VARIANTS = {
    "plain18": ResNet(DEPTHS[18], bottleneck=False, shortcut=None),
    "plain34": ResNet(DEPTHS[34], bottleneck=False, shortcut=None),
    "resnet18_a": ResNet(DEPTHS[18], bottleneck=False, shortcut="A"),
    "resnet34_a": ResNet(DEPTHS[34], bottleneck=False, shortcut="A"),
    "resnet18": ResNet(DEPTHS[18], bottleneck=False),
    "resnet34": ResNet(DEPTHS[34], bottleneck=False),
    "resnet50": ResNet(DEPTHS[50]),
    "resnet101": ResNet(DEPTHS[101]),
    "resnet152": ResNet(DEPTHS[152]),
    "resnet50_keras": ResNet(DEPTHS[50], use_bias=True, epsilon=1.001e-5),
    "resnet50_v1_5": ResNet(DEPTHS[50], stride_on=3),
}

TEN_CROPS = "ImageNet val, ten crops; Table 3 (plain18, resnet18_a: Table 2)"
ONE_CROP = "ImageNet val, one crop 224; released models"
PUBLISHED = {
    "plain18": Accuracy(72.06, None, TEN_CROPS),
    "plain34": Accuracy(71.46, 89.98, TEN_CROPS),
    "resnet18_a": Accuracy(72.12, None, TEN_CROPS),
    "resnet34_a": Accuracy(74.97, 92.24, TEN_CROPS),
    "resnet34": Accuracy(75.48, 92.54, TEN_CROPS),
    "resnet50": Accuracy(75.3, 92.2, ONE_CROP),
    "resnet101": Accuracy(76.4, 92.9, ONE_CROP),
    "resnet152": Accuracy(77.0, 93.3, ONE_CROP),
}
