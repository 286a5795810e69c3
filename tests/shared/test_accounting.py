"""Accounting against the lectures' table, the literature, and brute force."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import shared.models
from shared.accounting import layer_table, multiply_adds, totals, training_memory
from shared.layers.fire import Fire
from shared.layers.grouped_conv2d import GroupedConv2D
from shared.models import _report


@pytest.fixture(scope="module")
def vgg16():
    table = layer_table(shared.models.build("vgg16"))
    keras.backend.clear_session()
    return table


# L61, row by row: size of the output, and weights without biases.
VGG16 = """
input 224x224x3 0 | conv1_1 224x224x64 1728 | conv1_2 224x224x64 36864
pool1 112x112x64 0 | conv2_1 112x112x128 73728 | conv2_2 112x112x128 147456
pool2 56x56x128 0 | conv3_1 56x56x256 294912 | conv3_2 56x56x256 589824
conv3_3 56x56x256 589824 | pool3 28x28x256 0 | conv4_1 28x28x512 1179648
conv4_2 28x28x512 2359296 | conv4_3 28x28x512 2359296 | pool4 14x14x512 0
conv5_1 14x14x512 2359296 | conv5_2 14x14x512 2359296 | conv5_3 14x14x512 2359296
pool5 7x7x512 0 | fc6 4096 102760448 | fc7 4096 16777216 | predictions 1000 4096000
"""


def test_vgg16_is_the_lectures_table(vgg16):
    rows = [row.split() for row in VGG16.replace("\n", "|").split("|") if row.strip()]
    kept = vgg16[vgg16["activations"] > 0]
    assert list(kept.index) == [name for name, _, _ in rows]
    for name, size, weights in rows:
        shape = tuple(map(int, size.split("x")))
        assert kept.loc[name, "output_shape"] == shape
        assert kept.loc[name, "activations"] == np.prod(shape)
        assert kept.loc[name, "weights"] == int(weights)
    assert totals(vgg16)["weights"] == 138_344_128
    assert totals(vgg16)["parameters"] == 138_357_544


def test_the_lectures_memory_sum_is_wrong(vgg16):
    sums = totals(vgg16)
    assert sums["activations"] == 15_237_608  # the lectures: 24M
    assert sums["activation_bytes"] == 60_950_432  # the lectures: 93 MB
    verdicts = {
        row["lectures"]: row["verdict"] for row in _report.claims("vgg16", vgg16)
    }
    assert verdicts.pop("24M activations per image") == "wrong, by a factor 1.58"
    assert verdicts.pop("93MB of activations per image") == "wrong, by a factor 1.53"
    assert set(verdicts.values()) == {"right"}
    assert len(verdicts) == 4


def test_vgg16_training_memory(vgg16):
    parameters = 4 * 138_357_544
    for optimizer, copies in (("sgd", 2), ("momentum", 3), ("adam", 4)):
        memory = training_memory(vgg16, optimizer, batch_size=3)
        held = memory.parameters + memory.gradients + memory.optimizer
        assert held == copies * parameters
        assert memory.activations == 3 * 60_950_432
        assert memory.total == held + 2 * memory.activations
    with pytest.raises(ValueError, match=r"optimizer must be one of.*got 'adagrad'"):
        training_memory(vgg16, "adagrad")


# Receptive fields and strides as Araujo, Norris and Sim print them (Distill, 2019).
FIELDS = {
    ("vgg16", "pool5"): (212, 32),
    ("vgg16", "conv5_3"): (196, 16),
    ("alexnet", "conv5"): (163, 16),
    ("alexnet", "pool5"): (195, 32),
}


def test_receptive_fields_in_the_literature(vgg16):
    tables = {"vgg16": vgg16, "alexnet": layer_table(shared.models.build("alexnet"))}
    for (model, layer), (field, stride) in FIELDS.items():
        row = tables[model].loc[layer]
        assert (row["receptive_height"], row["stride_height"]) == (field, stride)
    first = tables["alexnet"].loc["conv1"]
    assert first["weights"] == 34_848  # L55
    assert first["multiply_adds"] == 55 * 55 * 34_848


def _branches(inputs):
    left = keras.layers.Conv2D(2, (3, 1), dilation_rate=(2, 1), padding="same")(inputs)
    right = keras.layers.Conv2D(2, (1, 5), padding="same")(inputs)
    return keras.layers.Add()([left, right])


STACKS = {
    "two 3x3 see 5x5": lambda x: keras.layers.Conv2D(2, 3)(
        keras.layers.Conv2D(2, 3)(x)
    ),
    "stride, pool, conv": lambda x: keras.layers.Conv2D(2, 3)(
        keras.layers.AveragePooling2D((2, 3))(keras.layers.Conv2D(2, 3, strides=2)(x))
    ),
    "dilated branches meet": _branches,
    "fire twice": lambda x: Fire(1, 2, 2)(Fire(1, 2, 2)(x)),
    "grouped": lambda x: GroupedConv2D(2, (5, 3), groups=2, strides=(1, 2))(x),
    "depthwise, separable": lambda x: keras.layers.SeparableConv2D(2, 3)(
        keras.layers.DepthwiseConv2D((3, 5), padding="same")(x)
    ),
}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_receptive_field_by_brute_force(stack):
    inputs = keras.Input((31, 33, 2))
    model = keras.Model(inputs, stack(inputs))
    # Positive weights and inputs: no path cancels, no ReLU closes.
    model.set_weights([np.full(w.shape, 0.1, "float32") for w in model.weights])
    image = tf.ones((1, 31, 33, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(image)
        out = model(image)
        i, j = out.shape[1] // 2, out.shape[2] // 2
        out = tf.reduce_sum(out[0], axis=-1)
        centre, below, beside = out[i, j], out[i + 1, j], out[i, j + 1]

    def seen(value):
        gradient = np.asarray(tape.gradient(value, image))[0].sum(axis=-1)
        return [np.flatnonzero(gradient.sum(axis=axis)) for axis in (1, 0)]

    rows, columns = seen(centre)
    last = layer_table(model).iloc[-1]
    assert last["receptive_height"] == rows[-1] - rows[0] + 1
    assert last["receptive_width"] == columns[-1] - columns[0] + 1
    assert last["stride_height"] == seen(below)[0][0] - rows[0]
    assert last["stride_width"] == seen(beside)[1][0] - columns[0]


ENLARGING = {
    "down and up": lambda x: keras.layers.Conv2D(2, 3, padding="same")(
        keras.layers.UpSampling2D(2)(keras.layers.Conv2D(2, 3, strides=2)(x))
    ),
    "down and transposed": lambda x: keras.layers.Conv2DTranspose(2, 3, strides=2)(
        keras.layers.Conv2D(2, 5, strides=2)(x)
    ),
}


@pytest.mark.parametrize("stack", ENLARGING.values(), ids=ENLARGING)
def test_receptive_field_after_enlarging(stack):
    inputs = keras.Input((31, 33, 2))
    model = keras.Model(inputs, stack(inputs))
    model.set_weights([np.full(w.shape, 0.1, "float32") for w in model.weights])
    image = tf.ones((1, 31, 33, 2))
    rows = []
    for i in range(12, 16):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = tf.reduce_sum(model(image)[0, i, 14])
        gradient = np.asarray(tape.gradient(value, image))[0].sum(axis=(1, 2))
        rows.append(np.flatnonzero(gradient))
    # What neighbours see alternates in size; the table gives the larger.
    last = layer_table(model).iloc[-1]
    assert last["receptive_height"] == max(r[-1] - r[0] + 1 for r in rows)
    assert 2 * last["stride_height"] == rows[2][0] - rows[0][0]


COSTS = {  # layer, multiply-adds on (7, 6, 4), by hand
    "conv": (keras.layers.Conv2D(3, (3, 2), padding="same"), 42 * 3 * 2 * 4 * 3),
    "strided": (keras.layers.Conv2D(3, 3, strides=2), 3 * 2 * 9 * 4 * 3),
    "grouped": (keras.layers.Conv2D(6, 3, groups=2, padding="same"), 42 * 9 * 2 * 6),
    "depthwise": (keras.layers.DepthwiseConv2D(3, depth_multiplier=2), 5 * 4 * 9 * 8),
    "separable": (keras.layers.SeparableConv2D(5, 3), 5 * 4 * (9 * 4 + 4 * 5)),
    "transposed": (keras.layers.Conv2DTranspose(3, 2, strides=2), 42 * 4 * 4 * 3),
    "dense on pixels": (keras.layers.Dense(5), 42 * 4 * 5),
    "pooling": (keras.layers.MaxPooling2D(2), 0),
}


@pytest.mark.parametrize(("layer", "expected"), COSTS.values(), ids=COSTS)
def test_multiply_adds_by_hand(layer, expected):
    inputs = keras.Input((7, 6, 4))
    assert multiply_adds(keras.Model(inputs, layer(inputs))) == expected


def test_shared_layer_counts_once_and_works_twice():
    inputs = keras.Input((8, 8, 4))
    conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    table = layer_table(keras.Model(inputs, conv(conv(inputs))))
    assert list(table.index) == ["input", "conv", "conv:2"]
    assert totals(table)["parameters"] == 9 * 4 * 4 + 4
    assert totals(table)["multiply_adds"] == 2 * 64 * 9 * 4 * 4
    assert table.loc["conv:2", "receptive_height"] == 5


def test_precision_and_batch_norm_and_nesting():
    inner = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.BatchNormalization(name="bn"),
            keras.layers.Dropout(0.5, name="drop"),
        ],
        name="inner",
    )
    inputs = keras.Input((4, 4, 3))
    out = keras.layers.ReLU(dtype="float16", name="half")(inner(inputs))
    table = layer_table(keras.Model(inputs, out))
    assert list(table.index) == ["input", "inner/bn", "inner/drop", "half"]
    bn = table.loc["inner/bn"]
    assert (bn["batch_norm"], bn["parameters"], bn["trainable"]) == (12, 12, 6)
    assert list(table["activation_bytes"]) == [192, 192, 0, 96]


def test_open_sizes_and_models_without_a_graph():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3, padding="same")(inputs))
    assert multiply_adds(model, (5, 7, 3)) == 35 * 27 * 2
    with pytest.raises(ValueError, match="input_shape: the model leaves sizes open"):
        multiply_adds(model)

    class Subclassed(keras.Model):
        pass

    with pytest.raises(ValueError, match="model: Subclassed has no graph"):
        layer_table(Subclassed())
