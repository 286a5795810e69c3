"""Two logical CPU devices for all tests here, before TensorFlow computes anything."""

import os

import pytest
import tensorflow as tf

from shared.training import strategy
from shared.training.errors import StrategyError
from shared.training.strategies import divide_cpu
from tests.training.networks import make_blobs

# Here, while tests are collected, because those of other folders start TensorFlow.
try:
    # Set here, it is not halved: other folders' tests are of several threads.
    tf.config.threading.set_intra_op_parallelism_threads(os.cpu_count() or 1)
    divide_cpu(2)
except (StrategyError, RuntimeError) as error:
    raise pytest.UsageError(
        "a test module starts TensorFlow while tests are collected: look for tensors "
        "and layers that are made in the arguments of parametrize"
    ) from error


@pytest.fixture(scope="session")
def two():
    """A strategy with two replicas on this machine's CPU."""
    return strategy("cpu:2")


@pytest.fixture(scope="session")
def blobs():
    """Images and labels, see `make_blobs`."""
    return make_blobs()
