"""dropout keeps where noise >= rate, and leaves the mean as it was."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

SHAPES = {"line": (7,), "dense": (4, 5), "images": (2, 3, 4, 2)}


def kept(x, rate, noise):
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        if not noise[index] < rate:
            out[index] = float(x[index]) / (1 - rate)
    return out


def trained(student, x, rate, noise):
    """The result in training, after a look at evaluation, which leaves x alone."""
    out = student.dropout(x, rate, noise, training=False)
    assert_close(out, x, what="out with training=False")
    return student.dropout(x, rate, noise)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_loop(student, rng, shape, rate):
    x, noise = normal(rng, shape), rng.random(shape)
    out = trained(student, x, rate, noise)
    assert_close(out, kept(x, rate, noise), what="out in training")


def test_what_stands_on_the_border_is_kept(student):
    x, noise = np.array([1.0, 2, 3]), np.array([0.25, 0.5, 0.75])
    out = trained(student, x, 0.5, noise)
    assert_close(out, np.array([0.0, 4, 6]), what="out for noise 0.25, 0.5, 0.75")
    out = student.dropout(x, 0.0, np.zeros(3), training=True)
    assert_close(out, x, what="out for rate 0, noise 0")


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5])
def test_evaluation_leaves_x_alone(student, rng, rate):
    x, noise = normal(rng, (3, 4)), rng.random((3, 4))
    out = student.dropout(x, rate, noise, training=False)
    assert_close(out, x, what="out with training=False")


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.75])
def test_the_mean_over_all_noise_is_x(student, rng, rate):
    """Four kinds of noise, spread evenly: exactly the share `rate` is dropped."""
    x = normal(rng, (3, 2))
    outs = [
        np.asarray(trained(student, x, rate, np.full(x.shape, level)))
        for level in (0.0, 0.25, 0.5, 0.75)
    ]
    assert_close(np.mean(outs, axis=0), x, what="mean over evenly spread noise")


def test_float32(student, rng):
    x, noise = normal(rng, (4, 5), np.float32), rng.random((4, 5))
    out = trained(student, x, 0.3, noise)
    expected = kept(x, 0.3, noise).astype(np.float32)
    assert_close(out, expected, what="out for a float32 array")


def test_memory_layout_does_not_matter(student, rng):
    x, noise = normal(rng, (4, 6))[:, ::-2], np.asfortranarray(rng.random((4, 3)))
    out = trained(student, x, 0.4, noise)
    assert_close(out, kept(x, 0.4, noise), what="out for x in another memory layout")


@pytest.mark.parametrize("training", [True, False])
def test_inputs_are_unmodified(student, rng, training):
    x, noise = normal(rng, (3, 4)), rng.random((3, 4))
    _, after = student.with_inputs("dropout", x, 0.5, noise, training=training)
    for name, old, new in (("x", x, after[0]), ("noise", noise, after[2])):
        assert np.array_equal(old, new), f"dropout changed its argument {name}"
