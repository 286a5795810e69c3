"""The three forms of the ResNeXt block compute the same."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from shared.accounting import multiply_adds, parameters
from shared.layers.resnext import FORMS, ResNeXtBlock
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer
from tests.layers.numpy_blocks import Reference, randomize, relu

SIZES = {"cardinality": 4, "width": 3}


@pytest.mark.parametrize("form", FORMS)
def test_contract(form):
    make = functools.partial(ResNeXtBlock, 10, 2, form=form, **SIZES)
    check_layer(make, (2, 5, 7, 6))


def forms(strides, channels, **kwargs):
    blocks = {}
    for form in FORMS:
        block = ResNeXtBlock(10, strides, form=form, dtype="float64", **SIZES, **kwargs)
        block.build((None, None, None, channels))
        blocks[form] = block
    return blocks


@pytest.mark.parametrize("source", FORMS)
@pytest.mark.parametrize("case", [(1, 10, None), (2, 6, 2)], ids=["same", "strided"])
def test_forms_are_equal(source, case):
    strides, channels, se_ratio = case
    blocks = forms(strides, channels, se_ratio=se_ratio)
    for seed, block in enumerate(blocks.values()):
        randomize(block, seed)
    x = normal(rng(9), (2, 5, 7, channels))
    expected = np.asarray(blocks[source](x, training=False))
    for form, block in blocks.items():
        if form == source:
            continue
        assert np.abs(np.asarray(block(x, training=False)) - expected).max() > 0.01
        block.copy_weights(blocks[source])
        assert_close(np.asarray(block(x, training=False)), expected, what=form)
    # With the batch's statistics as well.
    expected = np.asarray(blocks[source](x, training=True))
    for form, block in blocks.items():
        assert_close(np.asarray(block(x, training=True)), expected, what=form)


def test_forms_cost_the_same():
    blocks = forms(2, 6)
    kernels = 6 * 12 + 9 * 3 * 3 * 4 + 12 * 10 + 6 * 10
    scales = 2 * (12 + 12 + 10 + 10)
    for block in blocks.values():
        assert parameters(block) == (kernels + scales, kernels + 2 * scales)
        assert multiply_adds(block, (4, 6, 6)) == 24 * 6 * 12 + 6 * (
            9 * 3 * 3 * 4 + 12 * 10 + 6 * 10
        )


def test_split_form_sums_its_branches():
    block = forms(1, 10)["split"]
    randomize(block)
    x = normal(rng(9), (2, 5, 7, 10))
    net = Reference(block)
    total = 0
    for branch in range(4):
        y = relu(net.bn(f"bn1.{branch}", net.conv(f"conv1.{branch}", x)))
        y = relu(net.bn(f"bn2.{branch}", net.conv(f"conv2.{branch}", y, pad=1)))
        total = total + net.conv(f"conv3.{branch}", y)
    expected = relu(x + net.bn("bn3", total))
    assert_close(np.asarray(block(x, training=False)), expected)


def test_different_blocks_are_refused():
    block = forms(1, 10)["split"]
    with pytest.raises(ValueError, match=r"source must .*shortcut_bn"):
        block.copy_weights(forms(2, 10)["grouped"])


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"form must be one of .*got 'd'"):
        ResNeXtBlock(8, form="d")
    with pytest.raises(ValueError, match=r"use_bias is not for a ResNeXtBlock"):
        ResNeXtBlock(8, use_bias=True)
