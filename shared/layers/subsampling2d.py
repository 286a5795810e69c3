"""LeNet-5's trainable sub-sampling S2 and S4 (LeCun et al. 1998, II-B)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from shared.shapes import out_size

__all__ = ["Subsampling2D"]


@keras.saving.register_keras_serializable(package="course")
class Subsampling2D(keras.layers.Layer):
    """The sum of each window times a trained coefficient, plus a trained bias.

    Weights: coefficient and bias, `(C,)` each: two parameters per map. Windows do not
    overlap. Input `(N, H, W, C)`, output `(N, H // pool_size, W // pool_size, C)`.

    Args:
        pool_size: height and width of the window.
        activation: applied to the result.
    """

    def __init__(
        self, pool_size: int = 2, activation: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        maps = (input_shape[-1],)
        # Starts as the average; the paper gives no start of its own.
        average = keras.initializers.Constant(1 / self.pool_size**2)
        self.coefficient = self.add_weight(
            shape=maps, initializer=average, name="coefficient"
        )
        self.bias = self.add_weight(shape=maps, initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        window = self.pool_size
        total = ops.average_pool(inputs, window, data_format="channels_last")
        total = total * window**2
        return self.activation(total * self.coefficient + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, maps = input_shape
        height, width = (out_size(n, *[self.pool_size] * 2) for n in (height, width))
        return batch, height, width, maps

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pool_size": self.pool_size,
            "activation": keras.activations.serialize(self.activation),
        }
