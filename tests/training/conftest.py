"""Two logical CPU devices for all tests here, before TensorFlow computes anything."""

import numpy as np
import pytest

from shared.training import strategy


@pytest.fixture(scope="session")
def two():
    """A strategy with two replicas on this machine's CPU."""
    return strategy("cpu:2")


@pytest.fixture(scope="session", autouse=True)
def _divided(two):
    """The division comes before the first computation, whatever test runs first."""


@pytest.fixture(scope="session")
def blobs():
    """103 images `(103, 9, 8, 2)` uint8 of four classes that differ in a corner."""
    rng = np.random.default_rng(5)
    x = rng.integers(0, 120, (103, 9, 8, 2), dtype=np.uint8)
    y = rng.integers(0, 4, 103)
    for label, (row, column) in enumerate([(0, 0), (0, 4), (5, 0), (5, 4)]):
        x[y == label, row : row + 4, column : column + 4] += 100
    return x, y
