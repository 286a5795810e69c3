"""Very Deep PolyNet (arXiv:1611.05725): Inception-ResNet-v2 with poly-modules.

10 two-way modules on the 35x35 grid (at 299 pixels), then poly-3 and 2-way modules in
turn, 20 on the 17x17 and 10 on the 8x8. v4's stem. The factor on the residuals falls
linearly from 1 to 0.7 over the modules, as in the released network.

Published counts contradict the release: NASNet's Table 2 gives PolyNet 92M parameters;
the released network has 95.4M. Its 34.7 billion multiply-adds agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Style, chain
from shared.layers.inception_resnet import InceptionResNetReductionB
from shared.layers.inception_v4 import InceptionV4ReductionA
from shared.layers.poly_inception import PolyInception
from shared.models.heads import classifier
from shared.models.inception_v4 import STEM
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "PolyNet: A Pursuit of Structural Diversity in Very Deep Networks",
    2016,
    "arXiv:1611.05725",
)

WAY_2, POLY_3 = ("way", 2), ("poly", 3)
EPSILON = 1e-5


@dataclass(frozen=True)
class PolyNet:
    """A PolyNet.

    Attributes:
        modules: (form, order) of the modules on the three grids.
        last_scale: factor on the residuals of the last module; the first has 1.
    """

    modules: tuple[tuple[tuple[str, int], ...], ...]
    last_scale: float = 0.7

    def build(
        self,
        input_shape: tuple[int, int, int] = (331, 331, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "polynet",
    ) -> keras.Model:
        reductions = (
            None,
            InceptionV4ReductionA(
                filters_double_3x3=(256, 256, 384), epsilon=EPSILON, name="reduction_a"
            ),
            InceptionResNetReductionB(
                filters_3x3_second=(256, 256),
                filters_double_3x3=(256, 256, 256),
                epsilon=EPSILON,
                name="reduction_b",
            ),
        )
        steps = max(sum(map(len, self.modules)) - 1, 1)
        x = inputs = keras.Input(input_shape)
        x = chain(x, STEM, Style(epsilon=EPSILON))
        count = 0
        for letter, reduction, grid in zip(
            "ABC", reductions, self.modules, strict=True
        ):
            if reduction is not None:
                x = reduction(x)
            for index, (form, order) in enumerate(grid, start=1):
                factor = 1 - (1 - self.last_scale) * count / steps
                module = f"{form}{order}_{letter.lower()}{index}"
                x = PolyInception(letter, form, order, factor, name=module)(x)
                count += 1
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.2
            )
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "polynet": PolyNet(((WAY_2,) * 10, (POLY_3, WAY_2) * 10, (POLY_3, WAY_2) * 5)),
}

PUBLISHED = {
    "polynet": Accuracy(81.29, 95.75, "ImageNet val, one model, one crop of 331"),
}
