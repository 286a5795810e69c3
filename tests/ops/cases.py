"""Awkward geometries, and the arrays and expected results that go with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.ops.standalone import Axis, Geometry
from tests.ops import oracle

GEOMETRIES = {
    "3x3 valid, H != W": Geometry(2, Axis(6, 3), Axis(9, 3), 5, 7),
    "3x3, vectors": Geometry(
        1, Axis(7, 3, pads=(1, 1)), Axis(10, 3, pads=(1, 1)), 8, 20
    ),
    "1x1": Geometry(3, Axis(5, 1), Axis(4, 1), 17, 33),
    "1x1 stride 2": Geometry(2, Axis(5, 1, 2), Axis(8, 1, 2), 8, 4),
    "stride 2": Geometry(
        2, Axis(7, 3, 2, pads=(1, 1)), Axis(6, 3, 2, pads=(0, 1)), 3, 4
    ),
    "stride 2, vectors": Geometry(1, Axis(9, 3, 2), Axis(7, 2, 3), 4, 12),
    "stride beyond kernel": Geometry(1, Axis(11, 2, 3), Axis(10, 1, 4), 2, 3),
    "dilated": Geometry(1, Axis(11, 3, 1, 2, (2, 2)), Axis(9, 2, 1, 3, (1, 2)), 4, 5),
    "3x3, dilated both ways": Geometry(
        2, Axis(13, 3, 1, 2, (2, 2)), Axis(17, 3, 1, 3, (3, 4)), 20, 36
    ),
    "3x3, dilated beyond the image": Geometry(
        1, Axis(6, 3, 1, 7, (7, 7)), Axis(9, 3, 1, 4, (5, 3)), 8, 7
    ),
    "dilated with stride": Geometry(2, Axis(12, 3, 2, 3), Axis(13, 3, 3, 2), 3, 4),
    "uneven padding": Geometry(
        2, Axis(5, 3, pads=(0, 3)), Axis(6, 3, pads=(2, 1)), 3, 4
    ),
    "padding beyond kernel": Geometry(
        1, Axis(4, 3, pads=(4, 0)), Axis(3, 3, pads=(1, 5)), 2, 3
    ),
    "groups": Geometry(2, Axis(6, 3, pads=(1, 1)), Axis(5, 3), 6, 9, 3),
    "groups, vectors": Geometry(1, Axis(5, 3), Axis(6, 3), 8, 8, 2),
    "depthwise": Geometry(2, Axis(7, 3, pads=(1, 1)), Axis(6, 3), 19, 19, 19),
    "depthwise, whole vectors": Geometry(
        1, Axis(9, 3, pads=(1, 1)), Axis(23, 3, pads=(1, 1)), 32, 32, 32
    ),
    "depthwise with stride, 5x4": Geometry(
        2, Axis(9, 5, 2, pads=(2, 2)), Axis(21, 4, 2, pads=(1, 2)), 17, 17, 17
    ),
    "depthwise, dilated beyond the image": Geometry(
        1, Axis(7, 3, 1, 4, (4, 4)), Axis(5, 3, 1, 6, (6, 6)), 5, 5, 5
    ),
    "depthwise, two filters a channel": Geometry(
        2, Axis(6, 3), Axis(13, 3, 3, pads=(0, 2)), 11, 22, 11
    ),
    "depthwise, five filters a channel": Geometry(1, Axis(5, 2), Axis(6, 3), 7, 35, 7),
    "one channel, few filters": Geometry(2, Axis(8, 5), Axis(9, 5), 1, 6),
    "groups of two": Geometry(
        2, Axis(5, 3, pads=(1, 1)), Axis(20, 3, pads=(1, 1)), 34, 34, 17
    ),
    "groups of four, strides apart": Geometry(
        1, Axis(11, 3, 3), Axis(12, 2, 2, pads=(1, 1)), 28, 28, 7
    ),
    "groups of three": Geometry(1, Axis(5, 1), Axis(18, 3), 27, 27, 9),
    "groups of two, three filters each": Geometry(
        1, Axis(5, 3), Axis(12, 3, pads=(2, 0)), 20, 30, 10
    ),
    "first layer": Geometry(
        1, Axis(23, 7, 2, pads=(3, 3)), Axis(21, 7, 2, pads=(2, 3)), 3, 16
    ),
    "wide": Geometry(1, Axis(5, 3, pads=(1, 1)), Axis(6, 3, pads=(1, 1)), 8, 132),
    "deep": Geometry(1, Axis(6, 3), Axis(5, 3), 200, 20),
    "many pixels": Geometry(2, Axis(19, 3), Axis(23, 3), 4, 8),
    "one pixel": Geometry(1, Axis(1, 1), Axis(1, 1), 3, 1),
    "kernel is the image": Geometry(3, Axis(4, 4), Axis(5, 5), 6, 7),
}


@dataclass(frozen=True)
class Problem:
    """Operands and expected results (float64) of the three passes.

    Attributes:
        operands: Arrays of each pass, by its name.
        expected: Results.
        terms: Products summed for one value of the result.
    """

    operands: dict[str, tuple[np.ndarray, np.ndarray]]
    expected: dict[str, np.ndarray]
    terms: dict[str, int]


def problem(g: Geometry, dtype: str, rng: np.random.Generator) -> Problem:
    """Normal random arrays of the given geometry."""
    arrays = {n: rng.standard_normal(s).astype(dtype) for n, s in g.shapes().items()}
    x, kernel, y = arrays["x"], arrays["kernel"], arrays["y"]
    settings = (
        (g.rows.stride, g.cols.stride),
        (g.rows.pads, g.cols.pads),
        (g.rows.dilation, g.cols.dilation),
        g.groups,
    )
    dx, dk = oracle.gradients(x, kernel, y, *settings)
    return Problem(
        {"forward": (x, kernel), "grad_input": (y, kernel), "grad_kernel": (x, y)},
        {
            "forward": oracle.forward(x, kernel, *settings),
            "grad_input": dx,
            "grad_kernel": dk,
        },
        {
            "forward": kernel[..., 0].size,
            "grad_input": kernel[..., 0, :].size // g.groups,
            "grad_kernel": y[..., 0].size,
        },
    )


# The transforms of Winograd's 4x4 tile (entries from 1/24 to 8) enlarge rounding
# errors about eightfold; the 2x2 tile's do not. "auto" may choose either.
ERROR_GROWTH = {"winograd4x4": 8, "auto": 8}


def close(actual, expected, terms, how="direct"):
    """Sums of `terms` products of standard normals, to the dtype's rounding.

    A partial sum is of the order of the root of its terms and is rounded once per
    term, so errors are of the order of eps times `terms`.
    """
    actual = np.asarray(actual)
    assert actual.shape == expected.shape
    # Winograd's transforms round a tile of 36 values even for a single channel.
    least = 2 if ERROR_GROWTH.get(how, 1) == 1 else 64
    growth = 4 * ERROR_GROWTH.get(how, 1)
    bound = growth * np.finfo(actual.dtype).eps * max(least, terms)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)
