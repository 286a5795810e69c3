"""batchnorm_backward agrees with the Jacobian of each channel."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient, tolerance
from solutions.expect import several
from solutions.oracles.normalization import batchnorm_gradients, batchnorm_loop

SHAPES = {
    "convolution, H != W": (3, 4, 5, 2),
    "one image": (1, 3, 4, 3),
    "one channel": (2, 3, 3, 1),
    "more channels than pixels": (2, 1, 2, 7),
    "N = H = W = C": (3, 3, 3, 3),
    "dense": (6, 4),
    "dense, batch of three": (3, 5),
}


def draw(rng, shape, dtype=np.float64):
    c = shape[-1:]
    x = normal(rng, shape) * rng.uniform(0.5, 3, c) + 2 * normal(rng, c)
    parts = (x, normal(rng, c), normal(rng, c), normal(rng, shape))
    return tuple(part.astype(dtype) for part in parts)


def gradients(student, x, gamma, beta, dout, epsilon):
    state = np.zeros_like(gamma), np.ones_like(gamma)
    value = student.batchnorm_forward(x, gamma, beta, *state, epsilon=epsilon)
    parts = ("out", "cache", "running_mean", "running_var")
    _, cache, _, _ = several(value, parts, "batchnorm_forward")
    value = student.batchnorm_backward(dout, cache)
    return several(value, ("dx", "dgamma", "dbeta"), "batchnorm_backward")


def assert_gradients(actual, expected, dout):
    (dx, *ours), (expected_dx, *theirs) = actual, expected
    assert_close(dx, expected_dx, what="dx")
    # Sums that may cancel: rounding goes with the size of what is added up.
    added_up = np.abs(dout).reshape(-1, dout.shape[-1]).sum(axis=0).max()
    allowed = tolerance(np.float32) * added_up
    for name, got, wanted in zip(("dgamma", "dbeta"), ours, theirs, strict=True):
        assert_close(got, wanted, atol=allowed, what=name)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_the_jacobian(student, rng, shape):
    x, gamma, beta, dout = draw(rng, shape)
    actual = gradients(student, x, gamma, beta, dout, 0.01)
    assert_gradients(actual, batchnorm_gradients(x, gamma, dout, 0.01), dout)


@pytest.mark.parametrize("epsilon", [1e-5, 2.0])
def test_epsilon(student, rng, epsilon):
    x, gamma, beta, dout = draw(rng, (2, 3, 2, 3))
    actual = gradients(student, x, gamma, beta, dout, epsilon)
    assert_gradients(actual, batchnorm_gradients(x, gamma, dout, epsilon), dout)


@pytest.mark.parametrize("shape", [(2, 2, 3, 2), (4, 3)], ids=["NHWC", "dense"])
def test_matches_differences(student, rng, shape):
    """Central differences of a loop in float64, good to about nine digits."""
    x, gamma, beta, dout = draw(rng, shape)
    actual = gradients(student, x, gamma, beta, dout, 0.1)
    expected = (
        numeric_gradient(lambda x: batchnorm_loop(x, gamma, beta, 0.1), x, dout),
        numeric_gradient(lambda g: batchnorm_loop(x, g, beta, 0.1), gamma, dout),
        numeric_gradient(lambda b: batchnorm_loop(x, gamma, b, 0.1), beta, dout),
    )
    for name, ours, theirs in zip(
        ("dx", "dgamma", "dbeta"), actual, expected, strict=True
    ):
        atol = 1e-3
        assert_close(ours, theirs, atol=atol, what=f"{name}, against differences")


def test_a_common_shift_or_scale_pulls_in_vain(student, rng):
    x, gamma, beta, dout = draw(rng, (3, 4, 2, 2))
    dx = np.asarray(gradients(student, x, gamma, beta, dout, 0.0)[0])
    assert dx.shape == x.shape, f"dx: expected shape {x.shape}, got {dx.shape}"
    atol = 1e-3
    zero = np.zeros(2)
    assert_close(dx.sum((0, 1, 2)), zero, atol=atol, what="sum of dx per channel")
    products = (dx * x).sum((0, 1, 2))
    assert_close(products, zero, atol=atol, what="sum of dx * x, epsilon 0")


def test_float32(student, rng):
    x, gamma, beta, dout = draw(rng, (3, 4, 3, 2), np.float32)
    actual = gradients(student, x, gamma, beta, dout, 0.01)
    expected = batchnorm_gradients(x, gamma, dout, 0.01)
    assert_gradients(actual, [e.astype(np.float32) for e in expected], dout)


def test_memory_layout_does_not_matter(student, rng):
    x, gamma, beta, dout = draw(rng, (4, 6, 5, 3))
    x, dout = np.asfortranarray(x)[::-1], np.asfortranarray(dout)
    actual = gradients(student, x, gamma, beta, dout, 0.01)
    assert_gradients(actual, batchnorm_gradients(x, gamma, dout, 0.01), dout)


def test_inputs_are_unmodified(student, rng):
    x, gamma, beta, dout = draw(rng, (2, 3, 4, 2))
    state = np.zeros_like(gamma), np.ones_like(gamma)
    value = student.batchnorm_forward(x, gamma, beta, *state)
    parts = ("out", "cache", "running_mean", "running_var")
    _, cache, _, _ = several(value, parts, "batchnorm_forward")
    _, after = student.with_inputs("batchnorm_backward", dout, cache)
    assert np.array_equal(dout, after[0]), "batchnorm_backward changed dout"


def test_real_digits(student, rng):
    x = digits_arrays("train[:6]")[0][:, 4:24:3, 6:22:2] / 255.0
    _, gamma, beta, dout = draw(rng, x.shape)
    actual = gradients(student, x, gamma, beta, dout, 1e-3)
    assert_gradients(actual, batchnorm_gradients(x, gamma, dout, 1e-3), dout)
