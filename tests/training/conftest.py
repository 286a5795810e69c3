"""Two logical CPU devices for all tests here, before TensorFlow computes anything."""

import pytest

from shared.training import strategy
from tests.training.networks import make_blobs


@pytest.fixture(scope="session", autouse=True)
def two():
    """A strategy with two replicas on this machine's CPU."""
    return strategy("cpu:2")


@pytest.fixture(scope="session")
def blobs():
    """Images and labels, see `make_blobs`."""
    return make_blobs()
