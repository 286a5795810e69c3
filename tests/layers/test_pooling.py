"""Pooling: Keras's cases, a NumPy oracle for every padding and ceil mode."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers.pooling import AveragePooling2D, MaxPooling2D
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer

LAYERS = {"max": MaxPooling2D, "average": AveragePooling2D}

# pool_size, strides, padding, data_format: the combinations of Keras's own tests.
KERAS = {
    "overlapping": (2, 1, "valid", "channels_last"),
    "overlapping, same": (2, 1, "same", "channels_last"),
    "channels first": (2, 1, "valid", "channels_first"),
    "channels first, same": (2, 1, "same", "channels_first"),
    "pairs": ((2, 3), (2, 2), "valid", "channels_last"),
    "pairs, same": ((2, 3), (2, 2), "same", "channels_last"),
    "gaps, same": ((2, 3), (3, 3), "same", "channels_first"),
    "default strides": (2, None, "valid", "channels_last"),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("case", KERAS.values(), ids=KERAS)
def test_equals_keras(kind, case):
    pool_size, strides, padding, data_format = case
    x = normal(rng(1), (3, 5, 6, 4), dtype=np.float32)
    options = {"padding": padding, "data_format": data_format}
    ours = LAYERS[kind](pool_size, strides, **options)
    theirs = getattr(keras.layers, LAYERS[kind].__name__)(pool_size, strides, **options)
    expected = np.asarray(theirs(x))
    assert ours.compute_output_shape(x.shape) == expected.shape
    assert_close(np.asarray(ours(x)), expected)


def reference(x, kind, pool, stride, pad, ceil):
    """Windows that start inside the input or the padding before it, one by one."""

    def starts(n):
        last = n - 1 if ceil else n + pad - pool
        return [s for s in range(-pad, last + 1, stride) if ceil or s + pool <= n + pad]

    def kept(n):
        # Rounding up adds one partial window at most.
        found = starts(n)
        full = max(n + 2 * pad - pool, 0) // stride + 1
        partial = (n + 2 * pad - pool) % stride > 0
        return found[: full + partial] if ceil else found

    reduce = np.max if kind == "max" else np.mean
    rows = [
        [
            reduce(
                x[:, max(i, 0) : i + pool, max(j, 0) : j + pool].astype("f8"),
                axis=(1, 2),
            )
            for j in kept(x.shape[2])
        ]
        for i in kept(x.shape[1])
    ]
    return np.stack([np.stack(row, axis=1) for row in rows], axis=1).astype(x.dtype)


# height and width, pool_size, strides, padding
WINDOWS = {
    "3/2 on even": ((8, 6), 3, 2, 0),
    "3/2 on odd": ((7, 9), 3, 2, 0),
    "2/2 on odd": ((7, 5), 2, 2, 0),
    "padded 3/2": ((8, 7), 3, 2, 1),
    "padded 2/3": ((7, 9), 2, 3, 1),
    "window ends in padding": ((5, 6), 2, 2, 1),
    "large stride": ((10, 11), 2, 4, 0),
    "overlapping 3/1": ((4, 5), 3, 1, 0),
    "one window": ((3, 3), 3, 2, 0),
}


def traced_on_open_sizes(layer):
    """The layer in a graph that learns height and width only when it runs."""
    open_image = tf.TensorSpec((None, None, None, 3), tf.float32)
    return tf.function(layer, input_signature=[open_image])


@pytest.mark.parametrize("open_size", [False, True], ids=["known", "open"])
@pytest.mark.parametrize("ceil", [False, True], ids=["floor", "ceil"])
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("case", WINDOWS.values(), ids=WINDOWS)
def test_every_window(kind, case, ceil, open_size):
    size, pool, stride, pad = case
    x = normal(rng(2), (2, *size, 3), dtype=np.float32) - 5
    layer = LAYERS[kind](pool, stride, padding=pad or "valid", ceil_mode=ceil)
    expected = reference(x, kind, pool, stride, pad, ceil)
    assert layer.compute_output_shape(x.shape) == expected.shape
    out = traced_on_open_sizes(layer)(x) if open_size else layer(x)
    assert_close(np.asarray(out), expected)


@pytest.mark.parametrize("kind", LAYERS)
def test_same_on_an_open_size(kind):
    x = normal(rng(3), (2, 7, 8, 3), dtype=np.float32)
    layer = LAYERS[kind](3, 2, padding="same")
    out = traced_on_open_sizes(layer)(x)
    assert_close(np.asarray(out), np.asarray(layer(x)))


def test_lecture_examples():
    standard = [[2, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]]
    square = [[-1, 4, 1, 2], [0, 1, 3, -2], [1, 5, -2, 6], [3, -1, -2, -2]]
    for grid, pool, stride, expected in (  # L35, L37
        (standard, 2, 2, [[9, 7], [8, 6]]),
        (square, 2, 2, [[4, 3], [5, 6]]),
        (square, 2, 1, [[4, 4, 3], [5, 5, 6], [5, 5, 6]]),
        (square, 3, 1, [[5, 6], [5, 6]]),
    ):
        x = np.array(grid, "float32")[None, :, :, None]
        out = np.asarray(MaxPooling2D(pool, stride)(x))[0, :, :, 0]
        assert out.tolist() == expected
    # L36: 7 pixels pooled to 4 need rounding up; rounding down gives 3.
    x = np.zeros((1, 7, 7, 3), "float32")
    assert MaxPooling2D(2, 2, ceil_mode=True)(x).shape == (1, 4, 4, 3)
    assert MaxPooling2D(2, 2)(x).shape == (1, 3, 3, 3)


@pytest.mark.parametrize("kind", LAYERS)
def test_contract(kind):
    check_layer(
        lambda **kw: LAYERS[kind](3, 2, padding=1, ceil_mode=True, **kw), (2, 6, 8, 3)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, "pool_size must be"),
        ({"strides": (2, 0)}, "strides must be"),
        ({"padding": "full"}, "padding: got 'full'"),
        ({"padding": 2}, "padding must not exceed half the window"),
        ({"padding": "same", "ceil_mode": True}, 'ceil_mode needs padding="valid"'),
        ({"data_format": "channels_middle"}, "data_format must be"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        MaxPooling2D(**arguments)
