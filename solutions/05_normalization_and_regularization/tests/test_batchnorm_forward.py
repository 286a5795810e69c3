"""batchnorm_forward normalises each channel by its batch and updates the state."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.expect import several
from solutions.oracles.normalization import batchnorm_loop, channel_statistics

PARTS = ("out", "cache", "running_mean", "running_var")
SHAPES = {
    "convolution, H != W": (3, 4, 5, 2),
    "one image": (1, 3, 4, 3),
    "one channel": (2, 3, 3, 1),
    "more channels than pixels": (2, 1, 2, 7),
    "N = H = W = C": (3, 3, 3, 3),
    "dense": (6, 4),
    "dense, batch of two": (2, 3),
}


def draw(rng, shape, dtype=np.float64):
    """x with its own mean and size per channel, gamma, beta and a running state."""
    c = shape[-1:]
    x = normal(rng, shape) * rng.uniform(0.5, 3, c) + 2 * normal(rng, c)
    parts = (x, normal(rng, c), normal(rng, c), normal(rng, c), rng.uniform(1, 5, c))
    return tuple(part.astype(dtype) for part in parts)


def forward(student, *args, **options):
    value = student.batchnorm_forward(*args, **options)
    return several(value, PARTS, "batchnorm_forward")


def assert_state(mean, var, args, momentum):
    """The new state."""
    x, _, _, old_mean, old_var = args
    batch_mean, batch_var = channel_statistics(x)
    share = 1 - momentum
    expected = momentum * old_mean + share * batch_mean
    assert_close(mean, expected, what="new running_mean")
    expected = momentum * old_var + share * batch_var
    assert_close(var, expected, what="new running_var")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_output(student, rng, shape):
    args = draw(rng, shape)
    out, *_ = forward(student, *args, momentum=0.9, epsilon=0.01)
    assert_close(out, batchnorm_loop(*args[:3], 0.01), what="out")


@pytest.mark.parametrize("epsilon", [1e-5, 1.0, 10.0])
def test_epsilon_stands_under_the_root(student, rng, epsilon):
    args = draw(rng, (3, 2, 4, 2))
    out, *_ = forward(student, *args, momentum=0.9, epsilon=epsilon)
    expected = batchnorm_loop(*args[:3], epsilon)
    assert_close(out, expected, what=f"out with epsilon {epsilon:g}")


@pytest.mark.parametrize("momentum", [0.0, 0.25, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(2, 3, 2, 3), (4, 3)], ids=["NHWC", "dense"])
def test_running_state(student, rng, shape, momentum):
    args = draw(rng, shape)
    *_, mean, var = forward(student, *args, momentum=momentum, epsilon=0.1)
    assert_state(mean, var, args, momentum)


def test_defaults(student, rng):
    args = draw(rng, (2, 3, 4, 2))
    out, _, mean, var = forward(student, *args)
    assert_close(out, batchnorm_loop(*args[:3], 1e-3), what="out with default epsilon")
    assert_state(mean, var, args, 0.99)


def test_the_output_does_not_look_at_the_running_state(student, rng):
    x, gamma, beta, mean, var = draw(rng, (2, 3, 2, 2))
    first, *_ = forward(student, x, gamma, beta, mean, var)
    second, *_ = forward(student, x, gamma, beta, 100 + mean, 9 * var)
    assert_close(second, first, what="out with another running state")


def test_a_constant_channel(student):
    x = np.full((2, 3, 2, 1), 7.0)
    out, *_ = forward(
        student, x, np.ones(1), np.full(1, 5.0), np.zeros(1), np.ones(1), epsilon=1e-3
    )
    assert_close(out, np.full(x.shape, 5.0), what="out for a channel of sevens, beta 5")


def test_float32(student, rng):
    args = draw(rng, (3, 4, 3, 2), np.float32)
    out, _, mean, var = forward(student, *args, momentum=0.9, epsilon=0.01)
    expected = batchnorm_loop(*args[:3], 0.01).astype(np.float32)
    assert_close(out, expected, what="out for float32 arrays")
    assert_state(mean, var, args, 0.9)


def test_memory_layout_does_not_matter(student, rng):
    x, *others = draw(rng, (4, 6, 5, 3))
    for view in (np.asfortranarray(x), x[:, ::-2]):
        out, *_ = forward(student, view, *others, epsilon=0.01)
        expected = batchnorm_loop(view, *others[:2], 0.01)
        assert_close(out, expected, what="out for x in another memory layout")


def test_inputs_are_unmodified(student, rng):
    args = draw(rng, (2, 3, 4, 2))
    _, after = student.with_inputs("batchnorm_forward", *args)
    names = ("x", "gamma", "beta", "running_mean", "running_var")
    for name, old, new in zip(names, args, after, strict=True):
        assert np.array_equal(old, new), (
            f"batchnorm_forward changed its argument {name}"
        )


def test_real_digits(student, rng):
    x = digits_arrays("train[:6]")[0][:, 4:24:3, 6:22:2] / 255.0
    one, zero = np.ones(1), np.zeros(1)
    out, _, mean, var = forward(student, x, one, zero, zero, one, momentum=0.5)
    assert_close(out, batchnorm_loop(x, one, zero, 1e-3), what="out for six digits")
    assert_state(mean, var, (x, one, zero, zero, one), 0.5)
