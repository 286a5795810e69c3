"""The convolution and its gradients in float64 NumPy, one tap at a time.

Independent of the C++: output sizes come from counting the kernel's positions, and the
gradients from the definition, not from another convolution.
"""

from __future__ import annotations

import numpy as np

Pads = tuple[tuple[int, int], tuple[int, int]]


def pads_of(shape, kernel_shape, strides, padding, dilation) -> Pads:
    """((top, bottom), (left, right)) of "valid", "same" or explicit padding."""
    if not isinstance(padding, str):
        return tuple(map(tuple, padding))
    if padding == "valid":
        return (0, 0), (0, 0)
    sides = []
    for n, k, s, d in zip(shape[1:3], kernel_shape[:2], strides, dilation, strict=True):
        last = (-(-n // s) - 1) * s + (k - 1) * d  # the last tap's position
        missing = max(last - (n - 1), 0)
        sides.append((missing // 2, missing - missing // 2))
    return tuple(sides)


def _patches(padded, tap, strides, dilation, out):
    """The view of `padded` that one tap reads for every output pixel."""
    (i, j), (sh, sw), (dh, dw) = tap, strides, dilation
    rows = slice(i * dh, i * dh + (out[0] - 1) * sh + 1, sh)
    cols = slice(j * dw, j * dw + (out[1] - 1) * sw + 1, sw)
    return padded[:, rows, cols]


def _setup(shape, kernel_shape, strides, padding, dilation):
    pads = pads_of(shape, kernel_shape, strides, padding, dilation)
    out = []
    for axis in (0, 1):
        padded = shape[1 + axis] + sum(pads[axis])
        last_start = padded - ((kernel_shape[axis] - 1) * dilation[axis] + 1)
        out.append(len(range(0, last_start + 1, strides[axis])))
    taps = [(i, j) for i in range(kernel_shape[0]) for j in range(kernel_shape[1])]
    return pads, out, taps if min(out) > 0 else []


def forward(x, kernel, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
    """Output `(N, OH, OW, F)` in float64."""
    x, kernel = np.float64(x), np.float64(kernel)
    pads, out, taps = _setup(x.shape, kernel.shape, strides, padding, dilation)
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    y = np.zeros((len(x), *out, groups, kernel.shape[3] // groups))
    k = kernel.reshape(*kernel.shape[:3], groups, -1)
    for tap in taps:
        view = _patches(padded, tap, strides, dilation, out)
        view = view.reshape(*view.shape[:3], groups, kernel.shape[2])
        y += np.einsum("nhwgc,cgf->nhwgf", view, k[tap])
    return y.reshape(len(x), *out, kernel.shape[3])


def gradients(
    x, kernel, dy, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1
):
    """(dx, dk) in float64: each tap sends its share of dy back where it read."""
    x, kernel, dy = np.float64(x), np.float64(kernel), np.float64(dy)
    pads, out, taps = _setup(x.shape, kernel.shape, strides, padding, dilation)
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    d_padded = np.zeros_like(padded)
    k = kernel.reshape(*kernel.shape[:3], groups, -1)
    dk = np.zeros_like(k)
    dy = dy.reshape(*dy.shape[:3], groups, kernel.shape[3] // groups)
    for tap in taps:
        view = _patches(padded, tap, strides, dilation, out)
        view = view.reshape(*view.shape[:3], groups, kernel.shape[2])
        dk[tap] = np.einsum("nhwgc,nhwgf->cgf", view, dy)
        d_view = _patches(d_padded, tap, strides, dilation, out)
        d_view += np.einsum("nhwgf,cgf->nhwgc", dy, k[tap]).reshape(d_view.shape)
    (top, _), (left, _) = pads
    h, w = x.shape[1:3]
    return d_padded[:, top : top + h, left : left + w], dk.reshape(kernel.shape)
