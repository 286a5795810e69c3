"""Searched cells: the contract, and their wiring with the convolutions silenced."""

from __future__ import annotations

import functools
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers.nasnet_cell import NASNetNormalCell, NASNetReductionCell, PNASNetCell
from shared.layers.stochastic_depth import StochasticDepth
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.reference import by_construction, conv, normalized, randomize

FILTERS = 4
PREVIOUS, CURRENT = (2, 9, 12, 6), (2, 9, 12, 5)

CELLS = {
    "normal": (functools.partial(NASNetNormalCell, FILTERS), (PREVIOUS, CURRENT)),
    "normal, matching channels": (
        functools.partial(NASNetNormalCell, FILTERS),
        ((2, 9, 12, FILTERS), CURRENT),
    ),
    "normal after a reduction": (
        functools.partial(NASNetNormalCell, 5, reduce_previous=True),
        ((2, 17, 24, 6), CURRENT),
    ),
    "reduction": (functools.partial(NASNetReductionCell, FILTERS), (PREVIOUS, CURRENT)),
    "first": (functools.partial(NASNetReductionCell, FILTERS), (CURRENT,)),
    "progressive": (functools.partial(PNASNetCell, FILTERS), (PREVIOUS, CURRENT)),
    "progressive, strided": (
        functools.partial(PNASNetCell, FILTERS, 2, epsilon=0.1),
        (PREVIOUS, CURRENT),
    ),
    "progressive, first": (functools.partial(PNASNetCell, FILTERS, 2), (CURRENT,)),
}


@pytest.mark.parametrize("name", CELLS)
def test_contract(name):
    make, shapes = CELLS[name]
    check_layer(make, *shapes)


def is_separable(layer):
    return isinstance(layer, keras.layers.SeparableConv2D)


def silenced(cell, shapes):
    """The cell with its separable convolutions giving zero, and inputs; TensorFlow's
    version of its two projections."""
    cell.build([tuple(shape) for shape in shapes])
    randomize(cell, 1)
    for layer in cell.network.layers:
        if is_separable(layer):
            zero = [np.zeros(w.shape, "float32") for w in layer.weights]
            layer.set_weights(zero)
            (after,) = [node.operation for node in layer._outbound_nodes]
            for weight in (after.beta, after.moving_mean):
                weight.assign(tf.zeros_like(weight.value))
    return [
        normal(rng(2 + i), shape, dtype=np.float32) for i, shape in enumerate(shapes)
    ]


def projections(cell, inputs):
    """States 1 and 0: ReLU, 1x1, normalisation, of the older and the newer input."""
    pointwise = [
        layer
        for layer in cell.network.layers
        if type(layer) is keras.layers.Conv2D and layer.strides == (1, 1)
    ]
    pointwise.sort(key=lambda layer: layer.kernel.shape[2], reverse=True)
    states = []
    for x, layer in zip(inputs, pointwise, strict=True):
        (norm,) = [node.operation for node in layer._outbound_nodes]
        states.append(normalized(conv(tf.nn.relu(x), layer), norm, 1e-3))
    return states


def average(x):
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")


def maximum(x, strides=1):
    return tf.nn.max_pool2d(x, 3, strides, "SAME")


def test_normal_wiring():
    cell = NASNetNormalCell(FILTERS)
    inputs = silenced(cell, (PREVIOUS, CURRENT))
    old, new = projections(cell, inputs)
    zero = tf.zeros_like(new)
    expected = [old, zero, zero, average(new) + old, 2 * average(old), new]
    actual = cell(inputs, training=False)
    assert_close(actual.numpy(), tf.concat(expected, -1).numpy())


def test_reduction_wiring():
    cell = NASNetReductionCell(FILTERS)
    inputs = silenced(cell, (PREVIOUS, CURRENT))
    _, new = projections(cell, inputs)
    pooled = maximum(new, 2)
    expected = [pooled, tf.nn.avg_pool2d(new, 3, 2, "SAME"), pooled, pooled]
    actual = cell(inputs, training=False)
    assert_close(actual.numpy(), tf.concat(expected, -1).numpy())


