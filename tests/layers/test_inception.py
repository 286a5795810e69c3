"""Inception modules: the contract, values against plain TensorFlow, published costs."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.accounting import multiply_adds, parameters
from shared.layers import inception_resnet as residual
from shared.layers import inception_v1 as v1
from shared.layers import inception_v2 as v2
from shared.layers import inception_v3 as v3
from shared.layers import inception_v4 as v4
from shared.layers.branches import Conv, Fork, InceptionModule, Pool, Style, chain
from shared.shapes import receptive_field
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.reference import conv, footprint, leaves, normalized, randomize

SHAPE = (2, 9, 12, 6)
SIZE = SHAPE[1:]

MODULES = {
    "naive": functools.partial(v1.InceptionNaive, 3, 4, 2),
    "v1": functools.partial(v1.InceptionV1, 3, (2, 4), (2, 3), 5),
    "v2": functools.partial(v2.InceptionV2, 3, (2, 4), (2, 3), 5, pool="max"),
    "v2 reduction": functools.partial(v2.InceptionV2Reduction, (2, 4), (2, 3)),
    "v3 A": functools.partial(v3.InceptionV3A, 5, 3, (2, 4), (2, 3)),
    "v3 A without 5x5": functools.partial(
        v3.InceptionV3A, 5, 3, (2, 4), (2, 3), factorize_5x5=True, scale=False
    ),
    "v3 reduction A": functools.partial(v3.InceptionV3ReductionA, 4, (2, 3)),
    "v3 B": functools.partial(v3.InceptionV3B, 2, 3, kernel_size=5),
    "v3 reduction B": functools.partial(v3.InceptionV3ReductionB, 2, 3),
    "v3 C": functools.partial(v3.InceptionV3C, 3, 2, (4, 2), 5),
    "v4 A": functools.partial(v4.InceptionV4A, 4, 3),
    "v4 reduction A": functools.partial(v4.InceptionV4ReductionA, 4, (2, 3, 5)),
    "v4 B": functools.partial(v4.InceptionV4B, 3, (2, 4, 5), (2, 3, 4, 2, 3), 2),
    "v4 reduction B": functools.partial(v4.InceptionV4ReductionB, (2, 3), (2, 3, 4, 5)),
    "v4 C": functools.partial(v4.InceptionV4C, 3, 2, (2, 4, 5)),
    "resnet A": functools.partial(residual.InceptionResNetA, 3, (2, 4), (2, 3, 4)),
    "resnet B": functools.partial(
        residual.InceptionResNetB, 3, (2, 4, 5), residual_scale=0.3
    ),
    "resnet C": functools.partial(
        residual.InceptionResNetC, 3, (2, 4, 5), final_activation=None
    ),
    "resnet reduction B": functools.partial(
        residual.InceptionResNetReductionB, (2, 4), (3, 5), (2, 3, 4)
    ),
}


@pytest.mark.parametrize("make", MODULES.values(), ids=MODULES)
def test_contract(make):
    check_layer(make, SHAPE)


def test_style_survives_the_config():
    layer = v1.InceptionV1(
        3, (2, 4), (2, 3), 5, batch_normalization=True, epsilon=0.1, activation="elu"
    )
    assert type(layer).from_config(layer.get_config()).style == layer.style
    assert layer.style == Style(epsilon=0.1, activation="elu")


class TestLectureExample:
    """One module on a 28x28 map of 256 channels, naive and with bottlenecks."""

    SIZE = (28, 28, 256)

    @functools.cached_property
    def naive(self):
        layer = v1.InceptionNaive(128, 192, 96)
        layer.build((None, *self.SIZE))
        return layer

    @functools.cached_property
    def bottleneck(self):
        layer = v1.InceptionV1(128, (64, 192), (64, 96), 64)
        layer.build((None, *self.SIZE))
        return layer

    def test_depth(self):
        shape = (None, *self.SIZE)
        assert self.naive.compute_output_shape(shape) == (None, 28, 28, 672)
        assert self.bottleneck.compute_output_shape(shape) == (None, 28, 28, 480)

    def test_multiply_adds(self):
        naive = multiply_adds(self.naive, self.SIZE)
        bottleneck = multiply_adds(self.bottleneck, self.SIZE)
        assert naive == 28 * 28 * 256 * (128 + 9 * 192 + 25 * 96) == 854_196_224
        # 358M, sometimes printed for the second, counts its 3x3 twice.
        assert bottleneck == 271_351_808
        assert bottleneck + 28 * 28 * 64 * 9 * 192 == pytest.approx(358e6, rel=1e-3)
        assert naive / bottleneck == pytest.approx(3.15, abs=0.005)

    def test_bottleneck_weights(self):
        # A 5x5 from 128 to 256 channels, directly and through 32.
        style = Style(batch_normalization=False, use_bias=False)
        plain = chain_model((Conv(256, 5),), 128, style)
        narrow = chain_model((Conv(32), Conv(256, 5)), 128, style)
        assert parameters(plain)[0] == 819_200
        assert parameters(narrow)[0] == 128 * 32 + 32 * 5 * 5 * 256 == 208_896


def chain_model(steps, channels, style=Style(batch_normalization=False)):  # noqa: B008
    inputs = keras.Input((None, None, channels))
    return keras.Model(inputs, chain(inputs, steps, style))


def test_v1_against_tensorflow():
    layer = MODULES["v1"]()
    x = normal(rng(2), SHAPE, dtype=np.float32)
    layer.build(SHAPE)
    randomize(layer, 3)
    one, three_in, three, five_in, five, pooled = leaves(
        layer, keras.layers.Conv2D, SIZE
    )
    expected = [
        tf.nn.relu(conv(x, one)),
        tf.nn.relu(conv(tf.nn.relu(conv(x, three_in)), three)),
        tf.nn.relu(conv(tf.nn.relu(conv(x, five_in)), five)),
        tf.nn.relu(conv(tf.nn.max_pool2d(x, 3, 1, "SAME"), pooled)),
    ]
    assert_close(layer(x).numpy(), tf.concat(expected, -1).numpy())


def test_steps_against_tensorflow():
    """Every kind of step, normalised: strides, asymmetric kernels, forks in forks."""
    steps = (
        Conv(4, (3, 1), 2, "valid"),
        Fork(
            (
                (),
                (Pool("average"), Conv(3, (1, 5), linear=True)),
                (Fork(((Pool("max", pool_size=2),), (Conv(2),))),),
            )
        ),
    )
    model = chain_model(steps, 6, Style(epsilon=0.01))
    randomize(model, 4)
    x = normal(rng(5), SHAPE, dtype=np.float32)
    convs = leaves(model, keras.layers.Conv2D, SIZE)
    norms = leaves(model, keras.layers.BatchNormalization, SIZE)

    def unit(x, index, *arguments):
        return normalized(conv(x, convs[index], *arguments), norms[index], 0.01)

    trunk = tf.nn.relu(unit(x, 0, 2, "VALID"))
    expected = [
        trunk,
        unit(tf.nn.avg_pool2d(trunk, 3, 1, "SAME"), 1),
        tf.nn.max_pool2d(trunk, 2, 1, "SAME"),
        tf.nn.relu(unit(trunk, 2)),
    ]
    actual = model(x, training=False)
    assert actual.shape[1:3] == (4, 6)
    assert_close(actual.numpy(), tf.concat(expected, -1).numpy())


def test_residual_against_tensorflow():
    layer = MODULES["resnet B"]()
    layer.build(SHAPE)
    randomize(layer, 6)
    x = normal(rng(7), SHAPE, dtype=np.float32)
    one, reduce, row, column, up = leaves(layer, keras.layers.Conv2D, SIZE)
    norms = leaves(layer, keras.layers.BatchNormalization, SIZE)
    assert (row.kernel_size, column.kernel_size) == ((1, 7), (7, 1))

    def unit(x, layer, norm):
        return tf.nn.relu(normalized(conv(x, layer), norm, 1e-3))

    long = x
    for layer_, norm in zip((reduce, row, column), norms[1:], strict=True):
        long = unit(long, layer_, norm)
    branches = tf.concat([unit(x, one, norms[0]), long], -1)
    expected = tf.nn.relu(x + 0.3 * conv(branches, up))
    assert_close(layer(x, training=False).numpy(), expected.numpy())


def test_two_3x3_see_as_far_as_a_5x5():
    five = v1.InceptionV1(1, (1, 1), (1, 1), 1)
    double = v2.InceptionV2(1, (1, 1), (1, 1), 1, batch_normalization=False)
    branch = slice(2, 3)
    assert footprint(five, 15, branch) == footprint(double, 15, branch) == (5, 5)
    assert receptive_field([(3, 1), (3, 1)]) == receptive_field([(5, 1)])
    channels = 10
    weights = [
        parameters(chain_model(steps, channels, Style(False, use_bias=False)))[0]
        for steps in ((Conv(channels, 3),) * 2, (Conv(channels, 5),))
    ]
    assert weights == [18 * channels**2, 25 * channels**2]


def test_factorised_kernels_see_as_far_as_the_square():
    plain = {"batch_normalization": False}
    assert footprint(v3.InceptionV3B(1, 1, **plain), 21, slice(1, 2)) == (7, 7)
    assert footprint(v3.InceptionV3B(1, 1, **plain), 21, slice(2, 3)) == (13, 13)
    # Two 1x7 in succession, as printed in the paper, would see 1x13.
    wide = v4.InceptionV4B(1, (1, 1, 1), (1,) * 5, 1, **plain)
    assert footprint(wide, 21, slice(1, 2)) == (7, 7)
    assert footprint(wide, 21, slice(2, 3)) == (13, 13)
    fan = v4.InceptionV4C(1, 1, (1, 1, 1), **plain)
    reach = [footprint(fan, 15, slice(n, n + 1)) for n in range(6)]
    assert reach == [(1, 1), (1, 3), (3, 1), (3, 5), (5, 3), (3, 3)]


def test_unknown_step_and_pooling():
    with pytest.raises(TypeError, match="steps: expected Conv, Pool or Fork, got 3"):
        chain_model((3,), 4)
    with pytest.raises(ValueError, match="kind must be 'max' or 'average', got 'min'"):
        Pool("min")
    with pytest.raises(NotImplementedError, match="does not define chains"):
        InceptionModule().build((None, 5, 5, 3))


@pytest.mark.parametrize("value", [64, (64,), (96, 128, 3), (96, 0), "96"])
def test_wrong_widths(value):
    with pytest.raises(ValueError, match=r"filters_3x3 must be 2 positive integers"):
        v1.InceptionV1(64, value, (16, 32), 32)
