"""Poly-Inception modules: the contract, sharing, and the sums against TensorFlow."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.accounting import multiply_adds
from shared.layers.poly_inception import PolyInception
from shared.testing import assert_close, normal, rng
from shared.walk import applications
from tests.layers.contract import check_layer
from tests.layers.reference import conv, leaves, normalized, randomize

SHAPE = (2, 5, 6, 4)
SIZE = SHAPE[1:]
EPSILON = 1e-5
FORMS = {
    "poly-3": ("poly", 3),
    "mpoly-2": ("mpoly", 2),
    "2-way": ("way", 2),
    "residual": ("poly", 1),
}


@pytest.mark.parametrize("block", "ABC")
def test_contract(block):
    make = functools.partial(PolyInception, block, "poly", 2, 0.5, epsilon=0.01)
    check_layer(make, SHAPE)


def branch(x, convs, norms):
    """Block C's F with given inner convolutions, each normalised by its own."""

    def unit(x, index):
        return tf.nn.relu(normalized(conv(x, convs[index]), norms[index], EPSILON))

    long = unit(unit(unit(x, 1), 2), 3)
    widened = conv(tf.concat([unit(x, 0), long], -1), convs[4])
    return normalized(widened, norms[4], EPSILON)


@pytest.mark.parametrize("name", FORMS)
def test_against_tensorflow(name):
    form, order = FORMS[name]
    layer = PolyInception("C", form, order, residual_scale=0.5)
    layer.build(SHAPE)
    randomize(layer, 1)
    for norm in leaves(layer, keras.layers.BatchNormalization, SIZE):
        # Statistics of the size of sums over some two hundred channels.
        norm.moving_variance.assign(norm.moving_variance.value * 50)
    x = normal(rng(2), SHAPE, dtype=np.float32)
    convs = leaves(layer, keras.layers.Conv2D, SIZE)
    norms = leaves(layer, keras.layers.BatchNormalization, SIZE)
    assert len(norms) == 5 * order
    # Inner convolutions once for "poly", the widening one at each application.
    assert len(convs) == (4 + order if form == "poly" else 5 * order)
    total, y = tf.constant(x), tf.constant(x)
    for index in range(order):
        if form == "poly":
            used = [*convs[:4], convs[4 + index]]
        else:
            used = convs[5 * index : 5 * index + 5]
        if form == "way":
            y = tf.constant(x)
        elif index:
            y = tf.nn.relu(y)
        y = branch(y, used, norms[5 * index : 5 * index + 5])
        total += 0.5 * y
    assert_close(layer(x, training=False).numpy(), tf.nn.relu(total).numpy())


def test_shared_weights_count_once_and_work_each_time():
    once, thrice = (PolyInception("B", "poly", order) for order in (1, 3))
    for layer in (once, thrice):
        layer.build(SHAPE)
    assert multiply_adds(thrice, SIZE) == 3 * multiply_adds(once, SIZE)
    inner = [
        application.layer.name
        for application in applications(thrice, SIZE)
        if isinstance(application.layer, keras.layers.Conv2D)
    ]
    assert len(inner) == 15
    assert len(set(inner)) == 4 + 3


@pytest.mark.parametrize("form", ["poly", "mpoly", "way"])
def test_zero_scale_is_the_rectified_identity(form):
    layer = PolyInception("A", form, 2, residual_scale=0.0)
    x = normal(rng(3), SHAPE, dtype=np.float32)
    assert_close(layer(x).numpy(), np.maximum(x, 0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("D", "poly"), "block must be one of .*got 'D'"),
        (("A", "sum"), "form must be one of .*got 'sum'"),
        (("A", "poly", 0), "order must be 1 or more, got 0"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PolyInception(*arguments)
