"""Inception v4 (arXiv:1602.07261): the same module on each grid, repeated.

4 modules on the 35x35 grid, 7 on the 17x17, 3 on the 8x8. Figure 5 prints two
successive 1x7 convolutions in one branch of the 17x17 module, which would make its
receptive field 1x13; rows and columns alternate here as in the released network. The
counts are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Conv, Fork, Pool, Style, chain
from shared.layers.inception_v4 import (
    InceptionV4A,
    InceptionV4B,
    InceptionV4C,
    InceptionV4ReductionA,
    InceptionV4ReductionB,
)
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
    2016,
    "arXiv:1602.07261",
)

POOL = (Pool("max", 2, "valid"),)

# Figure 3. The paper's Inception-ResNet-v2 and PolyNet begin the same way.
STEM = (
    Conv(32, 3, 2, "valid"),
    Conv(32, 3, 1, "valid"),
    Conv(64, 3),
    Fork((POOL, (Conv(96, 3, 2, "valid"),))),
    Fork(
        (
            (Conv(64), Conv(96, 3, 1, "valid")),
            (Conv(64), Conv(64, (7, 1)), Conv(64, (1, 7)), Conv(96, 3, 1, "valid")),
        )
    ),
    Fork(((Conv(192, 3, 2, "valid"),), POOL)),
)


@dataclass(frozen=True)
class InceptionV4:
    """Inception v4.

    Attributes:
        depths: modules on the three grids.
        scale: whether batch normalisation learns gamma.
    """

    depths: tuple[int, int, int] = (4, 7, 3)
    scale: bool = True

    def build(
        self,
        input_shape: tuple[int, int, int] = (299, 299, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "inception_v4",
    ) -> keras.Model:
        reductions = (None, InceptionV4ReductionA, InceptionV4ReductionB)
        modules = (InceptionV4A, InceptionV4B, InceptionV4C)
        x = inputs = keras.Input(input_shape)
        x = chain(x, STEM, Style(scale=self.scale))
        grids = zip("abc", reductions, modules, self.depths, strict=True)
        for letter, reduction, module, depth in grids:
            if reduction is not None:
                x = reduction(scale=self.scale, name=f"reduction_{letter}")(x)
            for index in range(1, depth + 1):
                x = module(scale=self.scale, name=f"inception_{letter}{index}")(x)
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.2
            )
        return keras.Model(inputs, x, name=name)


VARIANTS = {"inception_v4": InceptionV4()}

PUBLISHED = {
    "inception_v4": Accuracy(80.0, 95.0, "ImageNet val, one model, one crop; Table 2"),
}
