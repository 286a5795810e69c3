"""Inception modules of v4 (arXiv:1602.07261, figures 4 to 9)."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, Fork, InceptionModule, Pool, widths

__all__ = [
    "InceptionV4A",
    "InceptionV4B",
    "InceptionV4C",
    "InceptionV4ReductionA",
    "InceptionV4ReductionB",
]


@keras.saving.register_keras_serializable(package="course")
class InceptionV4A(InceptionModule):
    """The module for the 35x35 grid (Fig. 4): four branches of equal width.

    Args:
        filters: output channels of each branch.
        filters_reduce: channels of the bottlenecks.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self, filters: int = 96, filters_reduce: int = 64, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.filters_reduce = filters_reduce

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, three = Conv(self.filters_reduce), Conv(self.filters, 3)
        return (
            (Conv(self.filters),),
            (reduce, three),
            (reduce, three, three),
            (Pool("average"), Conv(self.filters)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV4ReductionA(InceptionModule):
    """35x35 to 17x17 (Fig. 7), for v4 and both Inception-ResNets.

    Output: `(N, (H - 1) // 2, (W - 1) // 2, C + n + m)`.

    Args:
        filters_3x3: the paper's n, output of the strided 3x3.
        filters_double_3x3: the paper's (k, l, m), bottleneck and the two 3x3.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_3x3: int = 384,
        filters_double_3x3: tuple[int, int, int] = (192, 224, 256),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_3x3 = filters_3x3
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        k, l, m = self.filters_double_3x3  # noqa: E741 (the paper's letters)
        return (
            (Conv(self.filters_3x3, 3, 2, "valid"),),
            (Conv(k), Conv(l, 3), Conv(m, 3, 2, "valid")),
            (Pool("max", 2, "valid"),),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV4B(InceptionModule):
    """The module for the 17x17 grid (Fig. 5): 7x7 along one axis at a time.

    Figure 5 prints 1x7, 1x7 in one place where its neighbours alternate; the branches
    built here alternate rows and columns, as the released network does.

    Args:
        filters_1x1: output channels of the 1x1 branch.
        filters_7x7: channels of 1x1, 1x7, 7x1.
        filters_double_7x7: channels of 1x1, 7x1, 1x7, 7x1, 1x7.
        filters_pool: output of the 1x1 convolution behind the 3x3 average.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int = 384,
        filters_7x7: tuple[int, int, int] = (192, 224, 256),
        filters_double_7x7: tuple[int, ...] = (192, 192, 224, 224, 256),
        filters_pool: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_7x7 = widths("filters_7x7", filters_7x7, 3)
        self.filters_double_7x7 = widths("filters_double_7x7", filters_double_7x7, 5)
        self.filters_pool = filters_pool

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        row, column = (1, 7), (7, 1)
        short = zip(self.filters_7x7, (1, row, column), strict=True)
        long = zip(self.filters_double_7x7, (1, column, row, column, row), strict=True)
        return (
            (Conv(self.filters_1x1),),
            tuple(Conv(*unit) for unit in short),
            tuple(Conv(*unit) for unit in long),
            (Pool("average"), Conv(self.filters_pool)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV4ReductionB(InceptionModule):
    """17x17 to 8x8 (Fig. 8).

    Output: `(N, (H - 1) // 2, (W - 1) // 2, C + both branches)`.

    Args:
        filters_3x3: (bottleneck, output) of the 3x3 branch.
        filters_7x7: channels of 1x1, 1x7, 7x1 and the strided 3x3.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_3x3: tuple[int, int] = (192, 192),
        filters_7x7: tuple[int, int, int, int] = (256, 256, 320, 320),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_7x7 = widths("filters_7x7", filters_7x7, 4)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        one, row, column, last = self.filters_7x7
        return (
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3, 2, "valid")),
            (
                Conv(one),
                Conv(row, (1, 7)),
                Conv(column, (7, 1)),
                Conv(last, 3, 2, "valid"),
            ),
            (Pool("max", 2, "valid"),),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionV4C(InceptionModule):
    """The module for the 8x8 grid (Fig. 6): 3x3 fanned out into 1x3 and 3x1.

    Args:
        filters: output channels of each of the six arms.
        filters_3x3: bottleneck of the shorter fan.
        filters_double_3x3: 1x1, 3x1 and 1x3 before the longer fan.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters: int = 256,
        filters_3x3: int = 384,
        filters_double_3x3: tuple[int, int, int] = (384, 448, 512),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.filters_3x3 = filters_3x3
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        out, (one, column, row) = self.filters, self.filters_double_3x3
        fan = Fork(((Conv(out, (1, 3)),), (Conv(out, (3, 1)),)))
        return (
            (Conv(out),),
            (Conv(self.filters_3x3), fan),
            (Conv(one), Conv(column, (3, 1)), Conv(row, (1, 3)), fan),
            (Pool("average"), Conv(out)),
        )
