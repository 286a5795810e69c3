"""conv2d_forward_cpu agrees with a float64 loop on every stride, padding, dilation."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.conv_cases import CASES


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x, kernel = case.draw(rng)
    y = student.conv2d_forward_cpu(x, kernel, **case.how)
    assert_close(y, case.forward(x, kernel), what="y")


def test_float32(student, rng):
    case = CASES["all at once"]
    x, kernel = case.draw(rng, np.float32)
    y = student.conv2d_forward_cpu(x, kernel, **case.how)
    assert_close(y, case.forward(x, kernel).astype(np.float32), what="y in float32")


def test_the_kernel_is_not_flipped(student):
    x = np.array([[2.0, 4, 9, 1], [2, 1, 4, 4], [1, 1, 2, 9]])[None, :, :, None]
    kernel = np.array([[1.0, 2], [-4, 7]])[:, :, None, None]
    y = student.conv2d_forward_cpu(x, kernel)
    assert_close(y[0, :, :, 0], np.array([[9.0, 46, 23], [7, 19, 67]]), what="y")


def test_nothing_is_read_where_padding_is(student, rng):
    """What lies beyond a row is the next row's, not zero."""
    x = np.full((1, 3, 3, 1), 1e6)
    kernel = normal(rng, (1, 3, 1, 1))
    y = student.conv2d_forward_cpu(x, kernel, padding=((0, 0), (3, 3)))
    assert_close(y[0, :, 0, 0], np.zeros(3), what="y of a window over padding alone")
