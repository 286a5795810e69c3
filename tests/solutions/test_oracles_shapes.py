"""The counting oracles against Keras, TensorFlow and the package's own arithmetic."""

import numpy as np
import pytest

from shared.shapes import out_size, receptive_field, same_pads
from shared.testing import assert_close, normal
from solutions.oracles.shapes import (
    convolution_matrix,
    field,
    network_table,
    products,
    same_zeros,
    window_starts,
)


def test_windows_and_zeros_are_those_of_the_package():
    for n, f, s in np.ndindex(12, 6, 5):
        n, f, s = n + 1, f + 1, s + 1
        assert same_zeros(n, f, s) == same_pads(n, f, s)
        before, after = same_zeros(n, f, s)
        assert len(window_starts(n, f, s, before, after)) == -(-n // s)
        if n >= f:
            assert len(window_starts(n, f, s)) == out_size(n, f, s)


def test_fields_are_those_of_the_package():
    rng = np.random.default_rng(0)
    for _ in range(20):
        layers = rng.integers(1, 5, size=(int(rng.integers(0, 5)), 3)).tolist()
        theirs = receptive_field(layers)
        assert field(layers) == (theirs.size, theirs.stride)


def test_two_and_three_small_windows():
    assert [field([(3, 1, 1)] * count)[0] for count in (1, 2, 3)] == [3, 5, 7]


def test_products_by_hand():
    assert products((33, 33, 5), (3, 3), 10, 2, "valid") == 16 * 16 * 10 * 45
    assert products((6, 7, 4), (3, 2), 6, 2, "same", groups=2) == 3 * 4 * 6 * 12


@pytest.mark.parametrize("options", [(1, 1, 0), (2, 1, 1), (1, 2, 2)])
def test_the_matrix_convolves_as_tensorflow(options):
    import tensorflow as tf

    s, d, pad = options
    rng = np.random.default_rng(1)
    image, kernel = normal(rng, (8, 7)), normal(rng, (3, 2))
    matrix, shape = convolution_matrix(kernel, image.shape, s, d, pad)
    theirs = tf.nn.conv2d(
        np.pad(image, pad)[None, :, :, None],
        kernel[:, :, None, None],
        s,
        "VALID",
        dilations=d,
    )
    assert_close((matrix @ image.ravel()).reshape(shape), theirs.numpy()[0, :, :, 0])


def test_network_table_agrees_with_a_keras_model():
    import keras

    from shared.accounting import layer_table

    size = {"strides": 2, "padding": "same"}
    layers = [
        ("Conv2D", {"filters": 3, "kernel_size": (5, 3), **size}),
        ("MaxPooling2D", {"pool_size": (2, 3), "strides": 1, "padding": "valid"}),
        ("Conv2D", {"filters": 2, "kernel_size": (2, 2), **size}),
        ("Flatten", {}),
        ("Dense", {"units": 4}),
    ]
    ours = network_table({"input_shape": (13, 12, 2), "layers": layers})
    built = [getattr(keras.layers, name)(**config) for name, config in layers]
    theirs = layer_table(keras.Sequential([keras.Input((13, 12, 2)), *built]))[1:]
    assert [row["output_shape"] for row in ours] == list(theirs.output_shape)
    assert [row["macs"] for row in ours] == list(theirs.multiply_adds)
    fields = zip(theirs.receptive_height, theirs.receptive_width, strict=True)
    assert [row["receptive_field"] for row in ours[:3]] == list(fields)[:3]
