"""ResNet's option A (arXiv:1512.03385, section 3.3): a shortcut without weights."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from shared.shapes import out_size

__all__ = ["ZeroPadShortcut"]


@keras.saving.register_keras_serializable(package="course")
class ZeroPadShortcut(keras.layers.Layer):
    """Take every `strides`-th pixel and add channels of zeros behind the given ones.

    Input `(N, H, W, C)`, output `(N, ⌈H/s⌉, ⌈W/s⌉, filters)`.

    Args:
        filters: output channels, at least as many as the input has.
        strides: step along height and width.
    """

    def __init__(self, filters: int, strides: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("filters", filters), ("strides", strides)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        self.filters = filters
        self.strides = strides

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] > self.filters:
            raise ValueError(
                f"filters must be at least the input's {input_shape[-1]} channels, "
                f"got {self.filters}"
            )

    def call(self, inputs: Any) -> Any:
        x = inputs[:, :: self.strides, :: self.strides, :]
        missing = self.filters - inputs.shape[-1]
        return ops.pad(x, [(0, 0), (0, 0), (0, 0), (0, missing)]) if missing else x

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, _ = input_shape
        # Sampling is pooling with a window of one pixel.
        height, width = (out_size(n, 1, self.strides) for n in (height, width))
        return batch, height, width, self.filters

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"filters": self.filters, "strides": self.strides}
