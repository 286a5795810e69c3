"""Two logical CPU devices for all tests here, before TensorFlow computes anything."""

import contextlib
import os

import pytest
import tensorflow as tf

from shared.training import strategy
from shared.training.errors import StrategyError
from shared.training.strategies import divide_cpu
from tests.training.networks import make_blobs

# Here, because tests of other folders may start TensorFlow first. Where it runs
# already, the fixture below fails and says why.
with contextlib.suppress(StrategyError, RuntimeError):
    # Set here, it is not halved: other folders' tests are of several threads.
    tf.config.threading.set_intra_op_parallelism_threads(os.cpu_count() or 1)
    divide_cpu(2)


@pytest.fixture(scope="session")
def two():
    """A strategy with two replicas on this machine's CPU."""
    return strategy("cpu:2")


@pytest.fixture(scope="session")
def blobs():
    """Images and labels, see `make_blobs`."""
    return make_blobs()
