"""``conv2d``: the Python face of the operation."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import tensorflow as tf

from shared.ops.library import operations

Implementation = Literal[
    "auto", "naive", "im2col", "direct", "winograd", "winograd2x2", "winograd4x4"
]
_IMPLEMENTATIONS = get_args(Implementation)
Padding = str | int | Sequence[Sequence[int]]


# Plain Python, whose conditions are none of a graph's: nothing for AutoGraph to read.
@tf.autograph.experimental.do_not_convert
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
            arXiv:1509.09308 (3x3, stride 1, one group), with tiles of 2x2 or 4x4
            outputs (`"winograd2x2"`, `"winograd4x4"`). On a GPU they are one thread
            per output, implicit GEMM, shared-memory tiles and none.

    Returns:
        The output, `(N, OH, OW, filters)`, of the dtype of `x`.

    Raises:
        ValueError: If an argument beside the two tensors is malformed.
        TypeError: If `x` or `kernel` is no dense tensor of float32 or float64, or if
            their dtypes differ.
        tf.errors.InvalidArgumentError: If the shapes do not fit together, or the
            implementation cannot do them. (`ValueError` while a graph is traced.)
        BuildError: If the operation has to be compiled first and cannot be.
    """
    rule, explicit = _padding(padding)
    number = _integer(groups)
    if number is None:
        raise ValueError(f"groups must be an integer, received {groups!r}")
    if implementation not in _IMPLEMENTATIONS:
        raise ValueError(
            f"implementation must be one of {', '.join(_IMPLEMENTATIONS)}, "
            f"received {implementation!r}"
        )
    _check_tensors(x, kernel)
    return operations().course_conv2d(
        x,
        kernel,
        strides=_pair("strides", strides),
        padding=rule,
        explicit_paddings=explicit,
        dilations=_pair("dilation_rate", dilation_rate),
        groups=number,
        implementation=implementation,
    )


def _check_tensors(x: Any, kernel: Any) -> None:
    """Says in one line what TensorFlow would say in a page, or not at all."""
    dtypes = {}
    for name, value in (("x", x), ("kernel", kernel)):
        if value is None or isinstance(value, tf.RaggedTensor | tf.SparseTensor):
            raise TypeError(
                f"{name} must be a dense tensor, received {type(value).__name__}"
            )
        if isinstance(value, tf.Tensor | tf.Variable):
            dtypes[name] = value.dtype.name
            if dtypes[name] not in ("float32", "float64"):
                raise TypeError(
                    f"{name} must be float32 or float64, received {dtypes[name]}: "
                    "convert it with tf.cast"
                )
    if len(set(dtypes.values())) > 1:
        raise TypeError(
            f"x and kernel must have one dtype, received {dtypes['x']} and "
            f"{dtypes['kernel']}: convert one with tf.cast"
        )


def _integer(value: Any) -> int | None:
    """The value as an integer of 64 bits, or None: no truth value, no 2.0."""
    if isinstance(value, bool):
        return None
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return number if -(2**63) <= number < 2**63 else None


def _integers(values: Any) -> list[int] | None:
    """The values as integers, or None if they are none or no sequence."""
    if isinstance(values, str | bytes):
        return None
    try:
        numbers = [_integer(value) for value in values]
    except TypeError:
        return None
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None


def _pair(name: str, value: Any) -> list[int]:
    number = _integer(value)
    pair = _integers(value) if number is None else [number, number]
    if pair is None or len(pair) != 2:
        raise ValueError(
            f"{name} must be one integer or two (height, width), received {value!r}"
        )
    return pair


def _padding(padding: Any) -> tuple[str, list[int]]:
    """TensorFlow's padding attribute and the four explicit sizes, if any."""
    if isinstance(padding, str):
        rule = padding.upper()
        if rule in ("VALID", "SAME"):
            return rule, []
    elif (number := _integer(padding)) is not None:
        return "EXPLICIT", [number] * 4
    elif isinstance(padding, Iterable):
        sides = [_integers(side) for side in padding]
        if [side and len(side) for side in sides] == [2, 2]:
            return "EXPLICIT", [size for side in sides for size in side]
    raise ValueError(
        'padding must be "valid", "same", an integer or '
        f"((top, bottom), (left, right)), received {padding!r}"
    )
