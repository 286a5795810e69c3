"""``conv2d``: the Python face of the operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf

from shared.ops.library import operations

Implementation = Literal[
    "auto", "naive", "im2col", "direct", "winograd", "winograd2x2", "winograd4x4"
]
Padding = str | int | Sequence[Sequence[int]]


def conv2d(
    x: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: Padding = "valid",
    dilation_rate: int | Sequence[int] = 1,
    groups: int = 1,
    implementation: Implementation = "auto",
) -> tf.Tensor:
    """2-D convolution (cross-correlation, as in every deep-learning library).

    Differentiable to any order in `x` and `kernel`. Works in eager mode, in
    `tf.function` with unknown batch and spatial sizes, in Keras layers (set
    `supports_jit = False` on them: XLA does not know this operation) and under a
    distribution strategy.

    Args:
        x: Input `(N, H, W, C)`, float32 or float64.
        kernel: `(KH, KW, C // groups, filters)`, of the same dtype.
        strides: Step of the kernel, one integer or `(height, width)`.
        padding: `"valid"` (none), `"same"` (output size `ceil(H / stride)`, an odd zero
            going to the bottom and right), an integer for all four sides, or
            `((top, bottom), (left, right))`.
        dilation_rate: Distance between the kernel's taps, one integer or
            `(height, width)`.
        groups: Number of groups that channels and filters are split into; filters of a
            group see only its channels.
        implementation: `"auto"` picks the fastest for the shape. `"naive"` is the loop
            nest, `"im2col"` a matrix product over patches, `"direct"` the
            register-blocked kernel, `"winograd"` the minimal-filtering algorithm of
            arXiv:1509.09308 (3x3, stride 1 only), with tiles of 2x2 or 4x4 outputs
            (`"winograd2x2"`, `"winograd4x4"`). On a GPU they are one thread per
            output, implicit GEMM, shared-memory tiles and none.

    Returns:
        The output, `(N, OH, OW, filters)`, of the dtype of `x`.

    Raises:
        ValueError: If `strides`, `padding` or `dilation_rate` is malformed.
        tf.errors.InvalidArgumentError: If the shapes do not fit together, or the
            implementation cannot do them. (`ValueError` while a graph is traced.)
        BuildError: If the operation has to be compiled first and cannot be.
    """
    rule, explicit = _padding(padding)
    return operations().course_conv2d(
        x,
        kernel,
        strides=_pair("strides", strides),
        padding=rule,
        explicit_paddings=explicit,
        dilations=_pair("dilation_rate", dilation_rate),
        groups=groups,
        implementation=implementation,
    )


def _pair(name: str, value: int | Sequence[int]) -> list[int]:
    if isinstance(value, int):
        return [value, value]
    pair = list(value)
    if len(pair) != 2:
        raise ValueError(
            f"{name} must be one integer or two (height, width), received {value!r}"
        )
    return pair


def _padding(padding: Padding) -> tuple[str, list[int]]:
    """TensorFlow's padding attribute and the four explicit sizes, if any."""
    if isinstance(padding, str):
        rule = padding.upper()
        if rule in ("VALID", "SAME"):
            return rule, []
    elif isinstance(padding, int):
        return "EXPLICIT", [padding] * 4
    else:
        sizes = [list(side) for side in padding]
        if [len(side) for side in sizes] == [2, 2]:
            return "EXPLICIT", [*sizes[0], *sizes[1]]
    raise ValueError(
        'padding must be "valid", "same", an integer or '
        f"((top, bottom), (left, right)), received {padding!r}"
    )
