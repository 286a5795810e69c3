"""Inception-ResNet blocks (arXiv:1602.07261, figures 10 to 13 and 16 to 19).

Each adds to its input a small inception module, widened back to the input's channels
by a linear 1x1 convolution with a bias and no normalisation, and scaled down.
"""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.branches import Conv, InceptionModule, Pool, branches, widths
from shared.layers.conv_bn import convolution

__all__ = [
    "InceptionResNetA",
    "InceptionResNetB",
    "InceptionResNetC",
    "InceptionResNetReductionB",
    "InceptionResidual",
]


class InceptionResidual(InceptionModule):
    """Base of the three blocks: `activation(x + residual_scale * up(branches(x)))`.

    The scale between 0.1 and 0.3 keeps very wide residual networks from dying early
    in training (section 3.3 of the paper).

    Input and output: `(N, H, W, C)`.

    Args:
        residual_scale: factor on the residual before the sum.
        final_activation: after the sum; None for the last block of a network.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        residual_scale: float,
        final_activation: str | None = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.residual_scale = residual_scale
        self.final_activation = final_activation

    def graph(self, inputs: Any) -> Any:
        x = branches(inputs, self.chains(), self.style)
        x = convolution(x, inputs.shape[-1], 1, use_bias=True)
        x = keras.layers.Rescaling(self.residual_scale)(x)
        x = keras.layers.Add()([inputs, x])
        if self.final_activation is None:
            return x
        return keras.layers.Activation(self.final_activation)(x)


@keras.saving.register_keras_serializable(package="course")
class InceptionResNetA(InceptionResidual):
    """For the 35x35 grid (Fig. 10, 16).

    Args:
        filters_1x1: channels of the 1x1 branch.
        filters_3x3: (bottleneck, 3x3).
        filters_double_3x3: (bottleneck, 3x3, 3x3); v1 has 32, 32, 32.
        residual_scale: factor on the residual.
        final_activation: after the sum.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int = 32,
        filters_3x3: tuple[int, int] = (32, 32),
        filters_double_3x3: tuple[int, int, int] = (32, 48, 64),
        residual_scale: float = 0.17,
        final_activation: str | None = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(residual_scale, final_activation, **kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, first, second = self.filters_double_3x3
        return (
            (Conv(self.filters_1x1),),
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3)),
            (Conv(reduce), Conv(first, 3), Conv(second, 3)),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionResNetB(InceptionResidual):
    """For the 17x17 grid (Fig. 11, 17).

    Args:
        filters_1x1: channels of the 1x1 branch; v1 has 128.
        filters_7x7: channels of 1x1, 1x7, 7x1; v1 has 128, 128, 128.
        residual_scale: factor on the residual.
        final_activation: after the sum.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int = 192,
        filters_7x7: tuple[int, int, int] = (128, 160, 192),
        residual_scale: float = 0.1,
        final_activation: str | None = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(residual_scale, final_activation, **kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_7x7 = widths("filters_7x7", filters_7x7, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        one, row, column = self.filters_7x7
        return (
            (Conv(self.filters_1x1),),
            (Conv(one), Conv(row, (1, 7)), Conv(column, (7, 1))),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionResNetC(InceptionResidual):
    """For the 8x8 grid (Fig. 13, 19).

    Args:
        filters_1x1: channels of the 1x1 branch.
        filters_3x3: channels of 1x1, 1x3, 3x1; v1 has 192, 192, 192.
        residual_scale: factor on the residual.
        final_activation: after the sum.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_1x1: int = 192,
        filters_3x3: tuple[int, int, int] = (192, 224, 256),
        residual_scale: float = 0.2,
        final_activation: str | None = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(residual_scale, final_activation, **kwargs)
        self.filters_1x1 = filters_1x1
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        one, row, column = self.filters_3x3
        return (
            (Conv(self.filters_1x1),),
            (Conv(one), Conv(row, (1, 3)), Conv(column, (3, 1))),
        )


@keras.saving.register_keras_serializable(package="course")
class InceptionResNetReductionB(InceptionModule):
    """17x17 to 8x8 for both Inception-ResNets (Fig. 12, 18).

    Output: `(N, (H - 1) // 2, (W - 1) // 2, C + the three branches)`.

    Args:
        filters_3x3: (bottleneck, output) of the first 3x3 branch.
        filters_3x3_second: (bottleneck, output) of the second; v1 has 256, 256.
        filters_double_3x3: (bottleneck, 3x3, 3x3); v1 has 256, 256, 256.
        kwargs: the fields of `Style`, and what every Keras layer takes.
    """

    def __init__(
        self,
        filters_3x3: tuple[int, int] = (256, 384),
        filters_3x3_second: tuple[int, int] = (256, 288),
        filters_double_3x3: tuple[int, int, int] = (256, 288, 320),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters_3x3 = widths("filters_3x3", filters_3x3, 2)
        self.filters_3x3_second = widths("filters_3x3_second", filters_3x3_second, 2)
        self.filters_double_3x3 = widths("filters_double_3x3", filters_double_3x3, 3)

    def chains(self) -> tuple[tuple[Any, ...], ...]:
        reduce, first, second = self.filters_double_3x3
        return (
            (Conv(self.filters_3x3[0]), Conv(self.filters_3x3[1], 3, 2, "valid")),
            (
                Conv(self.filters_3x3_second[0]),
                Conv(self.filters_3x3_second[1], 3, 2, "valid"),
            ),
            (Conv(reduce), Conv(first, 3), Conv(second, 3, 2, "valid")),
            (Pool("max", 2, "valid"),),
        )
