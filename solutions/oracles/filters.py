"""Slow float64 references for sequences, filters and pixels, for hidden tests.

They scatter where solutions gather: every input number is sent to the outputs that it
takes part in, straight from the definition (f * g)[i] = sum over m of f[m] g[i - m].
"""

import numpy as np

from solutions.oracles.remembered import remembered


@remembered
def convolve_scatter(f, g):
    """Full convolution of two arrays with the same number of axes.

    Returns:
        float64, of length ``n + k - 1`` along each axis.
    """
    f, g = np.asarray(f, np.float64), np.asarray(g, np.float64)
    out = np.zeros([n + k - 1 for n, k in zip(f.shape, g.shape, strict=True)])
    for i in np.ndindex(*f.shape):
        for m in np.ndindex(*g.shape):
            out[tuple(np.add(i, m))] += f[i] * g[m]
    return out


@remembered
def convolve2d_scatter(x, k, mode):
    """True convolution of an image; ``same`` is the middle of ``full``.

    Args:
        x: image ``(H, W)``.
        k: kernel ``(kh, kw)``.
        mode: ``"valid"``, ``"same"`` or ``"full"``.
    """
    full = convolve_scatter(x, k)
    if mode == "full":
        return full
    pieces = []
    for n, size in zip(np.shape(x), np.shape(k), strict=True):
        first, count = (
            ((size - 1) // 2, n) if mode == "same" else (size - 1, n - size + 1)
        )
        pieces.append(slice(first, first + count))
    return full[tuple(pieces)]


@remembered
def match_loop(x, f):
    """Mean product of a feature with every window, number by number."""
    x, f = np.asarray(x, np.float64), np.asarray(f, np.float64)
    rows, columns = (n - k + 1 for n, k in zip(x.shape, f.shape, strict=True))
    out = np.zeros((rows, columns))
    for i, j in np.ndindex(rows, columns):
        products = [x[i + a, j + b] * f[a, b] for a, b in np.ndindex(*f.shape)]
        out[i, j] = sum(products) / len(products)
    return out


@remembered
def permute_loop(images, permutation):
    """Pixel ``p`` of each result is pixel ``permutation[p]`` of its image."""
    images = np.asarray(images)
    width = images.shape[2]
    out = np.zeros_like(images)
    for p, q in enumerate(permutation):
        out[:, p // width, p % width] = images[:, q // width, q % width]
    return out
