"""Slow, obvious float64 references that hidden tests compare with.

NumPy only, NHWC images and HWIO kernels. Nothing here is meant to be fast, and
nothing shares code with the solutions: forward passes cut windows out of a padded
image; gradients never pad, they ask for every input pixel or weight which outputs
it took part in.
"""

from itertools import product

import numpy as np

from solutions.oracles.remembered import remembered


def as_pair(value):
    """``3`` and ``(3, 3)`` both mean ``(3, 3)``."""
    return (value, value) if isinstance(value, int) else tuple(value)


def as_pads(pad):
    """``1``, ``(1, 2)``, ``((1, 1), (2, 2))`` as ``((top, bottom), (left, right))``."""
    rows, columns = as_pair(pad)
    return as_pair(rows), as_pair(columns)


def same_pad(size, kernel, stride=1, dilation=1):
    """Zeros ``(before, after)`` one axis under TensorFlow's ``"SAME"`` rule."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


@remembered
def conv2d_loop(x, kernel, bias=None, *, stride=1, pad=0, dilation=1, groups=1):
    """Cross-correlate a batch of images with a bank of kernels, window by window.

    Args:
        x: images ``(N, H, W, C)``.
        kernel: weights ``(kh, kw, C // groups, F)``.
        bias: ``(F,)`` or None.
        stride, dilation: int or ``(rows, columns)``.
        pad: zeros, int, ``(rows, columns)`` or ``((top, bottom), (left, right))``.
        groups: how many independent blocks of channels.

    Returns:
        float64 ``(N, H_out, W_out, F)``; sizes are floored.
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    (sh, sw), (dh, dw), pads = as_pair(stride), as_pair(dilation), as_pads(pad)
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    images, height, width, _ = padded.shape
    kh, kw, depth, filters = kernel.shape
    span_h, span_w = (kh - 1) * dh + 1, (kw - 1) * dw + 1
    out = np.zeros(
        (images, (height - span_h) // sh + 1, (width - span_w) // sw + 1, filters)
    )
    for n, i, j, f in np.ndindex(*out.shape):
        first = depth * (f // (filters // groups))
        window = padded[
            n,
            i * sh : i * sh + span_h : dh,
            j * sw : j * sw + span_w : dw,
            first : first + depth,
        ]
        out[n, i, j, f] = (window * kernel[..., f]).sum()
    return out if bias is None else out + np.asarray(bias, np.float64)


@remembered
def conv2d_gradients_loop(x, kernel, dout, *, stride=1, pad=0, dilation=1, groups=1):
    """Gradients of ``sum(conv2d_loop(x, kernel, bias) * dout)``.

    Output row ``i`` reads image row ``y`` through tap ``a`` when
    ``y == i * stride + a * dilation - top``. Every triple that satisfies this (and
    its twin for columns) contributes one product; all others contribute nothing.

    Returns:
        float64 ``(dx, dkernel, dbias)``.
    """
    x, kernel = np.asarray(x, np.float64), np.asarray(kernel, np.float64)
    dout = np.asarray(dout, np.float64)
    (sh, sw), (dh, dw) = as_pair(stride), as_pair(dilation)
    (top, _), (left, _) = as_pads(pad)
    dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
    taps = product(range(kernel.shape[0]), range(kernel.shape[1]))
    depth, per_group = kernel.shape[2], kernel.shape[3] // groups
    for (a, b), i, j in product(taps, range(dout.shape[1]), range(dout.shape[2])):
        y, z = i * sh + a * dh - top, j * sw + b * dw - left
        if not (0 <= y < x.shape[1] and 0 <= z < x.shape[2]):
            continue
        for g in range(groups):
            inputs = slice(g * depth, (g + 1) * depth)
            outputs = slice(g * per_group, (g + 1) * per_group)
            for n in range(len(x)):
                upstream = dout[n, i, j, outputs]
                dx[n, y, z, inputs] += kernel[a, b, :, outputs] @ upstream
                dkernel[a, b, :, outputs] += np.outer(x[n, y, z, inputs], upstream)
    return dx, dkernel, dout.sum(axis=(0, 1, 2))


@remembered
def im2col_loop(x, kernel_size, *, stride=1, pad=0):
    """One row per window, in the order ``(n, i, j)``; columns ``(a, b, c)``.

    Keeps the dtype of ``x``, so that an index image shows who went where.
    """
    kh, kw = as_pair(kernel_size)
    padded = np.pad(x, ((0, 0), *as_pads(pad), (0, 0)))
    images, height, width, _ = padded.shape
    rows = product(
        range(images),
        range(0, height - kh + 1, stride),
        range(0, width - kw + 1, stride),
    )
    return np.stack([padded[n, i : i + kh, j : j + kw].ravel() for n, i, j in rows])
