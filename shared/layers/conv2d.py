"""Two-dimensional convolution on the project's own kernels."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["Conv2D"]


@keras.saving.register_keras_serializable(package="course")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, computed by `shared.ops.conv2d`.

    The constructor, the weights `(kernel_height, kernel_width, C / groups, filters)`
    and `(filters,)`, and the results are Keras's; only the multiplication is done
    elsewhere. Input `(N, H, W, C)`, output `(N, H', W', filters)`.

    Args:
        args: as for `keras.layers.Conv2D`.
        implementation: handed to `shared.ops.conv2d`; "auto" takes the fastest there
            is on this machine.
        kwargs: as for `keras.layers.Conv2D`.
    """

    def __init__(self, *args: Any, implementation: str = "auto", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.implementation = implementation
        # A custom operation has no XLA form; `compile` must not ask for one.
        self.supports_jit = False

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        # Keras's hook: everything else (bias, activation, LoRA) stays Keras's own.
        from shared.ops import conv2d

        first = self.data_format == "channels_first"
        x = ops.transpose(inputs, (0, 2, 3, 1)) if first else inputs
        # The kernels know float32 and float64; half precisions go through float32.
        wide = "float64" if x.dtype == "float64" else "float32"
        out = conv2d(
            ops.cast(x, wide),
            ops.cast(kernel, wide),
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=self.groups,
            implementation=self.implementation,
        )
        out = ops.cast(out, self.compute_dtype)
        return ops.transpose(out, (0, 3, 1, 2)) if first else out

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"implementation": self.implementation}
