"""conv2d_grad_kernel_cpu agrees with a float64 oracle and is the forward's adjoint."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv_cases import CASES, Case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_oracle(student, rng, case):
    x, kernel = case.draw(rng)
    d_y = case.draw_d_y(rng)
    d_kernel = student.conv2d_grad_kernel_cpu(x, kernel.shape, d_y, **case.how)
    assert_close(d_kernel, case.gradients(x, kernel, d_y)[1], what="d_kernel")


def test_float32(student, rng):
    case = CASES["all at once"]
    x, kernel = case.draw(rng, np.float32)
    d_y = case.draw_d_y(rng, np.float32)
    d_kernel = student.conv2d_grad_kernel_cpu(x, kernel.shape, d_y, **case.how)
    expected = case.gradients(x, kernel, d_y)[1].astype(np.float32)
    assert_close(d_kernel, expected, what="d_kernel in float32")


def test_a_batch_adds_up(student, rng):
    """Over a batch the gradient is the sum, not the mean, of the images'."""
    case = Case((3, 5, 4, 2), (3, 2, 2, 2))
    x, kernel = case.draw(rng)
    d_y = case.draw_d_y(rng)
    parts = [
        student.conv2d_grad_kernel_cpu(x[n : n + 1], kernel.shape, d_y[n : n + 1])
        for n in range(3)
    ]
    whole = student.conv2d_grad_kernel_cpu(x, kernel.shape, d_y)
    assert_close(whole, sum(parts), what="d_kernel of a batch, against the images' sum")


def test_is_the_adjoint_of_the_forward_pass(student, rng):
    case = CASES["all at once"]
    x, kernel = case.draw(rng)
    d_y = case.draw_d_y(rng)
    d_kernel = student.conv2d_grad_kernel_cpu(x, kernel.shape, d_y, **case.how)
    assert_close(
        np.sum(kernel * d_kernel),
        np.sum(case.forward(x, kernel) * d_y),
        what="sum(kernel * d_kernel)",
    )
