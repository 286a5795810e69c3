"""Inception v3 (arXiv:1512.00567): kernels factorised, the auxiliary head normalised.

Table 1 of the paper and the network that its authors released differ; the release is
built, since its weights are what everyone means by the name:

* Table 1 has 3x3 convolutions to 80, 192 (stride 2) and 288 channels after the first
  pooling; the release has 1x1 to 80, 3x3 to 192 and a second 3x3/2 maximum, and its
  first module widens 192 channels to 256.
* Figure 5 replaces the 5x5 of the 35x35 modules; the release keeps one 5x5 branch.
* Table 1 counts three, five and two modules on the three grids; its five take in the
  reduction to their grid, its two do not.
* The text prints 4.8 billion operations and fewer than 25 million parameters; the
  release has 5.7 billion multiply-adds and 23.8 million.

Released with a learned scale (gamma) in each normalisation by torchvision and others
(`inception_v3`), without by the authors and `keras.applications` (`inception_v3_slim`).
`inception_v3_aux` also returns the side classifier on the last 17x17 grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Conv, Pool, Style, chain
from shared.layers.inception_v3 import (
    InceptionV3A,
    InceptionV3B,
    InceptionV3C,
    InceptionV3ReductionA,
    InceptionV3ReductionB,
)
from shared.models.heads import classifier, logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Rethinking the Inception Architecture for Computer Vision",
    2015,
    "arXiv:1512.00567",
)

STEM = (
    Conv(32, 3, 2, "valid"),
    Conv(32, 3, 1, "valid"),
    Conv(64, 3),
    Pool("max", 2, "valid"),
    Conv(80),
    Conv(192, 3, 1, "valid"),
    Pool("max", 2, "valid"),
)
MODULES = (
    (InceptionV3A, {"filters_pool": 32}),
    (InceptionV3A, {"filters_pool": 64}),
    (InceptionV3A, {"filters_pool": 64}),
    (InceptionV3ReductionA, {}),
    (InceptionV3B, {"filters_7x7": 128}),
    (InceptionV3B, {"filters_7x7": 160}),
    (InceptionV3B, {"filters_7x7": 160}),
    (InceptionV3B, {"filters_7x7": 192}),
    (InceptionV3ReductionB, {}),
    (InceptionV3C, {}),
    (InceptionV3C, {}),
)
AUXILIARY_AFTER = 7


def _auxiliary(x: Any, classes: int, style: Style, activation: Any = None) -> Any:
    """The normalised side classifier: average 5x5/3, 1x1 to 128, 5x5 to 768, dense.

    Args:
        x: Keras tensor `(N, H, W, C)` with H and W of 17 or more.
        classes: number of outputs.
        style: of its convolutions.
        activation: of the output; None for logits.

    Returns:
        Keras tensor `(N, classes)`.
    """
    x = keras.layers.AveragePooling2D(5, strides=3, name="auxiliary_average")(x)
    x = chain(x, (Conv(128), Conv(768, 5, 1, "valid")), style)
    x = keras.layers.GlobalAveragePooling2D(name="auxiliary_global")(x)
    return logits(x, classes, classifier_activation=activation, name="auxiliary")


@dataclass(frozen=True)
class InceptionV3:
    """Inception v3.

    Attributes:
        scale: whether batch normalisation learns gamma.
        auxiliary: whether the model also returns the side classifier.
    """

    scale: bool = True
    auxiliary: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (299, 299, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        auxiliary: bool | None = None,
        name: str = "inception_v3",
    ) -> keras.Model:
        """Build the model; with the auxiliary head its output is a list of two."""
        side = self.auxiliary if auxiliary is None else auxiliary
        style = Style(scale=self.scale)
        x = inputs = keras.Input(input_shape)
        x = chain(x, STEM, style)
        outputs = []
        for index, (module, widths) in enumerate(MODULES):
            x = module(**widths, scale=self.scale, name=f"mixed{index}")(x)
            if side and include_top and index == AUXILIARY_AFTER:
                outputs = [_auxiliary(x, classes, style, classifier_activation)]
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.2
            )
        return keras.Model(inputs, [x, *outputs] if outputs else x, name=name)


VARIANTS = {
    "inception_v3": InceptionV3(),
    "inception_v3_aux": InceptionV3(auxiliary=True),
    "inception_v3_slim": InceptionV3(scale=False),
}

PUBLISHED = {
    name: Accuracy(78.8, 94.4, "ImageNet val, one model, one crop; Table 3")
    for name in ("inception_v3", "inception_v3_aux", "inception_v3_slim")
}
