"""Inception modules of BN-Inception (arXiv:1502.03167): two 3x3 for each 5x5."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, InceptionModule, Pool, widths

__all__ = ["InceptionV2", "InceptionV2Reduction"]


@keras.saving.register_keras_serializable(package="course")
class InceptionV2(InceptionModule):
    """GoogLeNet's module with the 5x5 factorised into two 3x3, and normalised.

    Two 3x3 see as far as one 5x5 and cost 18 C² instead of 25 C² weights, with a
    non-linearity in between.

    Args:
        filters_1x1: output channels of the 1x1 branch.
        filters_3x3: (bottleneck, output) of the 3x3 branch.
        filters_double_3x3: (bottleneck, output) of the branch with two 3x3.
        filters_pool: output of the 1x1 convolution behind the pooling.
        pool: "average" or "max".
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int,
        filters_3x3: tuple[int, int],
        filters_double_3x3: tuple[int, int],
        filters_pool: int,
        pool: str = "average",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 2)
        self.filters_pool = filters_pool
        self.pool = pool

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, double = self.filters_double_3x3
        return (
            (Conv(self.filters_1x1),),
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3)),
            (Conv(reduce), Conv(double, 3), Conv(double, 3)),
            (Pool(self.pool), Conv(self.filters_pool)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV2Reduction(InceptionModule):
    """`InceptionV2` at stride 2: no 1x1 branch, and the pooling passes through.

    Output: `(N, ceil(H / 2), ceil(W / 2), ...)`.

    Args:
        filters_3x3: (bottleneck, output) of the 3x3 branch.
        filters_double_3x3: (bottleneck, output) of the branch with two 3x3.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_3x3: tuple[int, int],
        filters_double_3x3: tuple[int, int],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 2)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, double = self.filters_double_3x3
        return (
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3, strides=2)),
            (Conv(reduce), Conv(double, 3), Conv(double, 3, strides=2)),
            (Pool("max", strides=2),),
        )
