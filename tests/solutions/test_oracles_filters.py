"""The oracles of assignment 01 agree with SciPy and with properties."""

import numpy as np
import pytest
from scipy import signal

from shared.testing import assert_close, normal
from solutions.oracles.filters import (
    convolve2d_scatter,
    convolve_scatter,
    match_loop,
    permute_loop,
)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (7, 3), (2, 5), (6, 4)])
def test_sequences(rng, n, k):
    f, g = normal(rng, (n,)), normal(rng, (k,))
    assert_close(convolve_scatter(f, g), signal.convolve(f, g, method="direct"))


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@pytest.mark.parametrize("kernel", [(3, 3), (1, 4), (4, 3), (2, 2), (5, 1)])
def test_images(rng, kernel, mode):
    x, k = normal(rng, (6, 7)), normal(rng, kernel)
    assert_close(convolve2d_scatter(x, k, mode), signal.convolve2d(x, k, mode))


def test_matches_are_mean_products(rng):
    x, f = normal(rng, (6, 7)), normal(rng, (2, 4))
    assert_close(match_loop(x, f), signal.correlate2d(x, f, "valid") / 8)


def test_permuting_pixels(rng):
    images, permutation = normal(rng, (2, 3, 4, 3)), rng.permutation(12)
    expected = images.reshape(2, 12, 3)[:, permutation].reshape(images.shape)
    assert np.array_equal(permute_loop(images, permutation), expected)
