"""conv2d_tiled agrees with a float64 loop, and reads each pixel once for a block."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv_cases import Case

TILE = 8
CASES = {
    "one full tile": Case((1, 10, 10, 1), (3, 3, 1, 1)),
    "four full tiles": Case((1, 16, 16, 1), (3, 3, 1, 1), padding="SAME"),
    "partial tiles": Case((1, 11, 14, 1), (3, 2, 1, 1)),
    "one pixel over": Case((1, 9, 17, 1), (3, 3, 1, 1), padding="SAME"),
    "less than a tile": Case((1, 3, 5, 1), (2, 3, 1, 1)),
    "several images, channels, filters": Case((2, 9, 6, 3), (3, 2, 3, 2)),
    "the largest kernel": Case((1, 12, 9, 2), (7, 7, 2, 1), padding="SAME"),
    "a wide kernel": Case((1, 9, 10, 1), (1, 7, 1, 2), padding="SAME"),
    "a tall kernel": Case((1, 12, 4, 1), (6, 1, 1, 1)),
    "1x1": Case((1, 9, 9, 2), (1, 1, 2, 2)),
    "uneven padding": Case((1, 7, 8, 2), (3, 4, 2, 1), padding=((2, 0), (1, 3))),
    "padding alone under a tile": Case(
        (1, 2, 3, 1), (2, 2, 1, 1), padding=((9, 9),) * 2
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x, kernel = case.draw(rng, np.float32)
    y = student.conv2d_tiled(x, kernel, padding=case.padding)
    assert_close(y, case.forward(x, kernel).astype(np.float32), what="y")


@pytest.mark.parametrize(
    "case",
    [Case((1, 14, 20, 2), (5, 3, 2, 2)), Case((2, 11, 9, 1), (3, 3, 1, 1))],
    ids=["5x3", "3x3, partial tiles"],
)
def test_global_memory_is_read_once_for_a_block(student, rng, case):
    x, kernel = case.draw(rng)
    n, out_h, out_w, filters = case.forward(x, kernel).shape
    blocks = n * filters * -(-out_h // TILE) * -(-out_w // TILE)
    kh, kw = case.kernel[:2]
    most = blocks * case.x[3] * (TILE + kh - 1) * (TILE + kw - 1)
    counts = student.tiled_traffic(x, kernel)
    assert counts["x"] <= most, (
        f"x is read {counts['x']} times; {blocks} blocks that read each pixel of their "
        f"patch once would need at most {most}: add up from `patch`, not from x"
    )
    outputs = n * out_h * out_w * filters
    assert counts["y"] == outputs, (
        f"{outputs} outputs, but y is accessed {counts['y']} times: keep the sum in a "
        "variable"
    )


def test_nvcc_compiles_it(student):
    assert student.compile_tiled(), "there is no nvcc here"
