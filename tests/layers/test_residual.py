"""Residual blocks against NumPy, as identities, and the contract of every layer."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest

from shared.accounting import multiply_adds, parameters
from shared.layers.residual import BasicBlock, Bottleneck, WideBlock
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.numpy_blocks import Reference, randomize, relu

CONTRACT = {
    "basic, identity": (BasicBlock, {"filters": 6}),
    "basic, strided, B": (BasicBlock, {"filters": 8, "strides": 2}),
    "basic, strided, A": (BasicBlock, {"filters": 8, "strides": 2, "shortcut": "A"}),
    "basic, C, biases": (
        BasicBlock,
        {"filters": 6, "shortcut": "C", "use_bias": True, "epsilon": 1e-3},
    ),
    "basic, plain": (BasicBlock, {"filters": 8, "strides": 2, "shortcut": None}),
    "basic, pre-activated": (BasicBlock, {"filters": 6, "preactivation": True}),
    "bottleneck, 1x1": (Bottleneck, {"filters": 8, "strides": 2}),
    "bottleneck, 3x3": (Bottleneck, {"filters": 8, "strides": 2, "stride_on": 3}),
    "bottleneck, gated, grouped": (
        Bottleneck,
        {"filters": 8, "width": 6, "reduced": 4, "groups": 2, "se_ratio": 2},
    ),
    "bottleneck, 3x3 projection": (
        Bottleneck,
        {"filters": 8, "strides": 2, "shortcut_kernel_size": 3},
    ),
    "wide": (WideBlock, {"filters": 10, "strides": 2, "dropout": 0.3}),
}


@pytest.mark.parametrize("case", CONTRACT.values(), ids=CONTRACT)
def test_contract(case):
    block, arguments = case
    check_layer(functools.partial(block, **arguments), (2, 5, 7, 6))


def built(block, shape, seed=1):
    """The block in float64 with drawn weights, an input, and its output."""
    block = block(dtype="float64")
    block.build(shape)
    randomize(block, seed)
    x = normal(rng(seed + 100), shape)
    return Reference(block), x, np.asarray(block(x, training=False))


def test_basic_is_the_papers():
    net, x, out = built(functools.partial(BasicBlock, 6), (2, 5, 7, 6))
    y = relu(net.bn("bn1", net.conv("conv1", x, pad=1)))
    y = net.bn("bn2", net.conv("conv2", y, pad=1))
    assert_close(out, relu(x + y))


@pytest.mark.parametrize("size", [(5, 7), (6, 8)])
def test_option_a(size):
    make = functools.partial(BasicBlock, 10, 2, shortcut="A")
    net, x, out = built(make, (2, *size, 6))
    y = relu(net.bn("bn1", net.conv("conv1", x, strides=2, pad=1)))
    y = net.bn("bn2", net.conv("conv2", y, pad=1))
    padded = np.pad(x[:, ::2, ::2], [(0, 0), (0, 0), (0, 0), (0, 4)])
    assert_close(out, relu(padded + y))


@pytest.mark.parametrize("stride_on", [1, 3])
def test_bottleneck_with_projection(stride_on):
    make = functools.partial(
        Bottleneck, 12, 2, width=8, reduced=4, groups=2, stride_on=stride_on
    )
    net, x, out = built(make, (2, 6, 9, 5))
    first, second = (2, 1) if stride_on == 1 else (1, 2)
    y = relu(net.bn("bn1", net.conv("conv1", x, first)))
    y = relu(net.bn("bn2", net.conv("conv2", y, second, pad=1, groups=2)))
    y = net.bn("bn3", net.conv("conv3", y))
    shortcut = net.bn("shortcut_bn", net.conv("shortcut_conv", x, 2))
    assert_close(out, relu(shortcut + y))


def test_preactivated_identity():
    net, x, out = built(functools.partial(WideBlock, 6), (2, 5, 7, 6))
    y = net.conv("conv1", relu(net.bn("preact_bn", x)), pad=1)
    y = net.conv("conv2", relu(net.bn("bn1", y)), pad=1)
    assert_close(out, x + y)


def test_preactivated_projection_reads_the_preactivation():
    make = functools.partial(WideBlock, 10, 2, dropout=0.3)
    net, x, out = built(make, (2, 5, 7, 6))
    preact = relu(net.bn("preact_bn", x))
    y = net.conv("conv1", preact, 2, pad=1)
    y = net.conv("conv2", relu(net.bn("bn1", y)), pad=1)
    assert_close(out, net.conv("shortcut_conv", preact, 2) + y)


def test_plain_is_the_branch_alone():
    make = functools.partial(BasicBlock, 10, 2, shortcut=None)
    net, x, out = built(make, (2, 5, 7, 6))
    y = relu(net.bn("bn1", net.conv("conv1", x, strides=2, pad=1)))
    assert_close(out, relu(net.bn("bn2", net.conv("conv2", y, pad=1))))


def test_gate_is_on_the_branch():
    net, x, out = built(functools.partial(BasicBlock, 6, se_ratio=2), (2, 5, 7, 6))
    y = relu(net.bn("bn1", net.conv("conv1", x, pad=1)))
    y = net.bn("bn2", net.conv("conv2", y, pad=1))
    w1, b1, w2, b2 = (np.float64(w) for w in net.block.network.get_layer("se").weights)
    gates = relu(y.mean(axis=(1, 2)) @ w1 + b1) @ w2 + b2
    y = y / (1 + np.exp(-gates[:, None, None]))
    assert_close(out, relu(x + y))


IDENTITIES = {
    "basic": (BasicBlock, {}, "bn2"),
    "bottleneck": (Bottleneck, {}, "bn3"),
    "bottleneck, gated": (Bottleneck, {"se_ratio": 2}, "bn3"),
    "pre-activated": (Bottleneck, {"preactivation": True}, "conv3"),
    "wide": (WideBlock, {}, "conv2"),
}


@pytest.mark.parametrize("case", IDENTITIES.values(), ids=IDENTITIES)
def test_a_silent_branch_leaves_the_identity(case):
    kind, arguments, last = case
    block = kind(8, **arguments)
    block.build((None, None, None, 8))
    randomize(block)
    x = np.abs(normal(rng(2), (2, 5, 7, 8), dtype=np.float32))
    assert np.abs(np.asarray(block(x, training=False)) - x).max() > 0.1
    layer = block.network.get_layer(last)
    for weight in layer.trainable_weights:
        # The scale and the offset of the last normalisation, or the last kernel.
        weight.assign(np.zeros(weight.shape))
    np.testing.assert_array_equal(np.asarray(block(x, training=False)), x)
    # In training too, where the normalisation takes the batch's statistics.
    np.testing.assert_array_equal(np.asarray(block(x, training=True)), x)


def test_dropout_is_active_in_training_only():
    keras.utils.set_random_seed(3)
    block = WideBlock(6, dropout=0.5)
    x = normal(rng(1), (2, 5, 7, 6), dtype=np.float32)
    still = [np.asarray(block(x, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    moving = [np.asarray(block(x, training=True)) for _ in range(2)]
    assert np.abs(moving[0] - moving[1]).max() > 0


def test_cost_by_hand():
    block = Bottleneck(64, 2, width=16, stride_on=3)
    block.build((None, 8, 12, 32))
    kernels = 32 * 16 + 9 * 16 * 16 + 16 * 64 + 32 * 64
    trainable = kernels + 2 * (16 + 16 + 64 + 64)
    assert parameters(block) == (trainable, trainable + 2 * (16 + 16 + 64 + 64))
    assert multiply_adds(block, (8, 12, 32)) == 96 * 32 * 16 + 24 * (
        9 * 16 * 16 + 16 * 64 + 32 * 64
    )


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"shortcut must be one of .*got 'D'"):
        BasicBlock(8, shortcut="D")
    with pytest.raises(ValueError, match=r"stride_on must be 1 or 3, got 2"):
        Bottleneck(8, stride_on=2)
