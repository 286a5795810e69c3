"""BatchNormalization written out: Keras's cases, Keras's numbers, the formula."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers.batch_normalization import BatchNormalization
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer

SHAPES = {"vector": (5, 2, 3), "image": (5, 3, 4, 2)}
CASES = {
    f"{name}, axis {axis}, center {center}, scale {scale}": (s, axis, center, scale)
    for (name, s), axis, center, scale in itertools.product(
        SHAPES.items(), (-1, 1), (True, False), (True, False)
    )
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_equals_keras_over_three_steps(case):
    shape, axis, center, scale = case
    options = {"axis": axis, "center": center, "scale": scale, "momentum": 0.7}
    ours, theirs = (
        BatchNormalization(**options),
        keras.layers.BatchNormalization(**options),
    )
    for layer in (ours, theirs):
        layer.build(shape)
    start = [
        np.abs(normal(rng(i), w.shape, dtype=np.float32)) + 0.5
        for i, w in enumerate(theirs.weights)
    ]
    results = []
    for layer in (ours, theirs):
        layer.set_weights(start)
        seen = []
        for step in range(3):
            x = tf.constant(5 + 10 * normal(rng(step), shape, dtype=np.float32))
            with tf.GradientTape() as tape:
                tape.watch(x)
                out = layer(x, training=True)
                loss = tf.reduce_sum(out**3)
            seen += [out, *tape.gradient(loss, [x, *layer.trainable_variables])]
        seen += [layer(x, training=False), *layer.weights]
        results.append([np.asarray(value) for value in seen])
    for actual, expected in zip(*results, strict=True):
        # x is 15 to 7 digits and its gradient a difference of such terms, so that the
        # last bits count against the largest term, not against each small result.
        scale = np.abs(expected).max()
        assert_close(actual, expected, rtol=0, atol=1e-4 * scale)


def test_formula():
    x = normal(rng(3), (4, 5, 7, 3))
    layer = BatchNormalization(momentum=0.8, epsilon=1e-4, dtype="float64")
    layer.build(x.shape)
    gamma, beta = normal(rng(4), (3,)), normal(rng(5), (3,))
    layer.set_weights([gamma, beta, np.ones(3), np.full(3, 2.0)])
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 1e-4) * gamma + beta
    assert_close(np.asarray(layer(x, training=True)), expected)
    assert_close(np.asarray(layer.moving_mean), 0.8 * 1 + 0.2 * mean)
    # The biased variance, also in the moving average.
    assert_close(np.asarray(layer.moving_variance), 0.8 * 2 + 0.2 * variance)


def test_contract():
    check_layer(BatchNormalization, (2, 5, 6, 3))


def test_frozen_layer_uses_the_moving_averages():
    x = 5 + 10 * normal(rng(6), (20, 4, 4, 3), dtype=np.float32)
    layer = BatchNormalization(momentum=0.8, epsilon=1e-7)
    layer.build(x.shape)
    layer.trainable = False
    assert (len(layer.trainable_weights), len(layer.weights)) == (0, 4)
    assert_close(np.asarray(layer(x, training=True)), x)
    layer.trainable = True
    out = np.asarray(layer(x, training=True))
    assert_close(out.mean(axis=(0, 1, 2)), np.zeros(3, "float32"), rtol=0, atol=1e-5)
    assert_close(out.std(axis=(0, 1, 2)), np.ones(3, "float32"), rtol=1e-4)


def test_after_training_with_no_momentum_inference_agrees():
    x = 5 + 10 * normal(rng(7), (6, 3, 4, 2), dtype=np.float32)
    layer = BatchNormalization(momentum=0)
    before = np.asarray(layer(x, training=False))
    training = np.asarray(layer(x, training=True))
    assert np.abs(before - training).max() > 1
    assert_close(np.asarray(layer(x, training=False)), training)


def test_masked_values_do_not_count():
    x = np.array([[[1, 5], [2, 5], [9, 9], [9, 9]]] * 10, "float32")
    mask = np.array([[True, True, False, False]] * 10)
    layer = BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=mask)
    assert_close(np.asarray(layer.moving_mean), np.array([1.5, 5.0], "float32"))
    variance = np.asarray(layer.moving_variance)
    assert_close(variance, np.array([0.25, 0.0], "float32"), rtol=0, atol=1e-6)


def test_mask_is_broadcast_and_may_hide_all():
    layer = BatchNormalization(momentum=0.0)
    out = layer(np.ones((1, 2, 3, 4), "f4"), training=True, mask=np.ones((1, 2, 1)))
    assert_close(np.asarray(out), np.zeros((1, 2, 3, 4), "f4"), rtol=0, atol=1e-3)
    assert_close(np.asarray(layer.moving_mean), np.ones(4, "f4"))
    layer = BatchNormalization(scale=False, center=False)
    out = layer(np.zeros((4, 5), "f4"), training=True, mask=np.zeros(4, "f4"))
    assert np.array_equal(np.asarray(out), np.zeros((4, 5)))
    with pytest.raises(ValueError, match="mask must have one axis less"):
        layer(np.zeros((4, 5), "f4"), training=True, mask=np.zeros((4, 5), "f4"))


def test_float16_statistics_do_not_overflow():
    x = (500 * normal(rng(8), (8, 4, 4, 2))).astype("float16")
    out = BatchNormalization(dtype="mixed_float16")(x, training=True)
    assert out.dtype == "float16"
    assert np.isfinite(np.asarray(out)).all()
    # The variance, 250,000, exceeds float16's 65,504.
    assert abs(np.asarray(out, "float32").std() - 1) < 0.01


def test_regularizers_become_losses():
    layer = BatchNormalization(beta_regularizer="l2", gamma_regularizer="l2")
    layer(np.zeros((2, 4, 4, 3), "float32"), training=True)
    assert len(layer.losses) == 2


def test_renorm_is_left_to_keras():
    x = normal(rng(9), (6, 3), dtype=np.float32)
    results = []
    for cls in (BatchNormalization, keras.layers.BatchNormalization):
        layer = cls(renorm=True)
        results.append([np.asarray(layer(x, training=True)) for _ in range(2)])
        assert len(layer.non_trainable_weights) == 5
    assert_close(results[0][1], results[1][1])
