"""FusedBatchNormalization: Keras's numbers everywhere, fused kernels where due."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer

MODES = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}
CASES = {
    f"{mode}, center {center}, scale {scale}, trainable {trainable}": case
    for case in itertools.product(MODES, (True, False), (True, False), (True, False))
    for mode, center, scale, trainable in [case]
}


def operations(layer, training, jit_compile=False, shape=(4, 5, 3, 2), **call):
    """The kinds of operations in the graph of one call and its gradient."""
    layer.build(shape)

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = layer(x, training=training, **call)
        return tape.gradient(out, x)

    spec = tf.TensorSpec(shape, layer.compute_dtype)
    function = tf.function(run, [spec], jit_compile=jit_compile)
    return [
        each.type for each in function.get_concrete_function().graph.get_operations()
    ]


def several_steps(layer, start, xs, mode):
    """Outputs and gradients of steps in training and one in evaluation, and weights."""
    layer.set_weights(start)

    def step(x, weights, training):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = layer(x, training=training)
            loss = tf.reduce_sum(weights * out**3)
        return out, tape.gradient(loss, [x, *layer.trainable_variables])

    seen = []
    for training in (True, False):
        run = MODES[mode](lambda x, w, training=training: step(x, w, training))
        for index, x in enumerate(xs):
            weights = normal(rng(50 + index), x.shape, dtype=np.float32)
            seen += tf.nest.flatten(run(tf.constant(x), tf.constant(weights)))
    return [np.asarray(value) for value in [*seen, *layer.weights]]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_equals_keras_over_three_steps(case):
    mode, center, scale, trainable = case
    options = {"center": center, "scale": scale, "momentum": 0.7, "epsilon": 0.01}
    xs = [2 + 3 * normal(rng(i), (5, 3, 4, 2), dtype=np.float32) for i in range(3)]
    results = []
    for cls in (FusedBatchNormalization, keras.layers.BatchNormalization):
        layer = cls(**options)
        layer.build(xs[0].shape)
        start = [
            np.abs(normal(rng(10 + i), w.shape, dtype=np.float32)) + 0.5
            for i, w in enumerate(layer.weights)
        ]
        layer.trainable = trainable
        results.append(several_steps(layer, start, xs, mode))
    assert len(results[0]) == len(results[1])
    for actual, expected in zip(*results, strict=True):
        # A gradient is a difference of larger terms: the last bits count against the
        # largest.
        assert_close(actual, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (1, 7, 1, 1), (2, 1, 5, 17)])
def test_odd_shapes_and_the_biased_variance(shape):
    x = normal(rng(3), shape, dtype=np.float32)
    layer = FusedBatchNormalization(momentum=0.8, epsilon=1e-4)
    out = np.asarray(layer(x, training=True))
    wide = x.astype(np.float64)
    mean, variance = wide.mean(axis=(0, 1, 2)), wide.var(axis=(0, 1, 2))
    expected = (wide - mean) / np.sqrt(variance + 1e-4)
    assert_close(out, expected.astype("f4"), rtol=1e-4, atol=1e-4)
    close = {"rtol": 1e-5, "atol": 1e-6}
    assert_close(np.asarray(layer.moving_mean), (0.2 * mean).astype("f4"), **close)
    average = (0.8 + 0.2 * variance).astype("f4")
    assert_close(np.asarray(layer.moving_variance), average, **close)


def test_contract():
    check_layer(FusedBatchNormalization, (2, 5, 6, 3))


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_low_precision_has_statistics_in_float32(dtype):
    x = tf.cast(300 + 500 * normal(rng(8), (8, 4, 4, 2)), dtype[6:])
    layer = FusedBatchNormalization(momentum=0.0, dtype=dtype)
    out = layer(x, training=True)
    assert out.dtype == dtype[6:]
    wide = np.asarray(tf.cast(x, tf.float64))
    # The variance, 250,000, exceeds float16's 65,504.
    variance = np.asarray(layer.moving_variance)
    assert_close(variance, wide.var(axis=(0, 1, 2)).astype("f4"), rtol=1e-4)
    theirs = keras.layers.BatchNormalization(momentum=0.0, dtype=dtype)
    one = 2.0 ** (-10 if dtype == "mixed_float16" else -7)
    expected = np.asarray(tf.cast(theirs(x, training=True), tf.float32))
    assert_close(np.asarray(tf.cast(out, tf.float32)), expected, rtol=0, atol=3 * one)
    fresh = FusedBatchNormalization(dtype=dtype)
    assert "FusedBatchNormV3" in operations(fresh, True)


@pytest.mark.parametrize("training", [True, False])
def test_one_operation_forward_and_one_backward(training):
    kinds = operations(FusedBatchNormalization(), training)
    assert kinds.count("FusedBatchNormV3") == kinds.count("FusedBatchNormGradV3") == 1
    assert not {"SquaredDifference", "Rsqrt"} & set(kinds)


LEFT_TO_KERAS = {
    "compiled by XLA": ({}, {"jit_compile": True}),
    "rank 3": ({}, {"shape": (4, 5, 2)}),
    "rank 5": ({}, {"shape": (4, 5, 3, 2, 2)}),
    "axis 1": ({"axis": 1}, {}),
    "axis 2": ({"axis": -2}, {}),
    "float64": ({"dtype": "float64"}, {}),
    "synchronized": ({"synchronized": True}, {}),
    "renorm": ({"renorm": True}, {}),
    "mask": ({}, {"mask": np.ones((4, 5, 3), bool)}),
}


@pytest.mark.parametrize("case", LEFT_TO_KERAS.values(), ids=LEFT_TO_KERAS)
def test_all_else_is_left_to_keras(case):
    options, call = case
    theirs, ours = (
        operations(cls(**options), True, **call)
        for cls in (keras.layers.BatchNormalization, FusedBatchNormalization)
    )
    assert "FusedBatchNormV3" not in ours
    assert sorted(ours) == sorted(theirs)


def test_inside_a_function_that_xla_compiles():
    """The inner function is traced on its own; the outer one compiles it."""
    layer = FusedBatchNormalization(momentum=0.0)
    layer.build((None, 3, 3, 2))
    inner = tf.function(lambda x: layer(x, training=True))
    x = 1000 + normal(rng(5), (40, 3, 3, 2), dtype=np.float32)
    tf.function(lambda x: inner(x), jit_compile=True)(tf.constant(x))
    wanted = x.astype("f8").var(axis=(0, 1, 2)).astype("f4")
    assert_close(np.asarray(layer.moving_variance), wanted, rtol=1e-2)


def test_a_large_mean_does_not_hide_the_variance():
    x = 1000 + normal(rng(6), (40, 3, 3, 2), dtype=np.float32)
    wanted = x.astype("f8").var(axis=(0, 1, 2)).astype("f4")
    for wrap in MODES.values():
        layer = FusedBatchNormalization(momentum=0.0)
        layer.build(x.shape)
        run = wrap(lambda x, layer=layer: layer(x, training=True))
        run(tf.constant(x))
        assert_close(np.asarray(layer.moving_variance), wanted, rtol=1e-4)
