"""Two logical CPU devices for all tests here, before TensorFlow computes anything."""

import contextlib

import pytest

from shared.training import strategy
from shared.training.errors import StrategyError
from shared.training.strategies import divide_cpu
from tests.training.networks import make_blobs

# Here, because tests of other folders may start TensorFlow first. Where it runs
# already, the fixture below fails and says why.
with contextlib.suppress(StrategyError):
    divide_cpu(2)


@pytest.fixture(scope="session")
def two():
    """A strategy with two replicas on this machine's CPU."""
    return strategy("cpu:2")


@pytest.fixture(scope="session")
def blobs():
    """Images and labels, see `make_blobs`."""
    return make_blobs()
