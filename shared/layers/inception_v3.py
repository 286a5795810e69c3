"""Inception modules of v3 (arXiv:1512.00567): kernels factorised along an axis.

The paper's figures 5, 6 and 7 in the form that was released with the weights; channel
counts that the paper leaves open are those of the release.
"""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, Fork, InceptionModule, Pool, widths

__all__ = [
    "InceptionV3A",
    "InceptionV3B",
    "InceptionV3C",
    "InceptionV3ReductionA",
    "InceptionV3ReductionB",
]


@keras.saving.register_keras_serializable(package="course")
class InceptionV3A(InceptionModule):
    """The module for the 35x35 grid (Fig. 5).

    Figure 5 replaces the 5x5 by two 3x3; the release keeps a 5x5 branch beside the
    double 3x3, and `factorize_5x5=True` builds the branch as two 3x3 instead.

    Args:
        filters_pool: output of the 1x1 convolution behind the 3x3 average.
        filters_1x1: output channels of the 1x1 branch.
        filters_5x5: (bottleneck, output) of the 5x5 branch.
        filters_double_3x3: (bottleneck, output) of the branch with two 3x3.
        factorize_5x5: two 3x3 in place of the 5x5.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_pool: int,
        filters_1x1: int = 64,
        filters_5x5: tuple[int, int] = (48, 64),
        filters_double_3x3: tuple[int, int] = (64, 96),
        factorize_5x5: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_pool = filters_pool
        self.filters_1x1 = filters_1x1
        self.filters_5x5 = widths("filters_5x5", filters_5x5, 2)
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 2)
        self.factorize_5x5 = factorize_5x5

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, wide = self.filters_5x5
        reduce_double, double = self.filters_double_3x3
        five = (Conv(wide, 3),) * 2 if self.factorize_5x5 else (Conv(wide, 5),)
        return (
            (Conv(self.filters_1x1),),
            (Conv(reduce), *five),
            (Conv(reduce_double), Conv(double, 3), Conv(double, 3)),
            (Pool("average"), Conv(self.filters_pool)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV3ReductionA(InceptionModule):
    """35x35 to 17x17 without a bottleneck of representation (Fig. 10).

    Output: `(N, (H - 1) // 2, (W - 1) // 2, C + filters_3x3 + filters_double_3x3[1])`.

    Args:
        filters_3x3: output channels of the strided 3x3.
        filters_double_3x3: (bottleneck, output) of the branch with two 3x3.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_3x3: int = 384,
        filters_double_3x3: tuple[int, int] = (64, 96),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_3x3 = filters_3x3
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 2)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, double = self.filters_double_3x3
        return (
            (Conv(self.filters_3x3, 3, 2, "valid"),),
            (Conv(reduce), Conv(double, 3), Conv(double, 3, 2, "valid")),
            (Pool("max", 2, "valid"),),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV3B(InceptionModule):
    """The module for the 17x17 grid (Fig. 6): n x n as 1 x n and n x 1, n = 7.

    Args:
        filters_7x7: channels inside the factorised branches.
        filters: output channels of each of the four branches.
        kernel_size: n.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self, filters_7x7: int, filters: int = 192, kernel_size: int = 7, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters_7x7 = filters_7x7
        self.filters = filters
        self.kernel_size = kernel_size

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        inner, outer = self.filters_7x7, self.filters
        row, column = (1, self.kernel_size), (self.kernel_size, 1)
        return (
            (Conv(outer),),
            (Conv(inner), Conv(inner, row), Conv(outer, column)),
            (
                Conv(inner),
                Conv(inner, column),
                Conv(inner, row),
                Conv(inner, column),
                Conv(outer, row),
            ),
            (Pool("average"), Conv(outer)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV3ReductionB(InceptionModule):
    """17x17 to 8x8.

    Output: `(N, (H - 1) // 2, (W - 1) // 2, C + filters_3x3 + filters)`.

    Args:
        filters: channels of the bottlenecks and of the 7x7 branch.
        filters_3x3: output channels of the 3x3 branch.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self, filters: int = 192, filters_3x3: int = 320, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.filters_3x3 = filters_3x3

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        inner = self.filters
        return (
            (Conv(inner), Conv(self.filters_3x3, 3, 2, "valid")),
            (
                Conv(inner),
                Conv(inner, (1, 7)),
                Conv(inner, (7, 1)),
                Conv(inner, 3, 2, "valid"),
            ),
            (Pool("max", 2, "valid"),),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV3C(InceptionModule):
    """The module for the 8x8 grid (Fig. 7): 3x3 fanned out into 1x3 and 3x1.

    Wide rather than deep, for the last, high-dimensional features.

    Args:
        filters_1x1: output channels of the 1x1 branch.
        filters_3x3: channels of the bottleneck and of each arm of the 3x3 branch.
        filters_double_3x3: (bottleneck, 3x3 and each arm) of the longer branch.
        filters_pool: output of the 1x1 convolution behind the 3x3 average.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int = 320,
        filters_3x3: int = 384,
        filters_double_3x3: tuple[int, int] = (448, 384),
        filters_pool: int = 192,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = filters_3x3
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 2)
        self.filters_pool = filters_pool

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        wide, (reduce, double) = self.filters_3x3, self.filters_double_3x3
        return (
            (Conv(self.filters_1x1),),
            (Conv(wide), Fork(((Conv(wide, (1, 3)),), (Conv(wide, (3, 1)),)))),
            (
                Conv(reduce),
                Conv(double, 3),
                Fork(((Conv(double, (1, 3)),), (Conv(double, (3, 1)),))),
            ),
            (Pool("average"), Conv(self.filters_pool)),
        )
