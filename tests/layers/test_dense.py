"""Dense blocks and transitions against NumPy, and the contract of every layer."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from shared.accounting import multiply_adds, parameters
from shared.layers.dense import DenseBlock, Transition
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.numpy_blocks import Reference, randomize, relu

CONTRACT = {
    "bottlenecks": (DenseBlock, {"depth": 3, "growth_rate": 4}),
    "basic": (DenseBlock, {"depth": 2, "growth_rate": 4, "bottleneck": None}),
    "dropout": (DenseBlock, {"depth": 1, "growth_rate": 4, "dropout": 0.2}),
    "transition": (Transition, {"compression": 0.5}),
    "transition, dropout": (Transition, {"compression": 1.0, "dropout": 0.2}),
}


@pytest.mark.parametrize("case", CONTRACT.values(), ids=CONTRACT)
def test_contract(case):
    kind, arguments = case
    check_layer(functools.partial(kind, **arguments), (2, 5, 7, 9))


def built(block, shape):
    block.build(shape)
    randomize(block)
    x = normal(rng(1), shape)
    return Reference(block), x, np.asarray(block(x, training=False))


def test_bottleneck_layers_read_all_before():
    block = DenseBlock(3, 4, dropout=0.2, dtype="float64")
    net, x, out = built(block, (2, 5, 7, 9))
    for layer in ("layer1", "layer2", "layer3"):
        y = net.conv(f"{layer}_conv1", relu(net.bn(f"{layer}_conv1_bn", x)))
        assert y.shape[-1] == 16
        y = net.conv(f"{layer}_conv2", relu(net.bn(f"{layer}_conv2_bn", y)), pad=1)
        x = np.concatenate([x, y], axis=-1)
    assert_close(out, x)


def test_basic_layers():
    block = DenseBlock(2, 4, bottleneck=None, dtype="float64")
    net, x, out = built(block, (2, 5, 7, 9))
    for layer in ("layer1", "layer2"):
        y = net.conv(f"{layer}_conv", relu(net.bn(f"{layer}_conv_bn", x)), pad=1)
        x = np.concatenate([x, y], axis=-1)
    assert_close(out, x)


def test_transition():
    net, x, out = built(Transition(0.5, dtype="float64"), (2, 5, 7, 9))
    y = net.conv("conv", relu(net.bn("conv_bn", x)))
    # An odd last row or column is left out, and half of nine channels is four.
    y = y[:, :4, :6].reshape(2, 2, 2, 3, 2, 4).mean(axis=(2, 4))
    assert_close(out, y)


def test_cost_by_hand():
    block = DenseBlock(2, 4)
    block.build((None, None, None, 9))
    kernels = 9 * 16 + 9 * 16 * 4 + 13 * 16 + 9 * 16 * 4
    scales = 2 * (9 + 16 + 13 + 16)
    assert parameters(block) == (kernels + scales, kernels + 2 * scales)
    assert multiply_adds(block, (5, 7, 9)) == 35 * kernels


def test_compression_keeps_something():
    with pytest.raises(ValueError, match=r"compression must be in \(0, 1\], got 0"):
        Transition(0)
