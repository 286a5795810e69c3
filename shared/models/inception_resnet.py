"""Inception-ResNet v1 and v2 (arXiv:1602.07261): inception modules as residuals.

Batch normalisation follows every convolution but the linear one that widens a residual,
which has a bias; the paper does without it there to save memory.

v1 follows the figures (10 to 15), with 5, 10 and 5 blocks. v2 exists twice, and the
paper contradicts itself on it:

* `inception_resnet_v2` is the network that the authors released: Inception v3's stem
  and one more module, 10, 20 and 10 blocks, residuals scaled by 0.17, 0.1 and 0.2, the
  last block neither scaled nor activated, a final 1x1 convolution to 1536 channels.
  `inception_resnet_v2_slim` has no gamma, as the released weights.
* `inception_resnet_v2_paper` follows the figures (3, 15 to 19): v4's stem and 5, 10, 5
  blocks. Figure 17 widens to 1154 channels on a grid of 1152, and Figure 19 to 2048
  channels on a grid where Figure 18 leaves 2144; a residual needs the grid's own 1152
  and 2144, which are built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from shared.layers.branches import Conv, Fork, Pool, Style, chain
from shared.layers.inception_resnet import (
    InceptionResNetA,
    InceptionResNetB,
    InceptionResNetC,
    InceptionResNetReductionB,
)
from shared.layers.inception_v4 import InceptionV4ReductionA
from shared.models import inception_v3, inception_v4
from shared.models.heads import classifier
from shared.models.registry import Accuracy

PAPER = inception_v4.PAPER

STEM_V1 = (
    Conv(32, 3, 2, "valid"),
    Conv(32, 3, 1, "valid"),
    Conv(64, 3),
    Pool("max", 2, "valid"),
    Conv(80),
    Conv(192, 3, 1, "valid"),
    Conv(256, 3, 2, "valid"),
)
# Inception v3's stem and, as one module more, the widening to 320 channels.
STEM_RELEASED = (
    *inception_v3.STEM,
    Fork(
        (
            (Conv(96),),
            (Conv(48), Conv(64, 5)),
            (Conv(64), Conv(96, 3), Conv(96, 3)),
            (Pool("average"), Conv(64)),
        )
    ),
)


@dataclass(frozen=True)
class InceptionResNet:
    """An Inception-ResNet; block arguments that are left out are v2's.

    Attributes:
        stem: steps before the first block.
        depths: blocks on the three grids.
        a, b, c: widths of the blocks.
        reduction_a, reduction_b: widths of the reductions.
        released: end as the released v2 does, see the module.
        scale: whether batch normalisation learns gamma.
    """

    stem: tuple[Any, ...]
    depths: tuple[int, int, int]
    reduction_a: dict[str, Any]
    reduction_b: dict[str, Any] = field(default_factory=dict)
    a: dict[str, Any] = field(default_factory=dict)
    b: dict[str, Any] = field(default_factory=dict)
    c: dict[str, Any] = field(default_factory=dict)
    released: bool = False
    scale: bool = True

    def build(
        self,
        input_shape: tuple[int, int, int] = (299, 299, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "inception_resnet",
    ) -> keras.Model:
        style = Style(scale=self.scale)
        x = inputs = keras.Input(input_shape)
        x = chain(x, self.stem, style)
        grids = (
            ("a", None, {}, InceptionResNetA, self.a),
            ("b", InceptionV4ReductionA, self.reduction_a, InceptionResNetB, self.b),
            (
                "c",
                InceptionResNetReductionB,
                self.reduction_b,
                InceptionResNetC,
                self.c,
            ),
        )
        for depth, (letter, reduction, narrow, block, widths) in zip(
            self.depths, grids, strict=True
        ):
            if reduction is not None:
                layer = reduction(
                    **narrow, scale=self.scale, name=f"reduction_{letter}"
                )
                x = layer(x)
            for index in range(1, depth + 1):
                ending = {}
                if self.released and letter == "c" and index == depth:
                    ending = {"residual_scale": 1.0, "final_activation": None}
                layer = block(
                    **widths, **ending, scale=self.scale, name=f"block_{letter}{index}"
                )
                x = layer(x)
        if self.released:
            x = style.convolve(x, Conv(1536))
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.2
            )
        return keras.Model(inputs, x, name=name)


def _released(scale: bool) -> InceptionResNet:
    return InceptionResNet(
        stem=STEM_RELEASED,
        depths=(10, 20, 10),
        reduction_a={"filters_double_3x3": (256, 256, 384)},
        released=True,
        scale=scale,
    )


VARIANTS = {
    "inception_resnet_v1": InceptionResNet(
        stem=STEM_V1,
        depths=(5, 10, 5),
        reduction_a={"filters_double_3x3": (192, 192, 256)},
        reduction_b={
            "filters_3x3_second": (256, 256),
            "filters_double_3x3": (256, 256, 256),
        },
        a={"filters_double_3x3": (32, 32, 32)},
        b={"filters_1x1": 128, "filters_7x7": (128, 128, 128)},
        c={"filters_3x3": (192, 192, 192)},
    ),
    "inception_resnet_v2": _released(scale=True),
    "inception_resnet_v2_slim": _released(scale=False),
    "inception_resnet_v2_paper": InceptionResNet(
        stem=inception_v4.STEM,
        depths=(5, 10, 5),
        reduction_a={"filters_double_3x3": (256, 256, 384)},
    ),
}

_PROTOCOL = "ImageNet val, one model, one crop; Table 2"
PUBLISHED = {
    "inception_resnet_v1": Accuracy(78.7, 94.5, _PROTOCOL),
    "inception_resnet_v2": Accuracy(80.1, 95.1, _PROTOCOL),
    "inception_resnet_v2_slim": Accuracy(80.1, 95.1, _PROTOCOL),
}
