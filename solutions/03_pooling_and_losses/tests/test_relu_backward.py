"""relu_backward lets dout through where x is positive; at zero it does not."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 4, 3, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matches_where(student, rng, shape, dtype):
    x, dout = (np.asarray(3 * normal(rng, shape), dtype) for _ in range(2))
    dx = student.relu_backward(dout, x)
    assert_close(dx, np.where(x > 0, dout, np.zeros_like(dout)), what="dx")


def test_slope_at_zero_is_zero(student):
    x = np.array([0.0, -0.0, 0.0, 2.0, -2.0])
    dx = student.relu_backward(np.array([3.0, 4, -5, 6, 7]), x)
    assert_close(dx, np.array([0.0, 0, 0, 6, 0]), what="dx for x = 0, -0, 0, 2, -2")


def test_slope_beside_zero(student):
    x = np.array([-1e-30, 1e-30, -1.0, 0.5, 1.0, 1e30, -1e30])
    dx = student.relu_backward(np.full(7, 2.0), x)
    expected = np.array([0.0, 2, 0, 2, 2, 2, 0])
    assert_close(dx, expected, what="dx for tiny and for large x")


def test_sign_of_dout_does_not_matter(student, rng):
    x, dout = np.abs(normal(rng, (4, 5))) + 0.1, -np.abs(normal(rng, (4, 5)))
    dx = student.relu_backward(dout, x)
    assert_close(dx, dout, what="dx where x is positive and dout negative")


def test_matches_central_differences(student, rng):
    x, dout = normal(rng, (3, 4)), normal(rng, (3, 4))
    x += 0.1 * np.sign(x)  # no corner within the step
    numeric = numeric_gradient(lambda v: np.fmax(v, 0), x, dout)
    dx = student.relu_backward(dout, x)
    atol = 1e-5
    assert_close(dx, numeric, atol=atol, what="dx, numeric")


def test_empty_paper_gets_no_gradient(student, rng):
    image = digits_arrays("train[7:8]")[0] / 255.0
    dout = normal(rng, image.shape)
    expected = dout.copy()
    expected[image == 0] = 0
    assert_close(student.relu_backward(dout, image), expected, what="dx of a digit")


def test_memory_layout_does_not_matter(student, rng):
    x, dout = normal(rng, (4, 3, 5)), normal(rng, (5, 3, 4)).T
    x = np.asfortranarray(x)
    expected = np.where(x > 0, dout, 0.0)
    assert_close(student.relu_backward(dout, x), expected, what="dx, Fortran order")


def test_inputs_are_unmodified(student, rng):
    x, dout = normal(rng, (3, 4)), normal(rng, (3, 4))
    _, after = student.with_inputs("relu_backward", dout, x)
    for name, old, new in zip(("dout", "x"), (dout, x), after, strict=True):
        assert np.array_equal(old, new), f"relu_backward changed its argument {name}"
