"""Shapes, windows and layouts on which every hidden test of pooling stands."""

import numpy as np

from solutions.oracles.pooling import membership

#: x (N, H, W, C), pool_size, stride, padding
CASES = {
    "one window": ((1, 2, 3, 1), (2, 3), 1, "valid"),
    "side by side": ((2, 4, 6, 3), (2, 2), 2, "valid"),
    "valid, remainder dropped": ((2, 7, 8, 2), (2, 3), 3, "valid"),
    "valid, overlapping": ((2, 7, 5, 2), (3, 3), 2, "valid"),
    "valid, stride 1, tall window": ((1, 6, 4, 2), (4, 2), 1, "valid"),
    "valid, gaps between windows": ((2, 8, 7, 2), (2, 1), 3, "valid"),
    "same, nothing sticks out": ((2, 4, 6, 2), (2, 2), 2, "same"),
    "same, the odd pixel at the end": ((2, 7, 5, 3), (2, 2), 2, "same"),
    "same, overlapping": ((2, 6, 7, 2), (3, 3), 2, "same"),
    "same, stride 1": ((1, 4, 5, 2), (3, 2), 1, "same"),
    "same, more after than before": ((2, 5, 6, 2), (4, 2), 1, "same"),
    "same, gaps between windows": ((1, 8, 7, 2), (2, 1), 3, "same"),
    "same, window larger than the image": ((2, 2, 3, 2), (5, 4), 2, "same"),
    "1x1 windows, stride 2": ((2, 5, 4, 3), (1, 1), 2, "valid"),
}

LAYOUTS = ("Fortran order", "every second pixel", "mirrored")


def laid_out(array, layout):
    """An array with the same meaning of its axes, in an unusual memory layout."""
    if layout == "Fortran order":
        return np.asfortranarray(array)
    return array[:, ::2, ::2] if layout == "every second pixel" else array[:, :, ::-1]


def output_shape(x_shape, pool_size, stride, padding):
    """The shape of what pooling returns."""
    sizes = (
        len(membership(n, k, stride, padding))
        for n, k in zip(x_shape[1:3], pool_size, strict=True)
    )
    return (x_shape[0], *sizes, x_shape[3])
