"""The oracles of pooling and losses against TensorFlow and differences."""

import numpy as np
import pytest

from shared.testing import assert_close, normal, numeric_gradient
from solutions.oracles.losses import cross_entropy_loop
from solutions.oracles.pooling import (
    avgpool_gradient_loop,
    avgpool_loop,
    maxpool_gradient_loop,
    maxpool_loop,
    membership,
)

# x NHWC, pool_size, stride
CASES = {
    "side by side": ((2, 4, 6, 3), (2, 2), 2),
    "overlap, remainder": ((2, 7, 6, 2), (3, 2), 2),
    "gaps": ((1, 8, 7, 2), (2, 1), 3),
    "one step": ((2, 4, 5, 1), (3, 4), 1),
}


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_pooling_agrees_with_tensorflow(case, padding):
    import tensorflow as tf

    shape, pool_size, stride = case
    x = normal(np.random.default_rng(0), shape) - 3  # mostly negative
    options = {"stride": stride, "padding": padding}
    with tf.GradientTape(persistent=True) as tape:
        images = tf.constant(x)
        tape.watch(images)
        largest = tf.nn.max_pool2d(images, pool_size, stride, padding.upper())
        mean = tf.nn.avg_pool2d(images, pool_size, stride, padding.upper())
    assert_close(maxpool_loop(x, pool_size, **options), largest.numpy())
    assert_close(avgpool_loop(x, pool_size, **options), mean.numpy())

    dout = normal(np.random.default_rng(1), tuple(largest.shape))
    theirs = tape.gradient(largest, images, dout).numpy()
    assert_close(maxpool_gradient_loop(x, dout, pool_size, **options), theirs)
    theirs = tape.gradient(mean, images, dout).numpy()
    assert_close(avgpool_gradient_loop(x.shape, dout, pool_size, **options), theirs)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_first_of_equals_wins_as_in_tensorflow(padding):
    import tensorflow as tf

    x = np.random.default_rng(2).integers(0, 2, (2, 6, 7, 3)).astype(float)
    with tf.GradientTape() as tape:
        images = tf.constant(x)
        tape.watch(images)
        out = tf.nn.max_pool2d(images, (3, 2), 2, padding.upper())
    dout = normal(np.random.default_rng(3), tuple(out.shape))
    ours = maxpool_gradient_loop(x, dout, (3, 2), stride=2, padding=padding)
    assert_close(ours, tape.gradient(out, images, dout).numpy())


def test_no_window_is_empty():
    for n in range(1, 12):
        for pool in range(1, 6):
            for stride in range(1, 6):
                assert membership(n, pool, stride, "same").any(axis=1).all()


def test_cross_entropy_agrees_with_tensorflow_and_differences():
    import tensorflow as tf

    rng = np.random.default_rng(4)
    logits, labels = 5 * normal(rng, (6, 4)), rng.integers(4, size=6)
    loss, gradient = cross_entropy_loop(logits, labels)
    theirs = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    assert_close(loss, theirs.numpy().mean())
    numeric = numeric_gradient(lambda z: cross_entropy_loop(z, labels)[0], logits)
    assert_close(gradient, numeric, atol=1e-9)


def test_cross_entropy_of_far_logits():
    loss, gradient = cross_entropy_loop([[0.0, 1000.0], [1e6, 0.0]], [0, 0])
    assert_close(loss, 500.0)
    assert_close(gradient, np.array([[-0.5, 0.5], [0.0, 0.0]]))
