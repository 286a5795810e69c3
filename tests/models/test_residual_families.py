"""Residual and dense nets beyond counts.csv: any size, training, equivalences."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import shared.models
from shared.accounting import multiply_adds, parameters
from shared.layers.composite import CompositeLayer
from shared.models.densenet import DenseNet, DenseNetCifar
from shared.models.dpn import DPN
from shared.models.registry import find
from shared.models.resnet import ResNet
from shared.models.resnext import ResNeXt
from shared.models.senet import SENet
from shared.models.wide_resnet import WideResNet
from shared.testing import assert_close, rng
from tests.models import arithmetic

PUBLISHED = {  # trainable parameters that the zoos of other frameworks print
    "WRN-16-10": (arithmetic.cifar(16, width=10, kind="wide"), 17_116_634),
    "WRN-40-8": (arithmetic.cifar(40, width=8, kind="wide"), 35_748_314),
    "ResNet-164 v2": (arithmetic.cifar(164, kind="v2"), 1_703_258),
    "ResNet-101": (arithmetic.imagenet((3, 4, 23, 3)), 44_549_160),
    "DenseNet-161": (
        arithmetic.densenet(
            (6, 12, 36, 24), 48, first=96, size=56, stem=7, classes=1000
        ),
        28_681_000,
    ),
    "DenseNet-BC-40-12": (
        arithmetic.densenet((6, 6, 6), 12, first=24, size=32),
        176_122,
    ),
}


@pytest.mark.parametrize("case", PUBLISHED.values(), ids=PUBLISHED)
def test_the_arithmetic_is_the_published(case):
    counts, published = case
    assert counts[0] == published


PARSED = {  # smallest sizes, so that each builds in a moment
    "wrn_10_3": arithmetic.cifar(10, width=3, kind="wide"),
    "wrn_16_1": arithmetic.cifar(16, width=1, kind="wide"),
    "resnet14_cifar": arithmetic.cifar(14),
    "plain8_cifar": arithmetic.cifar(8),
    "densenet_10_7": arithmetic.densenet(
        (2, 2, 2), 7, first=16, size=32, bottleneck=False
    ),
    "densenet_bc_16_9": arithmetic.densenet((2, 2, 2), 9, first=18, size=32),
    "resnet18_v2": arithmetic.imagenet((2, 2, 2, 2), bottleneck=False, preact=True),
    "resnet18_a": arithmetic.imagenet(
        (2, 2, 2, 2), bottleneck=False, projections=False
    ),
}


@pytest.mark.parametrize("name", PARSED)
def test_any_size_by_name(name):
    model = shared.models.build(name)
    assert model.name == name
    assert (*parameters(model), multiply_adds(model)) == PARSED[name]


def test_suffixes_go_with_every_depth():
    assert find("resnet101_v1_5") == ResNet((3, 4, 23, 3), stride_on=3)
    assert find("resnet200_v2").depths == (3, 24, 36, 3)
    assert find("resnet34_c") == ResNet((3, 4, 6, 3), bottleneck=False, shortcut="C")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrn_27_2", r"depth must be 6n \+ 4, got 27"),
        ("resnet21_cifar", r"depth must be 6n \+ 2, got 21"),
        ("densenet_bc_41_12", r"depth must be 6n \+ 4, got 41"),
        ("densenet_41_12", r"depth must be 3n \+ 4, got 41"),
        ("resnet51_v2", r"no variant 'resnet51_v2'; did you mean"),
    ],
)
def test_impossible_sizes_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        shared.models.build(name)


@pytest.mark.parametrize("design", [ResNeXt, SENet])
def test_what_grouped_blocks_cannot_do_is_refused(design):
    with pytest.raises(ValueError, match=r"preactivation must be False .*got True"):
        design((1, 1), preactivation=True)
    with pytest.raises(ValueError, match=r"stride_on must be 3 .*got 1"):
        design((1, 1), stride_on=1)


SHALLOW = (1, 1)  # one block with and one without a stride
DESIGNS = {  # each family's smallest member, built with the family's own code
    "plain": ResNet(SHALLOW, bottleneck=False, shortcut=None),
    "resnet_a": ResNet(SHALLOW, bottleneck=False, shortcut="A"),
    "resnet_b": ResNet(SHALLOW),
    "resnet_v2": ResNet(SHALLOW, stride_on=3, preactivation=True),
    "wide": WideResNet(10, 2, dropout=0.3),
    "resnext": ResNeXt(SHALLOW),
    "se_resnet": ResNet(SHALLOW, se_ratio=16, ceil_pool=True),
    "senet": SENet(SHALLOW, cardinality=8, se_ratio=16, ceil_pool=True),
    "densenet": DenseNet((2, 2)),
    "densenet_cifar": DenseNetCifar(10, 12, dropout=0.2),
    "dpn": DPN(SHALLOW, (16, 32), 96, 32, stem_filters=64),
}


@pytest.fixture(scope="module", params=DESIGNS)
def small(request):
    """A model whose height and width are open, named like its design."""
    keras.utils.set_random_seed(4)
    return DESIGNS[request.param].build((None, None, 3), classes=5, name=request.param)


def images(count, height, width, seed=1):
    return rng(seed).uniform(-1, 1, (count, height, width, 3)).astype("float32")


def test_open_sizes(small):
    assert small.output_shape == (None, 5)
    outputs = [
        np.asarray(small(images(1, *size), training=False))
        for size in ((32, 32), (45, 67))
    ]
    assert all(output.shape == (1, 5) for output in outputs)
    assert np.abs(outputs[0] - outputs[1]).max() > 0


def test_saved_and_loaded(small, tmp_path):
    path = tmp_path / "model.keras"
    small.save(path)
    x = images(2, 33, 47)
    again = keras.saving.load_model(path)
    assert_close(
        np.asarray(again(x, training=False)), np.asarray(small(x, training=False))
    )


# The other designs' families have a variant in the test of gradient steps.
@pytest.mark.parametrize("small", ["resnet_b", "wide", "se_resnet"], indirect=True)
def test_every_weight_learns(small):
    x, y = images(8, 40, 36), np.arange(8) % 5
    small.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    before = small.get_weights()
    small.train_on_batch(x, y)
    still = [
        weight.path
        for weight, old in zip(small.weights, before, strict=True)
        if weight.dtype == "float32" and np.array_equal(weight, old)
    ]
    assert not still
    small.set_weights(before)


def test_mixed_precision(small):
    x = images(2, 40, 36)
    expected = np.asarray(small(x, training=False))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        low = DESIGNS[small.name].build((None, None, 3), classes=5)
    finally:
        keras.config.set_dtype_policy(before)
    low.set_weights(small.get_weights())
    assert {weight.dtype for weight in low.trainable_weights} == {"float32"}
    block = next(layer for layer in low.layers if isinstance(layer, CompositeLayer))
    assert block.output.dtype == "bfloat16"
    output = low(x, training=False)
    assert output.dtype == "float32"
    # bfloat16 keeps 8 bits; the roundings of a few blocks add up.
    scale = float(np.abs(expected).max())
    assert_close(np.asarray(output), expected, rtol=0, atol=0.06 * scale)


def test_a_silent_net_is_its_shortcuts():
    model = shared.models.build("resnet20_cifar", include_top=False)
    for block in model.layers:
        if isinstance(block, CompositeLayer):
            last = block.network.get_layer("bn2")
            last.gamma.assign(np.zeros(last.gamma.shape))
    x = images(2, 32, 32)
    stem = keras.Model(model.input, model.get_layer("conv1_relu").output)
    features = np.asarray(stem(x, training=False))
    # Option A: every fourth row and column in the end, and channels of zeros behind.
    expected = np.pad(features[:, ::4, ::4], [(0, 0), (0, 0), (0, 0), (0, 48)])
    np.testing.assert_array_equal(np.asarray(model(x, training=False)), expected)


FEATURES = {  # from images of 64x48 pixels
    "plain": (8, 6, 128),
    "resnet_b": (8, 6, 512),
    "resnet_v2": (8, 6, 512),
    "wide": (16, 12, 128),
    "densenet": (8, 6, 64 + 64),
    "densenet_cifar": (16, 12, 16 + 3 * 2 * 12),
    "dpn": (8, 6, 512 + 3 * 32),
}


@pytest.mark.parametrize("name", FEATURES)
def test_without_the_top(name):
    model = DESIGNS[name].build((64, 48, 3), include_top=False)
    assert model.output_shape == (None, *FEATURES[name])
