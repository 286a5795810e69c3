"""ResNet and plain nets for CIFAR (arXiv:1512.03385, section 4.2).

A 3x3 convolution to 16 channels, three stages of n blocks at 32, 16 and 8 pixels with
16, 32 and 64 channels, global average pooling: 6n + 2 layers. Shortcuts are option A
"in all cases". Any other depth: `build("resnet1202_cifar")`, `build("plain26_cifar")`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn, convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.residual import BasicBlock, Bottleneck
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Deep Residual Learning for Image Recognition", 2015, "arXiv:1512.03385")


@dataclass(frozen=True)
class ResNetCifar:
    """A net of `depth` layers, counting convolutions and the classifier.

    Attributes:
        depth: 6n + 2, with bottlenecks 9n + 2.
        shortcut: "A", "B", "C" or None, see `shared.layers.residual`.
        preactivation: bottlenecks that normalise and activate before convolving.

    Raises:
        ValueError: no number of blocks gives this depth.
    """

    depth: int
    shortcut: str | None = "A"
    preactivation: bool = False

    def __post_init__(self) -> None:
        layers = 9 if self.preactivation else 6
        if self.depth <= 2 or (self.depth - 2) % layers:
            raise ValueError(f"depth must be {layers}n + 2, got {self.depth}")

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (32, 32, 3),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "resnet_cifar",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        if self.preactivation:
            x = convolution(x, 16, 3, name="conv1")
        else:
            x = conv_bn(x, 16, 3, name="conv1")
        blocks = (self.depth - 2) // (9 if self.preactivation else 6)
        for stage in range(3):
            for index in range(blocks):
                arguments = {
                    "strides": 2 if stage > 0 and index == 0 else 1,
                    "shortcut": self.shortcut,
                    "name": f"conv{stage + 2}_{index + 1}",
                }
                if self.preactivation:
                    block = Bottleneck(64 * 2**stage, preactivation=True, **arguments)
                else:
                    block = BasicBlock(16 * 2**stage, **arguments)
                x = block(x)
        if self.preactivation:
            x = FusedBatchNormalization(momentum=0.9, epsilon=1e-5, name="last_bn")(x)
            x = keras.layers.ReLU(name="last_relu")(x)
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


def parse(name: str) -> ResNetCifar | None:
    """The net that a name like "resnet1202_cifar" describes."""
    match = re.fullmatch(r"(plain|resnet)(\d+)_cifar", name)
    if match is None:
        return None
    return ResNetCifar(int(match[2]), shortcut=None if match[1] == "plain" else "A")


VARIANTS = {
    **{f"plain{n}_cifar": ResNetCifar(n, shortcut=None) for n in (20, 32, 44, 56)},
    **{f"resnet{n}_cifar": ResNetCifar(n) for n in (20, 32, 44, 56, 110)},
}

TEST = "CIFAR-10 test; Table 6"
PUBLISHED = {
    "resnet20_cifar": Accuracy(91.25, None, TEST),
    "resnet32_cifar": Accuracy(92.49, None, TEST),
    "resnet44_cifar": Accuracy(92.83, None, TEST),
    "resnet56_cifar": Accuracy(93.03, None, TEST),
    "resnet110_cifar": Accuracy(93.57, None, f"{TEST}, best of five runs"),
}
