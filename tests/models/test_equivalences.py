"""Nets that are the same net: towers and groups, ours and keras.applications'."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

import shared.models
from shared.accounting import layer_table, multiply_adds, parameters
from shared.testing import assert_close, normal, rng

# Small, with every layer at work: 67 -> 15 -> 7 -> 3 -> 1.
SMALL = {"input_shape": (67, 67, 3), "classes": 11}


def randomise(model):
    """Fill every weight, biases included, with numbers that keep the signal alive."""
    generator = rng(4)
    model.set_weights(
        [
            normal(generator, w.shape, dtype=np.float32)
            / np.sqrt(max(np.prod(w.shape[:-1]), 4))
            for w in model.weights
        ]
    )


def tower_weights(grouped):
    """The grouped net's weights by layer name of the two-tower net."""
    found = {}
    for layer in grouped.layers:
        if not layer.weights:
            continue
        kernel, bias = layer.get_weights()
        if layer.name == "predictions":
            found[layer.name] = [kernel, bias]
            continue
        half = len(bias) // 2
        for tower, mine in (("a", slice(None, half)), ("b", slice(half, None))):
            found[f"{layer.name} {tower}"] = [kernel[..., mine], bias[mine]]
    return found


def set_towers(two_tower, found):
    for block in two_tower.layers:
        for layer in getattr(block, "layers", [block]):
            if layer.weights:
                tower = f" {block.name[-1]}" if block is not layer else ""
                layer.set_weights(found[layer.name + tower])


def test_two_towers_are_the_grouped_net():
    grouped = shared.models.build("alexnet_grouped", **SMALL)
    towers = shared.models.build("alexnet_two_tower", **SMALL)
    randomise(grouped)
    set_towers(towers, tower_weights(grouped))
    x = 50 * normal(rng(1), (2, 67, 67, 3), dtype=np.float32)
    expected = np.asarray(grouped(x))
    assert expected.std() > 0.1
    assert_close(np.asarray(towers(x)), expected)
    assert parameters(towers) == parameters(grouped)


PLACES = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, two)
import shared.models
model = shared.models.build("alexnet_two_tower", input_shape=(67, 67, 3), classes=5,
                            devices=("CPU:0", "CPU:1"))
for block in model.layers:
    if block.name[-2:] in ("_a", "_b"):
        print(block.name, *{w.value.device[-5:] for w in block.weights})
traced = tf.function(model).get_concrete_function(tf.zeros((1, 67, 67, 3)))
convolutions = [op for op in traced.graph.get_operations() if op.type == "Conv2D"]
print("convolutions", *sorted(op.device[-5:] for op in convolutions))
try:
    shared.models.build("alexnet_two_tower", input_shape=(67, 67, 3),
                        devices=("CPU:0", "CPU:7"))
except ValueError as error:
    print(error)
"""


def test_towers_live_on_their_devices():
    done = subprocess.run(
        [sys.executable, "-c", PLACES], capture_output=True, text=True, check=True
    )
    blocks = ("conv12", "conv345", "fc6", "fc7")
    assert done.stdout.splitlines() == [
        *(f"{b}_{t} CPU:{i}" for b in blocks for i, t in enumerate("ab")),
        "convolutions" + 5 * " CPU:0" + 5 * " CPU:1",
        "device must be one of ['CPU:0', 'CPU:1'], got 'CPU:7'",
    ]


def test_vgg16_takes_the_weights_of_keras_applications():
    options = {"input_shape": (64, 96, 3), "classes": 12, "classifier_activation": None}
    theirs = keras.applications.VGG16(weights=None, **options)
    randomise(theirs)
    ours = shared.models.build("vgg16", **options)
    ours.set_weights(theirs.get_weights())
    x = 10 * normal(rng(2), (2, 64, 96, 3), dtype=np.float32)
    expected = np.asarray(theirs(x))
    assert expected.std() > 0.1
    assert_close(np.asarray(ours(x)), expected)


def test_vgg19_has_the_layers_of_keras_applications():
    theirs = keras.applications.VGG19(weights=None, include_top=False)
    ours = shared.models.build("vgg19", include_top=False)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]


SIZES = {  # heights after the layers, as the papers or the lectures give them
    "alexnet": {"conv1": 55, "pool1": 27, "pool2": 13, "conv5": 13, "pool5": 6},
    "zfnet": {"conv1": 110, "pool1": 55, "conv2": 26, "pool2": 13, "pool5": 6},
    "nin": {"conv1_3": 32, "pool1": 16, "pool2": 8, "conv3_3": 8},
    "squeezenet1_0": {"conv1": 109, "pool1": 54, "pool4": 27, "pool8": 13},
    "mnist_task": {"conv1": 13, "conv2": 13, "pool": 12},
    "mnist_cnn": {"conv1": 28, "pool1": 14, "pool2": 7},
    "lenet5": {"C1": 28, "S2": 14, "C3": 10, "S4": 5},
    "lenet5_original": {"C1": 28, "S2": 14, "C3": 10, "S4": 5, "C5": 1},
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    table = layer_table(shared.models.build(name))
    found = {layer: table.loc[layer, "output_shape"][0] for layer in SIZES[name]}
    assert found == SIZES[name]


def test_squeezenet_on_227_pixels():
    # The count of the authors' own file, which takes 227 pixels.
    model = shared.models.build("squeezenet1_1", input_shape=(227, 227, 3))
    assert multiply_adds(model) == 387_747_520
    table = layer_table(shared.models.build("squeezenet1_0", input_shape=(227, 227, 3)))
    rows = [table.loc[name, "output_shape"][0] for name in ("conv1", "pool1", "pool4")]
    assert [*rows, table.loc["pool8", "output_shape"][0]] == [111, 55, 27, 13]


def test_mixed_precision_ends_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for name, size in (("lenet5", 32), ("nin", 32), ("squeezenet1_1", 64)):
            channels = 1 if name == "lenet5" else 3
            model = shared.models.build(
                name, input_shape=(size, size, channels), classes=7
            )
            out = model(np.ones((1, size, size, channels), "float32"))
            assert out.dtype == "float32"
            assert model.layers[1].compute_dtype == "bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_softmax_is_asked_for():
    for name in ("mnist_cnn", "nin", "lenet5_original"):
        probabilities = shared.models.build(name, classifier_activation="softmax")
        shape = probabilities.input_shape[1:]
        out = np.asarray(probabilities(normal(rng(3), (2, *shape), dtype=np.float32)))
        assert_close(out.sum(axis=-1), np.ones(2, "float32"))
        assert (out >= 0).all()


FEATURES = {  # the last feature map of an input that is not square
    "alexnet": ((99, 131, 3), (2, 3, 256)),
    "alexnet_two_tower": ((99, 131, 3), (2, 3, 256)),
    "lenet5": ((28, 36, 1), (4, 6, 16)),
    "lenet5_original": ((36, 32, 1), (2, 1, 120)),
    "mnist_cnn": ((28, 32, 1), (7, 8, 32)),
    "mnist_task": ((28, 30, 1), (12, 13, 32)),
    "nin": ((32, 40, 3), (8, 10, 192)),
    "squeezenet1_0": ((96, 64, 3), (5, 3, 512)),
    "vgg11_bn": ((64, 96, 3), (2, 3, 512)),
    "zfnet": ((96, 128, 3), (2, 3, 256)),
}


@pytest.mark.parametrize("name", FEATURES)
def test_without_top(name):
    given, expected = FEATURES[name]
    model = shared.models.build(name, input_shape=given, include_top=False)
    assert model.output_shape == (None, *expected)
    assert model(np.zeros((1, *given), "float32")).shape == (1, *expected)
