"""SqueezeNet's fire module (arXiv:1602.07360)."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import convolution

__all__ = ["Fire"]


@keras.saving.register_keras_serializable(package="course")
class Fire(CompositeLayer):
    """Squeeze the channels with 1x1, then expand them with 1x1 beside 3x3.

    Each convolution has a bias and a ReLU.
    Input `(N, H, W, C)`, output `(N, H, W, expand_1x1 + expand_3x3)`.

    Args:
        squeeze: filters of the 1x1 convolution that feeds the other two.
        expand_1x1: filters of the 1x1 half.
        expand_3x3: filters of the 3x3 half.
        kernel_initializer: of the three convolutions.
        kernel_regularizer: of the three convolutions.
    """

    def __init__(
        self,
        squeeze: int,
        expand_1x1: int,
        expand_3x3: int,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.squeeze = squeeze
        self.expand_1x1 = expand_1x1
        self.expand_3x3 = expand_3x3
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer = kernel_regularizer

    def graph(self, inputs: Any) -> Any:
        def rectified(x: Any, filters: int, size: int, name: str) -> Any:
            return convolution(
                x,
                filters,
                size,
                use_bias=True,
                activation="relu",
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer,
                name=name,
            )

        squeezed = rectified(inputs, self.squeeze, 1, "squeeze")
        return keras.layers.Concatenate(name="concatenate")(
            [
                rectified(squeezed, self.expand_1x1, 1, "expand_1x1"),
                rectified(squeezed, self.expand_3x3, 3, "expand_3x3"),
            ]
        )
