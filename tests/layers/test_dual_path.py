"""The dual-path block against NumPy, and the contract of every layer."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from shared.accounting import multiply_adds, parameters
from shared.layers.dual_path import DualPathBlock
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.numpy_blocks import Reference, randomize, relu

SIZES = {"filters": 6, "width": 8, "increment": 3, "groups": 2}
CONTRACT = {
    "inside a stage": {},
    "first of a stage": {"strides": 2, "project": True},
    "two ends": {"project": True, "split_output": True},
}


@pytest.mark.parametrize("arguments", CONTRACT.values(), ids=CONTRACT)
def test_contract(arguments):
    make = functools.partial(DualPathBlock, **SIZES, **arguments)
    check_layer(make, (2, 5, 7, 10))


def built(shape, **arguments):
    block = DualPathBlock(**SIZES, **arguments, dtype="float64")
    block.build(shape)
    randomize(block)
    x = normal(rng(1), shape)
    return Reference(block), x, np.asarray(block(x, training=False))


def unit(net, name, x, strides=1, pad=0, groups=1):
    y = relu(net.bn(f"{name}_bn", x, epsilon=1e-3))
    return net.conv(name, y, strides, pad, groups)


def test_inside_a_stage():
    net, x, out = built((2, 5, 7, 10))
    y = unit(net, "conv1", x)
    y = unit(net, "conv2", y, pad=1, groups=2)
    y = unit(net, "conv3", y)
    assert_close(out[..., :6], x[..., :6] + y[..., :6], what="residual path")
    assert_close(out[..., 6:10], x[..., 6:], what="dense path so far")
    assert_close(out[..., 10:], y[..., 6:], what="appended")


def test_first_of_a_stage():
    net, x, out = built((2, 5, 7, 10), strides=2, project=True)
    paths = unit(net, "project", x, 2)
    assert paths.shape == (2, 3, 4, 6 + 2 * 3)
    y = unit(net, "conv1", x)
    y = unit(net, "conv2", y, 2, pad=1, groups=2)
    y = unit(net, "conv3", y)
    added = paths[..., :6] + y[..., :6]
    assert_close(out, np.concatenate([added, paths[..., 6:], y[..., 6:]], axis=-1))


def test_two_ends_are_one_split_in_two():
    one, x, expected = built((2, 5, 7, 10))
    two, _, _ = built((2, 5, 7, 10), split_output=True)
    assert parameters(one.block) == parameters(two.block)
    assert multiply_adds(one.block, (5, 7, 10)) == multiply_adds(two.block, (5, 7, 10))
    for layer in one.block.network.layers:
        if layer.weights and layer.name != "conv3":
            two.block.network.get_layer(layer.name).set_weights(layer.get_weights())
    (kernel,) = one.block.network.get_layer("conv3").get_weights()
    two.block.network.get_layer("conv3_add").set_weights([kernel[..., :6]])
    two.block.network.get_layer("conv3_append").set_weights([kernel[..., 6:]])
    assert_close(np.asarray(two.block(x, training=False)), expected)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"project must be True where strides > 1"):
        DualPathBlock(**SIZES, strides=2)
    with pytest.raises(ValueError, match=r"filters must be fewer than .* 6 channels"):
        DualPathBlock(**SIZES).build((None, 5, 7, 6))
