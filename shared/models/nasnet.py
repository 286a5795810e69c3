"""NASNet-A (arXiv:1707.07012): cells found on CIFAR-10, stacked for ImageNet.

Named N @ F: N normal cells per stage, F channels before the classifier, so that the
last stage's cells have F / 24 * 4 filters in each of six states. The stem's two cells
are reduction cells at a quarter and half of the first stage's filters.

The two networks of the authors' release differ in one point that the paper does not
mention: after a reduction, the older input of the next cell is the reduction's input
(mobile) or the cell before that one (large).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.nasnet_cell import NASNetNormalCell, NASNetReductionCell
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Learning Transferable Architectures for Scalable Image Recognition",
    2017,
    "arXiv:1707.07012",
)


def stem(x: Any, filters: int) -> Any:
    """Add the first convolution, 3x3/2 without padding, and its normalisation."""
    x = keras.layers.Conv2D(
        filters,
        3,
        strides=2,
        use_bias=False,
        kernel_initializer="he_normal",
        name="stem",
    )(x)
    return FusedBatchNormalization(epsilon=1e-3, name="stem_bn")(x)


def drop_rates(last: float, cells: int) -> Iterator[float]:
    """The cells' probabilities of dropping an operation, rising linearly to `last`."""
    return (last * (index + 1) / cells for index in range(cells))


@dataclass(frozen=True)
class NASNet:
    """A stack of NASNet-A cells.

    Attributes:
        repeats: N, normal cells per stage.
        penultimate_filters: F, channels before the classifier.
        stem_filters: channels of the first convolution.
        skip_reduction_input: whether the cell after a reduction skips the reduction's
            input and reads the cell before it.
        input_shape: the size trained on.
    """

    repeats: int
    penultimate_filters: int
    stem_filters: int
    skip_reduction_input: bool
    input_shape: tuple[int, int, int]

    def build(
        self,
        input_shape: tuple[int, int, int] | None = None,
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        drop_path: float = 0.0,
        name: str = "nasnet",
    ) -> keras.Model:
        """Build the model.

        Args:
            input_shape: `(H, W, C)`; by default the variant's own.
            classes: number of outputs.
            include_top: whether to end in a classifier.
            classifier_activation: None for logits.
            drop_path: probability of dropping an operation in the last cell; it rises
                linearly from the first. The paper trains its large network with 0.3
                and lets it grow in the course of training.
            name: of the model.
        """
        rates = drop_rates(drop_path, 4 + 3 * self.repeats)
        filters = self.penultimate_filters // 24
        inputs = keras.Input(input_shape or self.input_shape)
        first = stem(inputs, self.stem_filters)
        cell = NASNetReductionCell(
            filters // 4, drop_path=next(rates), name="stem_cell1"
        )
        x = cell(first)
        cell = NASNetReductionCell(
            filters // 2,
            reduce_previous=True,
            drop_path=next(rates),
            name="stem_cell2",
        )
        previous, x = x, cell([first, x])
        for stage in range(3):
            if stage:
                cell = NASNetReductionCell(
                    filters, drop_path=next(rates), name=f"reduction{stage}"
                )
                reduced = cell([previous, x])
                previous = previous if self.skip_reduction_input else x
                x = reduced
            for index in range(self.repeats):
                cell = NASNetNormalCell(
                    filters,
                    reduce_previous=index == 0,
                    drop_path=next(rates),
                    name=f"cell{stage + 1}_{index + 1}",
                )
                previous, x = x, cell([previous, x])
            filters *= 2
        x = keras.layers.Activation("relu", name="final_relu")(x)
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.5
            )
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "nasnet_a_mobile": NASNet(4, 1056, 32, False, (224, 224, 3)),
    "nasnet_a_large": NASNet(6, 4032, 96, True, (331, 331, 3)),
}

PUBLISHED = {
    "nasnet_a_mobile": Accuracy(74.0, 91.6, "ImageNet val, one crop; Table 3"),
    "nasnet_a_large": Accuracy(82.7, 96.2, "ImageNet val, one crop; Table 2"),
}
