"""PNASNet-5 (arXiv:1712.00559): one searched cell, at stride 1 and 2.

Stem: the first convolution and two strided cells at a quarter and half the filters.
Then three stages of N cells; from the second stage on a strided cell with twice the
filters comes first. The large network counts its N = 4 so that twelve cells in all, two
of them strided, follow the stem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.nasnet_cell import PNASNetCell
from shared.models.heads import classifier
from shared.models.nasnet import drop_rates, stem
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Progressive Neural Architecture Search", 2017, "arXiv:1712.00559")


@dataclass(frozen=True)
class PNASNet:
    """A stack of PNASNet-5 cells.

    Attributes:
        repeats: N, cells per stage, the strided one included.
        filters: F, filters of the first stage.
        stem_filters: channels of the first convolution.
        input_shape: the size trained on.
    """

    repeats: int
    filters: int
    stem_filters: int
    input_shape: tuple[int, int, int]

    def build(
        self,
        input_shape: tuple[int, int, int] | None = None,
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        drop_path: float = 0.0,
        name: str = "pnasnet",
    ) -> keras.Model:
        """Build the model.

        Args:
            input_shape: `(H, W, C)`; by default the variant's own.
            classes: number of outputs.
            include_top: whether to end in a classifier.
            classifier_activation: None for logits.
            drop_path: probability of dropping an operation in the last cell; it rises
                linearly from the first. The paper trains its large network with 0.4
                and lets it grow in the course of training.
            name: of the model.
        """
        rates = drop_rates(drop_path, 2 + 3 * self.repeats)
        inputs = keras.Input(input_shape or self.input_shape)
        previous = stem(inputs, self.stem_filters)
        cell = PNASNetCell(
            self.filters // 4, strides=2, drop_path=next(rates), name="stem_cell1"
        )
        x = cell(previous)
        plan = [("stem_cell2", self.filters // 2, 2)]
        for stage in range(3):
            for index in range(self.repeats):
                strides = 2 if stage and index == 0 else 1
                cell_name = f"cell{stage + 1}_{index + 1}"
                plan.append((cell_name, self.filters * 2**stage, strides))
        halved = True  # whether the last cell was strided
        for cell_name, filters, strides in plan:
            cell = PNASNetCell(
                filters,
                strides,
                reduce_previous=halved,
                drop_path=next(rates),
                name=cell_name,
            )
            previous, x = x, cell([previous, x])
            halved = strides == 2
        x = keras.layers.Activation("relu", name="final_relu")(x)
        if include_top:
            x = classifier(
                x, classes, classifier_activation=classifier_activation, dropout=0.5
            )
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "pnasnet5_mobile": PNASNet(3, 54, 32, (224, 224, 3)),
    "pnasnet5_large": PNASNet(4, 216, 96, (331, 331, 3)),
}

PUBLISHED = {
    "pnasnet5_mobile": Accuracy(74.2, 91.9, "ImageNet val, one crop; Table 4"),
    "pnasnet5_large": Accuracy(82.9, 96.2, "ImageNet val, one crop; Table 5"),
}
