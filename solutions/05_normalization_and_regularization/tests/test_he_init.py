"""he_init scales standard normal numbers by the root of 2 / fan_in."""

import math

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

SHAPES = {  # shape, numbers that one output adds up
    "3x3 kernel": ((3, 3, 4, 8), 36),
    "kh != kw": ((5, 2, 3, 4), 30),
    "1x1 kernel": ((1, 1, 6, 2), 6),
    "one channel": ((3, 2, 1, 5), 6),
    "one filter": ((3, 2, 5, 1), 30),
    "dense": ((7, 3), 7),
    "dense, more units than inputs": ((2, 9), 2),
}


@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_standard_deviation(student, rng, case):
    shape, fan_in = case
    z = normal(rng, shape)
    weights = student.he_init(z)
    assert_close(weights, z * math.sqrt(2.0 / fan_in), what="weights")


def test_float32(student, rng):
    z = normal(rng, (3, 3, 2, 4), np.float32)
    expected = (z / 3.0).astype(np.float32)
    assert_close(student.he_init(z), expected, what="weights for fan_in 18")


def test_memory_layout_does_not_matter(student, rng):
    z = np.asfortranarray(normal(rng, (3, 2, 5, 4)))[:, ::-1]
    assert_close(student.he_init(z), z / math.sqrt(15), what="weights (a view)")


def test_relu_keeps_the_mean_square(student, rng):
    """Two layers deep: the mean square comes out as it went in, to a few per cent."""
    x = normal(rng, (400, 300))
    for _ in range(2):
        weights = np.asarray(student.he_init(normal(rng, (x.shape[1], 300))))
        x = np.maximum(x @ weights, 0)
    strength = np.mean(x**2)
    assert 0.7 < strength < 1.4, (
        f"inputs with mean square 1 must leave two ReLU layers with about 1; they have "
        f"{strength:.3g}"
    )


def test_input_is_unmodified(student, rng):
    z = normal(rng, (2, 3, 4, 2))
    _, after = student.with_inputs("he_init", z)
    assert np.array_equal(z, after[0]), "he_init changed its argument z"
