"""Inception modules of GoogLeNet (arXiv:1409.4842), naive and with bottlenecks."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, InceptionModule, Pool, Style, widths

__all__ = ["InceptionNaive", "InceptionV1"]

# GoogLeNet is older than batch normalisation.
PLAIN = Style(batch_normalization=False)


@keras.saving.register_keras_serializable(package="course")
class InceptionNaive(InceptionModule):
    """1x1, 3x3, 5x5 convolutions and a 3x3 maximum side by side (Fig. 2a).

    The pooling branch keeps all input channels, so that each module is wider than the
    one before. On 28x28x256 with (128, 192, 96) filters: 672 channels out, 854M
    multiply-adds.

    Args:
        filters_1x1, filters_3x3, filters_5x5: output channels of the convolutions.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    STYLE = PLAIN

    def __init__(
        self, filters_1x1: int, filters_3x3: int, filters_5x5: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = filters_3x3
        self.filters_5x5 = filters_5x5

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        return (
            (Conv(self.filters_1x1),),
            (Conv(self.filters_3x3, 3),),
            (Conv(self.filters_5x5, 5),),
            (Pool("max"),),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV1(InceptionModule):
    """The module of GoogLeNet: 1x1 bottlenecks before the wide kernels (Fig. 2b).

    On 28x28x256 with `128, (64, 192), (64, 96), 64`: 480 channels out, 271M
    multiply-adds, against 854M of the naive module with the same kernels.

    Args:
        filters_1x1: output channels of the 1x1 branch.
        filters_3x3: (bottleneck, output) of the 3x3 branch.
        filters_5x5: (bottleneck, output) of the 5x5 branch.
        filters_pool: output of the 1x1 convolution behind the 3x3 maximum.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    STYLE = PLAIN

    def __init__(
        self,
        filters_1x1: int,
        filters_3x3: tuple[int, int],
        filters_5x5: tuple[int, int],
        filters_pool: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_5x5 = widths("filters_5x5", filters_5x5, 2)
        self.filters_pool = filters_pool

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        return (
            (Conv(self.filters_1x1),),
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3)),
            (Conv(self.filters_5x5[0]), Conv(self.filters_5x5[1], 5)),
            (Pool("max"), Conv(self.filters_pool)),
        )