def test_progressive_against_tensorflow():
    """Figure 1 of the paper, block by block."""
    cell = PNASNetCell(FILTERS)
    cell.build([PREVIOUS, CURRENT])
    randomize(cell, 1)
    inputs = [normal(rng(2), shape, dtype=np.float32) for shape in (PREVIOUS, CURRENT)]
    old, new = projections(cell, inputs)
    separables = [layer for layer in cell.network.layers if is_separable(layer)]
    unused = iter(by_construction(separables))

    def separable(x, size):
        for layer in (next(unused), next(unused)):
            assert layer.kernel_size == (size, size)
            (norm,) = [node.operation for node in layer._outbound_nodes]
            x = tf.nn.separable_conv2d(
                tf.nn.relu(x),
                layer.depthwise_kernel.value,
                layer.pointwise_kernel.value,
                (1, 1, 1, 1),
                "SAME",
            )
            x = normalized(x, norm, 1e-3)
        return x

    blocks = [separable(old, 5) + maximum(old), separable(new, 7) + maximum(new)]
    blocks.append(separable(new, 5) + separable(new, 3))
    blocks.append(separable(blocks[2], 3) + maximum(new))
    blocks.append(separable(old, 3) + new)
    actual = cell(inputs, training=False)
    assert_close(actual.numpy(), tf.concat(blocks, -1).numpy())


def test_drop_path():
    """Nothing changes at evaluation; in training each operation draws by image."""
    keras.utils.set_random_seed(6)  # before the layers, which draw seeds of their own
    plain, dropping = (PNASNetCell(FILTERS, drop_path=rate) for rate in (0.0, 0.5))
    inputs = [normal(rng(2), shape, dtype=np.float32) for shape in (PREVIOUS, CURRENT)]
    whole = plain(inputs, training=False)
    dropping.build([PREVIOUS, CURRENT])
    # The layers that drop change the order of the weights, not of construction.
    kinds = (
        keras.layers.Conv2D,
        keras.layers.SeparableConv2D,
        keras.layers.BatchNormalization,
    )
    for kind in kinds:
        pairs = [
            by_construction(
                layer for layer in cell.network.layers if type(layer) is kind
            )
            for cell in (plain, dropping)
        ]
        for source, target in zip(*pairs, strict=True):
            target.set_weights(source.get_weights())
    assert_close(dropping(inputs, training=False).numpy(), whole.numpy())

    layers = dropping.network.layers
    drops = [layer for layer in layers if isinstance(layer, StochasticDepth)]
    # Ten operations, of which one is the identity.
    assert [layer.rate for layer in drops] == [0.5] * 9
    draws = np.stack([dropping(inputs, training=True) for _ in range(20)])
    # A block's result is zero where both of its operations are dropped.
    gone = np.all(draws[..., :FILTERS] == 0, axis=(2, 3, 4)).mean()
    assert 0.05 < gone < 0.5


@pytest.mark.parametrize(
    ("make", "kernels"),
    [
        (NASNetNormalCell, {3: 6, 5: 4}),
        (NASNetReductionCell, {3: 2, 5: 4, 7: 4}),
        (PNASNetCell, {3: 6, 5: 4, 7: 2}),
    ],
)
def test_separable_kernels(make, kernels):
    cell = make(FILTERS)
    cell.build([PREVIOUS, CURRENT])
    separables = [layer for layer in cell.network.layers if is_separable(layer)]
    assert Counter(layer.kernel_size[0] for layer in separables) == kernels


def test_halving_reads_two_grids():
    """Of each 2x2 square of the older input, pixels (0, 0) and (1, 1)."""
    cell = NASNetNormalCell(5, reduce_previous=True)
    shapes = ((1, 6, 4, 3), (1, 3, 2, 4))
    inputs = silenced(cell, shapes)
    first, second = [
        layer
        for layer in cell.network.layers
        if type(layer) is keras.layers.Conv2D and layer.strides == (2, 2)
    ]
    assert (first.filters, second.filters) == (2, 3)
    (merge,) = [node.operation for node in first._outbound_nodes]
    (norm,) = [node.operation for node in merge._outbound_nodes]
    x = np.maximum(inputs[0], 0)
    halves = [
        x[:, ::2, ::2] @ first.kernel.numpy()[0, 0],
        x[:, 1::2, 1::2] @ second.kernel.numpy()[0, 0],
    ]
    expected = normalized(tf.concat(halves, -1), norm, 1e-3)
    assert_close(cell(inputs, training=False)[..., :5].numpy(), expected.numpy())
