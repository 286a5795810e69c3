"""Slow, obvious float64 references for pooling: a window is the set of its pixels.

NumPy only, NHWC. Nothing here cuts or pads an image: a pixel belongs to a window if
its number lies between the window's first and last, and a window that sticks out
simply has fewer pixels.
"""

import numpy as np

from solutions.oracles import same_pad
from solutions.oracles.remembered import remembered


def membership(size, pool, stride, padding):
    """Boolean ``(outputs, size)``: which pixels of a line belong to which window."""
    if padding == "same":
        before, outputs = same_pad(size, pool, stride)[0], -(-size // stride)
    else:
        before, outputs = 0, 1 + (size - pool) // stride
    start = np.arange(outputs)[:, None] * stride - before
    pixel = np.arange(size)[None]
    return (start <= pixel) & (pixel < start + pool)


def _both(shape, pool_size, stride, padding):
    return (
        membership(n, k, stride, padding)
        for n, k in zip(shape[1:3], pool_size, strict=True)
    )


@remembered
def maxpool_loop(x, pool_size, *, stride, padding):
    """The largest true pixel of every window, channel by channel.

    Args:
        x: images ``(N, H, W, C)``.
        pool_size: ``(ph, pw)``.
        stride: int, for rows and columns.
        padding: ``"valid"`` or ``"same"`` (TensorFlow's).

    Returns:
        float64 ``(N, H_out, W_out, C)``.
    """
    out, _ = _winners(x, pool_size, stride, padding)
    return out


@remembered
def maxpool_gradient_loop(x, dout, pool_size, *, stride, padding):
    """Gradient of ``sum(maxpool_loop(x) * dout)``; of equals the first wins."""
    _, winners = _winners(x, pool_size, stride, padding)
    dx = np.zeros(np.shape(x))
    for (n, i, j, c), (row, column) in winners.items():
        dx[n, row, column, c] += dout[n, i, j, c]
    return dx


def _winners(x, pool_size, stride, padding):
    """The maxima, and for each output ``(n, i, j, c)`` the winner's row and column."""
    x = np.asarray(x, np.float64)
    rows, columns = _both(x.shape, pool_size, stride, padding)
    out = np.empty((len(x), len(rows), len(columns), x.shape[3]))
    winners = {}
    for n, i, j, c in np.ndindex(*out.shape):
        best = None
        for row in np.flatnonzero(rows[i]):
            for column in np.flatnonzero(columns[j]):
                value = x[n, row, column, c]
                if best is None or value > best:
                    best, winners[n, i, j, c] = value, (row, column)
        out[n, i, j, c] = best
    return out, winners


@remembered
def avgpool_loop(x, pool_size, *, stride, padding):
    """The mean of every window's true pixels: pooling as two matrices.

    Arguments and result as in ``maxpool_loop``.
    """
    x = np.asarray(x, np.float64)
    rows, columns = _both(x.shape, pool_size, stride, padding)
    sums = np.einsum("ir,nrsc,js->nijc", rows, x, columns)
    return sums / _pixels(rows, columns)


@remembered
def avgpool_gradient_loop(x_shape, dout, pool_size, *, stride, padding):
    """Gradient of ``sum(avgpool_loop(x) * dout)``: the transposed matrices."""
    rows, columns = _both(x_shape, pool_size, stride, padding)
    shares = np.asarray(dout, np.float64) / _pixels(rows, columns)
    return np.einsum("ir,nijc,js->nrsc", rows, shares, columns)


def _pixels(rows, columns):
    """How many true pixels each window has: ``(H_out, W_out, 1)``."""
    return np.outer(rows.sum(axis=1), columns.sum(axis=1))[:, :, None]
