"""The Xception block, and what a separable convolution is."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.accounting import multiply_adds, parameters
from shared.layers.xception_block import XceptionBlock, separable_bn
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.reference import conv, leaves, normalized, randomize

SHAPE = (2, 9, 12, 6)
BLOCKS = {
    "middle": functools.partial(XceptionBlock, (4, 3, 6)),
    "strided": functools.partial(XceptionBlock, (4, 5), 2),
    "first": functools.partial(XceptionBlock, (4, 5), 2, activate_first=False),
}


@pytest.mark.parametrize("make", BLOCKS.values(), ids=BLOCKS)
def test_contract(make):
    check_layer(make, SHAPE)


def test_separable_is_depthwise_then_pointwise():
    inputs = keras.Input((None, None, 6))
    model = keras.Model(inputs, separable_bn(inputs, 5, 3, strides=2))
    randomize(model, 1)
    x = normal(rng(2), SHAPE, dtype=np.float32)
    separable, norm = model.layers[1:]

    # Depthwise: each channel with its own kernel, as six full convolutions of one.
    kernel = separable.depthwise_kernel.value
    channels = [
        tf.nn.conv2d(x[..., c : c + 1], kernel[:, :, c : c + 1], 2, "SAME")
        for c in range(6)
    ]
    depthwise = tf.concat(channels, -1)
    # Pointwise: a matrix product over the channels, no activation before it.
    mixed = tf.einsum(
        "nhwc,cf->nhwf", depthwise, separable.pointwise_kernel.value[0, 0]
    )
    expected = normalized(mixed, norm, 1e-3)
    assert_close(model(x, training=False).numpy(), expected.numpy())

    # The same through Keras's two layers.
    pair = keras.Sequential(
        [
            keras.layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False),
            keras.layers.Conv2D(5, 1, use_bias=False),
        ]
    )
    pair.build(SHAPE)
    pair.set_weights(separable.get_weights())
    assert_close(pair(x).numpy(), mixed.numpy())


@pytest.mark.parametrize("name", BLOCKS)
def test_against_tensorflow(name):
    block = BLOCKS[name]()
    block.build(SHAPE)
    randomize(block, 3)
    x = normal(rng(4), SHAPE, dtype=np.float32)
    separables = leaves(block, keras.layers.SeparableConv2D, SHAPE[1:])
    norms = leaves(block, keras.layers.BatchNormalization, SHAPE[1:])
    y = tf.constant(x)
    for index, separable in enumerate(separables):
        if index or name != "first":
            y = tf.nn.relu(y)
        y = tf.nn.separable_conv2d(
            y,
            separable.depthwise_kernel.value,
            separable.pointwise_kernel.value,
            (1, 1, 1, 1),
            "SAME",
        )
        y = normalized(y, norms[index], 1e-3)
    shortcut = tf.constant(x)
    if name != "middle":
        y = tf.nn.max_pool2d(y, 3, 2, "SAME")
        (projection,) = [
            layer
            for layer in leaves(block, keras.layers.Conv2D, SHAPE[1:])
            if type(layer) is keras.layers.Conv2D
        ]
        shortcut = normalized(conv(x, projection, 2), norms[-1], 1e-3)
    assert_close(block(x, training=False).numpy(), (y + shortcut).numpy())


def test_cost():
    block = XceptionBlock((8,), name="one")
    block.build((None, 9, 12, 8))
    assert parameters(block) == (8 * 9 + 8 * 8 + 2 * 8, 8 * 9 + 8 * 8 + 4 * 8)
    assert multiply_adds(block, (9, 12, 8)) == 9 * 12 * (8 * 9 + 8 * 8)


def test_identity_shortcut_needs_equal_channels():
    with pytest.raises(ValueError, match=r"filters must end in 6.*got \(4, 5\)"):
        XceptionBlock((4, 5)).build(SHAPE)
