"""Grouped convolution in its three equivalent forms (AlexNet's towers, ResNeXt)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["FORMS", "GroupedConv2D"]

FORMS = ("grouped", "split", "block_diagonal")


@keras.saving.register_keras_serializable(package="course")
class GroupedConv2D(keras.layers.Conv2D):
    """A convolution whose output channels each see one share of the input channels.

    The three forms have the same weights `(kernel_height, kernel_width, C / groups,
    filters)` and results:

    - "grouped": one operation that knows of groups;
    - "split": the input is split, each share convolved alone, the results
      concatenated, as on AlexNet's two GPUs;
    - "block_diagonal": an ordinary convolution whose kernel is zero wherever input and
      output belong to different groups; it multiplies `groups` times as much.

    Input `(N, H, W, C)`, output `(N, H', W', filters)`.

    Args:
        filters: output channels, a multiple of `groups`.
        kernel_size: height and width of the kernel.
        groups: number of shares.
        form: one of `FORMS`.
        kwargs: as for `keras.layers.Conv2D`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        groups: int = 1,
        form: str = "grouped",
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, groups=groups, **kwargs)
        if form not in FORMS:
            raise ValueError(f"form must be one of {FORMS}, got {form!r}")
        if self.data_format != "channels_last":
            raise ValueError(
                f'data_format must be "channels_last", got {self.data_format!r}'
            )
        self.form = form

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        if self.form == "grouped":
            return super().convolution_op(inputs, kernel)
        kernels = ops.split(kernel, self.groups, axis=-1)
        if self.form == "split":
            shares = ops.split(inputs, self.groups, axis=-1)
            return ops.concatenate(
                [
                    super(GroupedConv2D, self).convolution_op(share, part)
                    for share, part in zip(shares, kernels, strict=True)
                ],
                axis=-1,
            )
        depth = kernel.shape[2]
        columns = []
        for group, part in enumerate(kernels):
            above, below = group * depth, (self.groups - group - 1) * depth
            columns.append(ops.pad(part, [(0, 0), (0, 0), (above, below), (0, 0)]))
        dense = ops.concatenate(columns, axis=-1)
        return super().convolution_op(inputs, dense)

    def multiply_adds(self, input_shape: Any, output_shape: Any) -> int:
        """Multiplications by zeros included."""
        height, width, depth, filters = self.kernel.shape
        if self.form == "block_diagonal":
            depth *= self.groups
        return output_shape[1] * output_shape[2] * height * width * depth * filters

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"form": self.form}
