"""Sizes: outputs, padding and receptive fields of convolution and pooling.

This is the only Python arithmetic of sizes in the package. Every function works
on one spatial dimension; a 2-D layer asks once for its height and once for its
width. `None` stands for a size that is not known yet and stays `None`.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Padding = str | int | tuple[int, int]


def effective_kernel(kernel: int, dilation: int = 1) -> int:
    """Returns the number of pixels from a dilated kernel's first to last tap."""
    kernel = _integer("kernel", kernel, minimum=1)
    dilation = _integer("dilation", dilation, minimum=1)
    return (kernel - 1) * dilation + 1


def same_pads(
    n: int, kernel: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Returns TensorFlow's "same" padding `(before, after)` of one dimension.

    The output then has `ceil(n / stride)` elements. An odd pixel goes to the end,
    and the padding depends on `n` as soon as `stride > 1`.
    """
    n = _integer("n", n, minimum=0)
    stride = _integer("stride", stride, minimum=1)
    span = effective_kernel(kernel, dilation)
    out = -(-n // stride)
    total = max((out - 1) * stride + span - n, 0) if out else 0
    return total // 2, total - total // 2


def explicit_pads(
    n: int, kernel: int, stride: int = 1, padding: Padding = "valid", dilation: int = 1
) -> tuple[int, int]:
    """Returns any `padding` argument as pixels `(before, after)`."""
    if isinstance(padding, str):
        name = padding.lower()
        if name == "same":
            return same_pads(n, kernel, stride, dilation)
        if name == "valid":
            return 0, 0
        raise ValueError(
            f'padding: got {padding!r}; give "valid", "same", an int or (before, after)'
        )
    if isinstance(padding, Sequence):
        if len(padding) != 2:
            raise ValueError(f"padding: got {padding!r}; a pair is (before, after)")
        before, after = padding
    else:
        before = after = padding
    return (
        _integer("padding", before, minimum=0),
        _integer("padding", after, minimum=0),
    )


def out_size(
    n: int | None,
    kernel: int,
    stride: int = 1,
    padding: Padding = "valid",
    dilation: int = 1,
    ceil: bool = False,
) -> int | None:
    """Returns the output size of a convolution or pooling along one dimension.

    Args:
        n: input size; `None` gives `None`.
        kernel: taps of the kernel, before dilation.
        stride: step between windows.
        padding: "valid", "same" (TensorFlow's), one int for both sides, or
            `(before, after)`.
        dilation: distance between taps.
        ceil: round up instead of down, as Caffe's pooling does: a last, partial
            window counts if it starts inside the input or the padding before it.

    Raises:
        ValueError: an argument is out of range, or the window does not fit.
    """
    span = effective_kernel(kernel, dilation)
    stride = _integer("stride", stride, minimum=1)
    if n is None:
        explicit_pads(0, kernel, stride, padding, dilation)  # still checks it
        return None
    n = _integer("n", n, minimum=0)
    before, after = explicit_pads(n, kernel, stride, padding, dilation)
    if isinstance(padding, str) and padding.lower() == "same":
        return -(-n // stride)
    room = n + before + after - span
    if room < 0:
        raise ValueError(
            f"kernel: a window of {span} does not fit into {n} pixels with padding "
            f"({before}, {after}); use a smaller kernel or more padding"
        )
    out = room // stride + 1
    partial = ceil and room % stride and out * stride < n + before
    return out + 1 if partial else out


def transposed_size(
    n: int | None,
    kernel: int,
    stride: int = 1,
    padding: Padding = "valid",
    output_padding: int | None = None,
    dilation: int = 1,
) -> int | None:
    """Returns the output size of a transposed convolution along one dimension.

    "valid" and "same" follow `keras.layers.Conv2DTranspose`; explicit padding is
    cut from the full output `(n - 1) * stride + kernel`, and `output_padding`
    pixels are added at its end.
    """
    span = effective_kernel(kernel, dilation)
    stride = _integer("stride", stride, minimum=1)
    before, after = explicit_pads(0, kernel, stride, padding, dilation)
    if output_padding is not None:
        output_padding = _integer("output_padding", output_padding, minimum=0)
        if output_padding >= stride and output_padding >= dilation:
            raise ValueError(
                f"output_padding: got {output_padding}; it must be smaller than the "
                f"stride ({stride}) or the dilation ({dilation})"
            )
    if n is None:
        return None
    n = _integer("n", n, minimum=1)
    if isinstance(padding, str) and padding.lower() == "same":
        if output_padding is None:
            return n * stride
        return (n - 1) * stride + span % 2 + output_padding
    if isinstance(padding, str) and output_padding is None:
        output_padding = max(stride - span, 0)
    out = (n - 1) * stride + span - before - after + (output_padding or 0)
    if out < 1:
        raise ValueError(
            f"padding: ({before}, {after}) leaves nothing of {n} pixels transposed "
            f"with kernel {span} and stride {stride}"
        )
    return out


@dataclass(frozen=True)
class ReceptiveField:
    """What one output pixel of a stack of layers sees of the input, in pixels.

    Attributes:
        size: width of the window of the input.
        stride: input pixels between the windows of neighbouring outputs (the jump).
        start: first input pixel that output 0 sees; negative inside the padding.
    """

    size: int
    stride: int
    start: int

    @property
    def center(self) -> float:
        """The middle of output 0's window, in input pixels."""
        return self.start + (self.size - 1) / 2


def receptive_field(layers: Iterable[Sequence[int]]) -> ReceptiveField:
    """Returns the receptive field of a stack of layers, from input to output.

    Args:
        layers: one `(kernel, stride[, dilation[, padding before]])` per layer,
            the first layer first. Pooling counts as any other window.
    """
    size, jump, start = 1, 1, 0
    for index, layer in enumerate(layers):
        if not 2 <= len(layer) <= 4:
            raise ValueError(
                f"layers[{index}]: got {tuple(layer)!r}; give (kernel, stride), and "
                "optionally dilation and the padding before"
            )
        kernel, stride, dilation, before = (*layer, *(1, 0)[len(layer) - 2 :])
        stride = _integer("stride", stride, minimum=1)
        size += (effective_kernel(kernel, dilation) - 1) * jump
        start -= _integer("padding", before, minimum=0) * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def _integer(name: str, value: object, minimum: int) -> int:
    """Returns `value` as an int that is at least `minimum`, or raises."""
    try:
        number = operator.index(value)  # also takes NumPy's integers
    except TypeError:
        raise TypeError(f"{name}: got {value!r}; give an integer") from None
    if number < minimum:
        raise ValueError(f"{name}: got {number}; it must be at least {minimum}")
    return number
