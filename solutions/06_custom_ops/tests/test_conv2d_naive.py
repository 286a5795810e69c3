"""conv2d_naive agrees with a float64 loop, whatever the block and whatever is left."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv_cases import CASES, Case

BLOCKS = {
    "one thread": (1, 1),
    "a wide block": (5, 2),
    "a tall block": (2, 3),
    "a block larger than y": (16, 16),
    "a block that fits": (4, 4),
}


def check(student, rng, case, block):
    x, kernel = case.draw(rng, np.float32)
    y = student.conv2d_naive(x, kernel, **case.how, block=block)
    expected = case.forward(x, kernel).astype(np.float32)
    assert_close(y, expected, what=f"y with blocks of {block[0]} x {block[1]} threads")


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_blocks(student, rng, block):
    check(student, rng, Case((2, 6, 10, 2), (3, 3, 2, 3)), block)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    check(student, rng, case, (4, 3))


def test_every_output_is_written_once(student, rng):
    x, kernel = Case((2, 6, 7, 2), (3, 3, 2, 3)).draw(rng)
    counts = student.naive_traffic(x, kernel, block=(4, 2))
    outputs = 2 * 4 * 5 * 3
    assert counts["y"] == outputs, (
        f"{outputs} outputs, but y is accessed {counts['y']} times: keep the sum in a "
        "variable, and let threads beyond the edge stop"
    )


def test_nvcc_compiles_it(student):
    assert student.compile_naive(), "there is no nvcc here"
