"""Max and average pooling with overlapping windows, any padding and ceil mode."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from shared.shapes import explicit_pads, out_size

__all__ = ["AveragePooling2D", "MaxPooling2D"]


def _pair(name: str, value: Any) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or any(not isinstance(n, int) or n < 1 for n in pair):
        raise ValueError(f"{name} must be one or two positive integers, got {value!r}")
    return pair


class _Pooling2D(keras.layers.Layer):
    """What both poolings share: the arguments, and where the windows lie."""

    def __init__(
        self,
        pool_size: int | tuple[int, int] = 2,
        strides: int | tuple[int, int] | None = None,
        padding: str | int = "valid",
        data_format: str | None = None,
        ceil_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = _pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else _pair("strides", strides)
        explicit_pads(1, 1, 1, padding)  # says what is wrong with it
        if ceil_mode and padding == "same":
            raise ValueError('ceil_mode needs padding="valid" or a number, got "same"')
        if isinstance(padding, int) and 2 * padding > min(self.pool_size):
            raise ValueError(
                f"padding must not exceed half the window {self.pool_size}, or a "
                f"window may lie wholly in it; got {padding}"
            )
        self.padding = padding
        self.data_format = data_format or keras.config.image_data_format()
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                'data_format must be "channels_last" or "channels_first", '
                f"got {data_format!r}"
            )
        self.ceil_mode = ceil_mode
        # Without weights there is nothing to build, unless a subclass has something.
        self.built = type(self).build is keras.layers.Layer.build

    def _axes(self) -> tuple[int, int]:
        return (1, 2) if self.data_format == "channels_last" else (2, 3)

    def _out_size(self, n: int | None, axis: int) -> int | None:
        pool, stride = self.pool_size[axis], self.strides[axis]
        return out_size(n, pool, stride, self.padding, ceil=self.ceil_mode)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, position in enumerate(self._axes()):
            shape[position] = self._out_size(shape[position], axis)
        return tuple(shape)

    def _pads(self, x: Any) -> list[tuple[Any, Any]]:
        """Padding of every axis; tensors where the size is known only when run."""
        pads: list[tuple[Any, Any]] = [(0, 0)] * 4
        for axis, position in enumerate(self._axes()):
            pool, stride = self.pool_size[axis], self.strides[axis]
            n = x.shape[position]
            if isinstance(self.padding, int):
                before = after = self.padding
            elif n is not None:
                before, after = explicit_pads(n, pool, stride, self.padding)
            else:
                # Only "same" on an open size is left to the backend, in `_windows`.
                before = after = 0
            if self.ceil_mode and n is not None:
                # Fill up the last window; without a partial one this adds nothing.
                out = self._out_size(n, axis)
                after = max((out - 1) * stride + pool - n - before, after)
            elif self.ceil_mode:
                # Unknown size: a full extra stride of padding holds every partial
                # window, and windows that see only padding are cut off afterwards.
                after = after + stride - 1
            pads[position] = (before, after)
        return pads

    def _padded(self, x: Any, fill: float) -> tuple[Any, str]:
        """The input with its padding, and what padding is left to the backend."""
        open_size = any(x.shape[position] is None for position in self._axes())
        if self.padding == "same" and open_size:
            return x, "same"
        pads = self._pads(x)
        if any(pad != (0, 0) for pad in pads):
            x = ops.pad(x, pads, constant_values=fill)
        return x, "valid"

    def _trim(self, pooled: Any, inputs: Any) -> Any:
        """Cut windows that start beyond the input, on sizes known only when run."""
        if not self.ceil_mode:
            return pooled
        index = [slice(None)] * 4
        for axis, position in enumerate(self._axes()):
            if inputs.shape[position] is not None:
                continue
            before = self.padding if isinstance(self.padding, int) else 0
            stride = self.strides[axis]
            # Windows start at -before, -before + stride, … and must start before n.
            starts = ops.shape(inputs)[position] + before
            index[position] = slice(0, (starts + stride - 1) // stride)
        return pooled[tuple(index)]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "ceil_mode": self.ceil_mode,
        }


@keras.saving.register_keras_serializable(package="course")
class MaxPooling2D(_Pooling2D):
    """The largest value of each window, per channel.

    `keras.layers.MaxPooling2D` with two additions: `padding` may be a number of pixels
    on all sides, and `ceil_mode` counts a last, partial window. Padding never wins.

    Input `(N, H, W, C)`, output `(N, H', W', C)`.

    Args:
        pool_size: height and width of the window.
        strides: step of the window, `pool_size` by default; smaller ones overlap.
        padding: "valid", "same", or pixels on all four sides.
        data_format: "channels_last" or "channels_first", Keras's setting by default.
        ceil_mode: round the output size up: Caffe's rule, with a partial window only
            if it starts inside the input or the padding before it.
    """

    def call(self, inputs: Any) -> Any:
        x, padding = self._padded(inputs, float("-inf"))
        pooled = ops.max_pool(
            x, self.pool_size, self.strides, padding, data_format=self.data_format
        )
        return self._trim(pooled, inputs)


@keras.saving.register_keras_serializable(package="course")
class AveragePooling2D(_Pooling2D):
    """The mean of each window's values, per channel; padding does not count.

    `keras.layers.AveragePooling2D` with two additions: `padding` may be a number of
    pixels on all sides, and `ceil_mode` counts a last, partial window.

    Input `(N, H, W, C)`, output `(N, H', W', C)`.

    Args:
        pool_size: height and width of the window.
        strides: step of the window, `pool_size` by default; smaller ones overlap.
        padding: "valid", "same", or pixels on all four sides.
        data_format: "channels_last" or "channels_first", Keras's setting by default.
        ceil_mode: round the output size up, as for `MaxPooling2D`.
    """

    def call(self, inputs: Any) -> Any:
        x, padding = self._padded(inputs, 0.0)

        def pool(values: Any) -> Any:
            return ops.average_pool(
                values,
                self.pool_size,
                self.strides,
                padding,
                data_format=self.data_format,
            )

        pooled = pool(x)
        if x is not inputs:
            # Means over the full window, divided by its share of true pixels.
            share = pool(self._padded(ops.ones_like(inputs[:1]), 0.0)[0])
            # A window of padding alone is cut off below; keep it finite until then.
            smallest = 1 / (self.pool_size[0] * self.pool_size[1])
            pooled = pooled / ops.maximum(share, 0.5 * smallest)
        return self._trim(pooled, inputs)
