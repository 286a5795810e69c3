"""The normalisation oracles against Keras, TensorFlow and differences."""

import numpy as np
import pytest

from shared.testing import assert_close, normal, numeric_gradient
from solutions.oracles.normalization import (
    batchnorm_gradients,
    batchnorm_loop,
    channel_statistics,
    lrn_loop,
    normalize_with,
)


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (6, 3)], ids=["NHWC", "dense"])
def test_batch_normalisation_agrees_with_keras(shape):
    """Output in training, the running state after it, output in evaluation."""
    import keras

    rng = np.random.default_rng(0)
    x, c = normal(rng, shape, np.float32), shape[-1:]
    gamma, beta, mean = (normal(rng, c, np.float32) for _ in range(3))
    var = rng.uniform(0.5, 2, c).astype(np.float32)
    layer = keras.layers.BatchNormalization(momentum=0.8, epsilon=0.05)
    layer.build(shape)
    layer.set_weights([gamma, beta, mean, var])

    later = normalize_with(x, gamma, beta, mean, var, 0.05)
    assert_close(np.asarray(layer(x, training=False)), later)
    out = np.asarray(layer(x, training=True))
    assert_close(out, batchnorm_loop(x, gamma, beta, 0.05))
    batch_mean, batch_var = channel_statistics(x)
    _, _, new_mean, new_var = layer.get_weights()
    assert_close(new_mean, 0.8 * mean + 0.2 * batch_mean)
    assert_close(new_var, 0.8 * var + 0.2 * batch_var)


def test_gradients_agree_with_differences():
    rng = np.random.default_rng(1)
    x, gamma, beta = normal(rng, (2, 3, 2, 2)), normal(rng, (2,)), normal(rng, (2,))
    dout = normal(rng, x.shape)
    dx, dgamma, dbeta = batchnorm_gradients(x, gamma, dout, 0.1)
    loss = {
        "dx": (dx, lambda v: batchnorm_loop(v, gamma, beta, 0.1), x),
        "dgamma": (dgamma, lambda v: batchnorm_loop(x, v, beta, 0.1), gamma),
        "dbeta": (dbeta, lambda v: batchnorm_loop(x, gamma, v, 0.1), beta),
    }
    for name, (ours, f, at) in loss.items():
        assert_close(ours, numeric_gradient(f, at, dout), atol=1e-7, what=name)


@pytest.mark.parametrize("n", [1, 3, 4, 5, 20])
def test_lrn_agrees_with_tensorflow(n):
    import tensorflow as tf

    x = normal(np.random.default_rng(2), (2, 3, 2, 7), np.float32)
    theirs = tf.nn.local_response_normalization(
        x, depth_radius=n // 2, bias=2.0, alpha=0.3, beta=0.75
    )
    assert_close(theirs.numpy(), lrn_loop(x, n, 2.0, 0.3, 0.75).astype(np.float32))
