"""Network in network (arXiv:1312.4400): 1x1 convolutions, averages as classifier.

The paper gives the design for CIFAR-10 without all widths; these are the ones of the
authors' released configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.pooling import AveragePooling2D, MaxPooling2D
from shared.models.heads import averages
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Network In Network", 2013, "arXiv:1312.4400")


@dataclass(frozen=True)
class NiN:
    """Three "mlpconv" blocks: a convolution and two 1x1 convolutions each.

    Attributes:
        blocks: per block the kernel size of its first convolution and the widths of
            all; the top adds one more 1x1, as wide as there are classes.
    """

    blocks: tuple[tuple[int, tuple[int, ...]], ...]

    def build(
        self,
        input_shape: tuple[int, int, int] = (32, 32, 3),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "nin",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        # Caffe's rounding up: 32 → 16 → 8, not 15 and 7.
        pools = (
            MaxPooling2D(3, 2, ceil_mode=True, name="pool1"),
            AveragePooling2D(3, 2, ceil_mode=True, name="pool2"),
        )
        for block, (kernel_size, widths) in enumerate(self.blocks, start=1):
            last = block == len(self.blocks)
            if last:
                widths = (*widths, classes) if include_top else widths
            for index, filters in enumerate(widths, start=1):
                x = keras.layers.Conv2D(
                    filters,
                    kernel_size if index == 1 else 1,
                    padding="same",
                    activation="relu",
                    name=f"conv{block}_{index}",
                )(x)
            if not last:
                x = pools[block - 1](x)
                x = keras.layers.Dropout(0.5, name=f"dropout{block}")(x)
        if include_top:
            x = averages(x, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "nin": NiN(((5, (192, 160, 96)), (5, (192, 192, 192)), (3, (192, 192)))),
}

PUBLISHED = {
    "nin": Accuracy(89.59, None, "CIFAR-10 test, no augmentation; Table 1"),
}
