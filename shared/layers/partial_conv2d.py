"""LeNet-5's partly connected convolution C3 (LeCun et al. 1998, II-B)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from shared.shapes import out_size

__all__ = ["PartialConv2D"]


@keras.saving.register_keras_serializable(package="course")
class PartialConv2D(keras.layers.Layer):
    """A convolution in which each output map reads only some of the input maps.

    Stride 1, no padding. Weights: kernel `(kernel_size, kernel_size, pairs)`, one
    plane per connected pair of maps, and bias `(filters,)`.

    Input `(N, H, W, C)`, output `(N, H - k + 1, W - k + 1, filters)`.

    Args:
        connections: for each output map, the input maps that it reads.
        kernel_size: height and width of the kernel.
        activation: applied to the result.
        kernel_initializer: of the kernel; by default the paper's, uniform in
            ±2.4 / fan-in, where the fan-in depends on the output map.
        kernel_regularizer: of the kernel.
    """

    def __init__(
        self,
        connections: Any,
        kernel_size: int = 5,
        activation: Any = None,
        kernel_initializer: Any = None,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connections = [list(maps) for maps in connections]
        if not all(self.connections):
            raise ValueError("connections must give every output map an input map")
        self.kernel_size = kernel_size
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Any) -> None:
        maps, filters = input_shape[-1], len(self.connections)
        highest = max(map(max, self.connections))
        if highest >= maps:
            raise ValueError(
                f"connections name input map {highest}, but there are only {maps}"
            )
        pairs = [(i, o) for o, row in enumerate(self.connections) for i in row]
        # Spreads the planes of the kernel over a full one: (pairs, C * filters).
        self._spread = np.zeros((len(pairs), maps * filters), "float32")
        for plane, (i, o) in enumerate(pairs):
            self._spread[plane, i * filters + o] = 1
        size = self.kernel_size
        self.kernel = self.add_weight(
            shape=(size, size, len(pairs)),
            initializer=self.kernel_initializer or self._paper_start,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

    def _paper_start(self, shape: Any, dtype: Any = None) -> Any:
        fan_in = [
            self.kernel_size**2 * len(row) for row in self.connections for _ in row
        ]
        limits = ops.convert_to_tensor([2.4 / n for n in fan_in], dtype)
        return keras.random.uniform(shape, -1, 1, dtype) * limits

    def call(self, inputs: Any) -> Any:
        size, filters = self.kernel_size, len(self.connections)
        spread = ops.cast(self._spread, self.compute_dtype)
        full = ops.tensordot(ops.cast(self.kernel, self.compute_dtype), spread, axes=1)
        full = ops.reshape(full, (size, size, inputs.shape[-1], filters))
        out = ops.conv(inputs, full, 1, "valid", data_format="channels_last")
        return self.activation(out + ops.cast(self.bias, self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, _ = input_shape
        height, width = (out_size(n, self.kernel_size) for n in (height, width))
        return batch, height, width, len(self.connections)

    def multiply_adds(self, input_shape: Any, output_shape: Any) -> int:
        """Of the connected pairs only, as the paper counts."""
        pairs = sum(map(len, self.connections))
        return output_shape[1] * output_shape[2] * self.kernel_size**2 * pairs

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "connections": self.connections,
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
