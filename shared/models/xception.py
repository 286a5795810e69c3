"""Xception (arXiv:1610.02357): inception driven to one branch per channel.

36 convolutions in 14 blocks (Fig. 5). The figure draws no batch normalisation; the
caption says that all convolutions have it. Table 3 prints Inception v3 with 23,626,728
parameters, which no release has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Conv, Style, chain
from shared.layers.xception_block import XceptionBlock, separable_bn
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Xception: Deep Learning with Depthwise Separable Convolutions",
    2016,
    "arXiv:1610.02357",
)

STEM = (Conv(32, 3, 2, "valid"), Conv(64, 3, 1, "valid"))


@dataclass(frozen=True)
class Xception:
    """Xception.

    Attributes:
        entry: widths of the strided blocks of the entry flow.
        middle: blocks of the middle flow.
        exit: widths of the strided block, then of the two convolutions at the end.
    """

    entry: tuple[int, ...] = (128, 256, 728)
    middle: int = 8
    exit: tuple[int, int, int] = (1024, 1536, 2048)

    def build(
        self,
        input_shape: tuple[int, int, int] = (299, 299, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "xception",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        x = chain(x, STEM, Style())
        blocks = [((width, width), 2) for width in self.entry]
        blocks += [((self.entry[-1],) * 3, 1)] * self.middle
        blocks += [((self.entry[-1], self.exit[0]), 2)]
        for index, (widths, strides) in enumerate(blocks, start=2):
            # The stem has just applied a ReLU.
            layer = XceptionBlock(
                widths, strides, activate_first=index > 2, name=f"block{index}"
            )
            x = layer(x)
        for width in self.exit[1:]:
            x = keras.layers.Activation("relu")(separable_bn(x, width))
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.5
            )
        return keras.Model(inputs, x, name=name)


VARIANTS = {"xception": Xception()}

PUBLISHED = {
    "xception": Accuracy(79.0, 94.5, "ImageNet val, one model, one crop; Table 1"),
}
