"""conv2d_grad_input_cpu agrees with a float64 oracle and is the forward's adjoint."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv_cases import CASES, Case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_oracle(student, rng, case):
    x, kernel = case.draw(rng)
    d_y = case.draw_d_y(rng)
    d_x = student.conv2d_grad_input_cpu(x.shape, kernel, d_y, **case.how)
    assert_close(d_x, case.gradients(x, kernel, d_y)[0], what="d_x")


def test_float32(student, rng):
    case = CASES["all at once"]
    x, kernel = case.draw(rng, np.float32)
    d_y = case.draw_d_y(rng, np.float32)
    d_x = student.conv2d_grad_input_cpu(x.shape, kernel, d_y, **case.how)
    expected = case.gradients(x, kernel, d_y)[0].astype(np.float32)
    assert_close(d_x, expected, what="d_x in float32")


def test_pixels_that_no_window_reads_have_no_gradient(student, rng):
    case = Case((1, 8, 5, 1), (1, 2, 1, 1), strides=(3, 2))
    x, kernel = case.draw(rng)
    d_x = student.conv2d_grad_input_cpu(x.shape, kernel, case.draw_d_y(rng), **case.how)
    assert np.array_equal(d_x[0, [1, 2, 4, 5, 7]], np.zeros((5, 5, 1))), (
        "rows 1, 2, 4, 5 and 7 lie under no window; their d_x must be 0"
    )
    assert np.array_equal(d_x[0, :, 4], np.zeros((8, 1))), (
        "column 4 lies under no window; its d_x must be 0"
    )


def test_is_the_adjoint_of_the_forward_pass(student, rng):
    case = CASES["all at once"]
    x, kernel = case.draw(rng)
    d_y = case.draw_d_y(rng)
    d_x = student.conv2d_grad_input_cpu(x.shape, kernel, d_y, **case.how)
    assert_close(
        np.sum(x * d_x), np.sum(case.forward(x, kernel) * d_y), what="sum(x * d_x)"
    )
