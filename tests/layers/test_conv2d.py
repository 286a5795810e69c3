"""Conv2D on the project's kernels: Keras's cases, Keras's results, a NumPy oracle."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers.conv2d import Conv2D
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer


def reference(x, kernel, bias, strides, padding, dilation, groups):
    """The sum over taps in float64, channels last."""
    x, kernel = x.astype("float64"), kernel.astype("float64")
    n, depth = x.shape[0], x.shape[3] // groups
    filters = kernel.shape[3] // groups
    spans = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation, strict=True)]
    if padding == "same":
        sizes = [-(-m // s) for m, s in zip(x.shape[1:3], strides, strict=True)]
        short = [
            max((out - 1) * s + span - m, 0)
            for out, s, span, m in zip(sizes, strides, spans, x.shape[1:3], strict=True)
        ]
        x = np.pad(x, [(0, 0), *((p // 2, p - p // 2) for p in short), (0, 0)])
    sizes = [
        (m - span) // s + 1
        for m, span, s in zip(x.shape[1:3], spans, strides, strict=True)
    ]
    out = np.zeros((n, *sizes, kernel.shape[3]))
    for i, j, g in itertools.product(*map(range, (*kernel.shape[:2], groups))):
        top, left = i * dilation[0], j * dilation[1]
        window = x[
            :,
            top : top + (sizes[0] - 1) * strides[0] + 1 : strides[0],
            left : left + (sizes[1] - 1) * strides[1] + 1 : strides[1],
            g * depth : (g + 1) * depth,
        ]
        mine = slice(g * filters, (g + 1) * filters)
        out[..., mine] += window @ kernel[i, j, :, mine]
    return out + bias


# filters, kernel_size, strides, padding, dilation_rate, groups, data_format.
# The first ten are the combinations of Keras's own tests.
CASES = {
    "plain": (5, 2, 1, "valid", 1, 1, "channels_last"),
    "same, stride 2": (4, 3, 2, "same", 1, 1, "channels_last"),
    "dilated, grouped": (6, 2, 1, "same", (2, 2), 2, "channels_last"),
    "dilations differ": (6, 2, 1, "same", (2, 3), 2, "channels_last"),
    "pairs, grouped": (6, (4, 3), (2, 1), "valid", (1, 1), 2, "channels_last"),
    "channels first": (6, (4, 3), (2, 1), "valid", (1, 1), 2, "channels_first"),
    "square pair": (6, (2, 2), (2, 1), "valid", (1, 1), 2, "channels_last"),
    "kernel 3": (6, 3, 1, "valid", 1, 1, "channels_last"),
    "stride 2, grouped": (6, 2, 2, "valid", 1, 2, "channels_last"),
    "1x1": (7, 1, 1, "valid", 1, 1, "channels_last"),
    "depthwise": (8, (3, 2), 1, "same", 1, 4, "channels_last"),
    "remainder dropped": (3, 3, 3, "valid", 1, 1, "channels_last"),
    "kernel as large as the image": (3, (8, 9), 1, "valid", 1, 1, "channels_last"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_results(case):
    filters, kernel_size, strides, padding, dilation, groups, data_format = case
    first = data_format == "channels_first"
    x = normal(rng(1), (2, 8, 9, 4), dtype=np.float32)
    layer = Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation,
        groups=groups,
        data_format=data_format,
    )
    given = x.transpose(0, 3, 1, 2) if first else x
    layer.build(given.shape)
    kernel, bias = (
        normal(rng(seed), w.shape, dtype=np.float32)
        for seed, w in enumerate(layer.weights, start=2)
    )
    layer.set_weights([kernel, bias])
    out = np.asarray(layer(given))
    assert out.shape == layer.compute_output_shape(given.shape)
    out = out.transpose(0, 2, 3, 1) if first else out
    pairs = (layer.strides, layer.dilation_rate)
    expected = reference(x, kernel, bias, pairs[0], padding, pairs[1], groups)
    assert_close(out, expected.astype("float32"))


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if case[-1] == "channels_last"],
    ids=[name for name, case in CASES.items() if case[-1] == "channels_last"],
)
def test_equals_keras_with_gradients(case):
    filters, kernel_size, strides, padding, dilation, groups, _ = case
    x = tf.constant(normal(rng(4), (2, 8, 9, 4), dtype=np.float32))
    weights, results = None, []
    for cls in (keras.layers.Conv2D, Conv2D):
        layer = cls(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            dilation_rate=dilation,
            groups=groups,
            activation="tanh",
        )
        layer.build(x.shape)
        weights = weights or layer.get_weights()
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = layer(x)
            loss = tf.reduce_sum(out**2)
        grads = tape.gradient(loss, [x, *layer.trainable_variables])
        results.append([np.asarray(value) for value in (out, *grads)])
    for name, expected, actual in zip(
        ("output", "dx", "dkernel", "dbias"), *results, strict=True
    ):
        assert_close(actual, expected, what=name)


def test_contract():
    check_layer(lambda **kw: Conv2D(5, 3, strides=2, **kw), (2, 7, 9, 3))


def test_constructor_is_keras():
    arguments = {
        "filters": 4,
        "kernel_size": 3,
        "strides": (2, 1),
        "padding": "same",
        "groups": 2,
        "activation": "relu",
        "use_bias": False,
        "kernel_initializer": "he_normal",
        "kernel_regularizer": "l2",
        "kernel_constraint": "non_neg",
        "activity_regularizer": "l1",
        "name": "mine",
    }
    ours, theirs = Conv2D(**arguments), keras.layers.Conv2D(**arguments)
    assert ours.get_config() == theirs.get_config() | {"implementation": "auto"}
    ours.build((None, 5, 5, 2))
    assert [w.path for w in ours.weights] == ["mine/kernel"]
    assert isinstance(ours.kernel.constraint, keras.constraints.NonNeg)
    ours(np.ones((1, 5, 5, 2), "float32"))
    assert len(ours.losses) == 2


BAD = {
    "filters": ({"filters": 0, "kernel_size": 1}, "filters"),
    "kernel": ({"filters": 2, "kernel_size": (1, 0)}, "kernel_size"),
    "strides": ({"filters": 2, "kernel_size": 2, "strides": (1, 0)}, "strides"),
    "stride and dilation": (
        {"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": (2, 1)},
        "strides > 1",
    ),
    "no group": ({"filters": 5, "kernel_size": 2, "groups": 0}, "groups"),
    "groups": ({"filters": 5, "kernel_size": 2, "groups": 2}, "groups"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Conv2D(**arguments)


def test_kernel_larger_than_the_image():
    x = normal(rng(5), (3, 4, 4, 4), dtype=np.float32)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        Conv2D(6, 5)(x)
    with pytest.raises(ValueError, match="negative"):
        Conv2D(1, 2, dilation_rate=10)(keras.Input((10, 10, 3)))


def test_trains_and_loads_into_keras(tmp_path):
    keras.utils.set_random_seed(3)
    x = normal(rng(6), (16, 6, 7, 3), dtype=np.float32)
    target = x.sum(axis=(1, 2, 3))[:, None]

    def model(cls):
        return keras.Sequential(
            [
                keras.Input((6, 7, 3)),
                cls(4, 3),
                keras.layers.Flatten(),
                keras.layers.Dense(1),
            ]
        )

    ours = model(Conv2D)
    ours.compile("adam", "mse")
    losses = ours.fit(x, target, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    theirs = model(keras.layers.Conv2D)
    theirs.set_weights(ours.get_weights())
    assert_close(np.asarray(theirs(x)), np.asarray(ours(x)))
    ours.save(tmp_path / "ours.keras")
    loaded = keras.saving.load_model(tmp_path / "ours.keras")
    assert isinstance(loaded.layers[0], Conv2D)
    assert_close(np.asarray(loaded(x)), np.asarray(ours(x)))


def test_lora():
    layer = Conv2D(3, 2)
    layer.build((1, 4, 4, 3))
    layer.enable_lora(rank=2, lora_alpha=3.0)
    a, b = (
        normal(rng(s), w.shape, dtype=np.float32)
        for s, w in enumerate((layer.lora_kernel_a, layer.lora_kernel_b))
    )
    layer.lora_kernel_a.assign(a)
    layer.lora_kernel_b.assign(b)
    x = normal(rng(9), (1, 4, 4, 3), dtype=np.float32)
    kernel = np.asarray(layer._kernel) + 1.5 * np.tensordot(a, b, axes=1)
    expected = reference(x, kernel, 0.0, (1, 1), "valid", (1, 1), 1)
    assert_close(np.asarray(layer(x)), expected.astype("float32"))
