"""Sizes and values at the ends of what the CPU kernels are given."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from shared.ops.standalone import PASSES, Axis, Geometry, Standalone
from tests.ops.cases import close, problem
from tests.ops.test_standalone import supported

# Scratch, in bytes, that an implementation may ask for with two threads.
FEW = 4 * 1024 * 1024


@pytest.fixture(scope="module")
def kernels():
    return Standalone()


# A stride of 2^30 in both axes, times 4 channels of 4 bytes, is 2^64. Copies of padded
# rows would hold all the rows between taps, tables a pointer for each tap and pixel of
# a row, and the gradient in the input one table for each residue of a stride.
EXTREMES = {
    "one pixel, stride 2^30": Geometry(1, Axis(1, 1, 2**30), Axis(1, 1, 2**30), 4, 4),
    "stride beyond the image": Geometry(
        2, Axis(3, 2, 2**31 - 1), Axis(5, 3, 2**20, pads=(1, 1)), 3, 5
    ),
    "dilation of 2^20": Geometry(
        1, Axis(1, 3, 1, 2**20, (2**20, 2**20)), Axis(5, 3, pads=(1, 1)), 3, 4
    ),
    "a long row": Geometry(1, Axis(1, 1), Axis(20_000, 3, pads=(1, 1)), 1, 2),
    "a long row, strides": Geometry(
        1, Axis(3, 2, pads=(1, 0)), Axis(9_001, 5, 3, pads=(3, 2)), 2, 3
    ),
    "a long row, no padding": Geometry(2, Axis(2, 2), Axis(3_001, 4, 2), 3, 2),
    "patches": Geometry(1, Axis(128, 2, 64), Axis(128, 2, 64), 1, 1),
    "no pixels": Geometry(2, Axis(0, 2, pads=(2, 1)), Axis(3, 3), 3, 4),
}


@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize("which", PASSES)
@pytest.mark.parametrize("g", EXTREMES.values(), ids=EXTREMES)
def test_extreme_sizes_take_little_memory(kernels, rng, g, which, isa):
    p = problem(g, "float32", rng)
    for how in ("naive", "im2col", "direct"):
        y = kernels.run(
            which, how, g, *p.operands[which], isa=isa, threads=2, memory_bytes=FEW
        )
        close(y, p.expected[which], max(p.terms[which], 8), how)


def test_patches_of_a_stride_take_one_table(kernels, rng):
    """The gradient in the input has 64 x 64 residues of the stride."""
    g = Geometry(1, Axis(512, 64, 64), Axis(512, 64, 64), 1, 1)
    p = problem(g, "float32", rng)
    y = kernels.run(
        "grad_input", "direct", g, *p.operands["grad_input"], memory_bytes=FEW
    )
    close(y, p.expected["grad_input"], p.terms["grad_input"])


@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize("how", ["winograd2x2", "winograd4x4"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
@pytest.mark.parametrize("place", [(0, 0, 0, 2), (1, 5, 6, 9), (1, 10, 7, 17)])
@pytest.mark.parametrize("tiles", ["few", "many"])
def test_winograd_spreads_no_infinity(kernels, rng, how, isa, value, place, tiles):
    """Values beyond the range are in the results that see them, and nowhere else.

    Both orders of the work: tile by tile, and panel by panel of filters.
    """
    batch = 2 if tiles == "few" else 9
    g = Geometry(batch, Axis(11, 3, pads=(1, 1)), Axis(9, 3, pads=(1, 0)), 18, 20)
    for which in PASSES:
        a, b = problem(g, "float32", rng).operands[which]
        a = a.copy()
        a[place] = value
        with np.errstate(all="ignore"):
            expected = kernels.run(which, "naive", g, a, b, isa=isa)
        actual = kernels.run(which, how, g, a, b, isa=isa, threads=2)
        assert not np.isfinite(value) or np.abs(expected).max() > 1e38
        np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
        infinite = np.isinf(expected)
        np.testing.assert_array_equal(actual[infinite], expected[infinite])
        seen = np.abs(expected) < 1e6
        np.testing.assert_allclose(actual[seen], expected[seen], atol=1e-2)


@pytest.mark.parametrize("asked", [None, "", *supported()])
def test_the_instruction_set_follows_the_environment(asked):
    environment = {k: v for k, v in os.environ.items() if k != "COURSE_OPS_ISA"}
    if asked is not None:
        environment["COURSE_OPS_ISA"] = asked
    script = "from shared.ops.standalone import Standalone; print(Standalone().isa())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == (asked or supported()[0]), done.stderr
