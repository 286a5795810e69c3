"""BN-Inception, also called Inception v2 (arXiv:1502.03167): GoogLeNet normalised.

Batch normalisation after every convolution, no local response normalisation, no
dropout, each 5x5 replaced by two 3x3, two reductions inside modules.

The paper contradicts itself. Figure 5 prints 128 channels for the pooling projection
of modules 4c and 4d, and an output of 576 channels, which needs 96: the branches with
128 sum to 608. `bn_inception` takes the printed outputs (96), as do networks built on
the authors' TensorFlow code; `bn_inception_bias` takes the printed projections (128)
and keeps a bias in each convolution before its normalisation, as do the weights that
came from Caffe. The text makes the first convolution separable (depth multiplier 8),
which `bn_inception_separable` does; the figure prints a plain 7x7, which the others
have. Module 5b ends in a maximum where all others average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Conv, Pool, Style, chain
from shared.layers.inception_v2 import InceptionV2, InceptionV2Reduction
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal "
    "Covariate Shift",
    2015,
    "arXiv:1502.03167",
)


def _modules(projection: int) -> dict[str, tuple[Any, ...]]:
    """1x1, (3x3 reduce, 3x3), (double reduce, double), projection, pooling."""
    return {
        "3a": (64, (64, 64), (64, 96), 32, "average"),
        "3b": (64, (64, 96), (64, 96), 64, "average"),
        "3c": ((128, 160), (64, 96)),
        "4a": (224, (64, 96), (96, 128), 128, "average"),
        "4b": (192, (96, 128), (96, 128), 128, "average"),
        "4c": (160, (128, 160), (128, 160), projection, "average"),
        "4d": (96, (128, 192), (160, 192), projection, "average"),
        "4e": ((128, 192), (192, 256)),
        "5a": (352, (192, 320), (160, 224), 128, "average"),
        "5b": (352, (192, 320), (192, 224), 128, "max"),
    }


@dataclass(frozen=True)
class BNInception:
    """One reading of Figure 5.

    Attributes:
        projection: channels of the pooling projection in modules 4c and 4d.
        use_bias: bias in every convolution, though normalisation follows.
        separable_stem: first convolution depthwise (8 filters per channel), then 1x1.
    """

    projection: int = 96
    use_bias: bool = False
    separable_stem: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "bn_inception",
    ) -> keras.Model:
        style = Style(use_bias=self.use_bias)
        x = inputs = keras.Input(input_shape)
        if self.separable_stem:
            x = keras.layers.SeparableConv2D(
                64,
                7,
                strides=2,
                padding="same",
                depth_multiplier=8,
                use_bias=self.use_bias,
                name="conv1",
            )(x)
            x = style.finish(x, Conv(64))
        else:
            x = style.convolve(x, Conv(64, 7, 2))
        x = chain(x, (Pool("max", 2), Conv(64), Conv(192, 3), Pool("max", 2)), style)
        for module, widths in _modules(self.projection).items():
            layer = InceptionV2Reduction if len(widths) == 2 else InceptionV2
            x = layer(*widths, use_bias=self.use_bias, name=f"inception_{module}")(x)
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "bn_inception": BNInception(),
    "bn_inception_bias": BNInception(projection=128, use_bias=True),
    "bn_inception_separable": BNInception(separable_stem=True),
}

PUBLISHED = {
    "bn_inception": Accuracy(
        74.8, 92.18, "ImageNet val, one model, one crop; Figure 4"
    ),
}
