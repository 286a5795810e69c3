"""The normal form of a network: equal for what computes the same, else different."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from grader.blueprints import Layer
from grader.worker import models
from solutions.oracles.graph import agree, difference, multiply_adds, parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.sketch import Sketch
from solutions.oracles.stages import chains_agree, stages

SHAPE = (13, 10, 4)


def graph_of(build, shape=SHAPE):
    inputs = keras.Input(shape)
    return told(keras.Model(inputs, build(inputs)))


def told(model):
    return read([Layer(**record) for record in models.layers(model)])


def conv(x, filters=6, kernel=3, **config):
    return layers.Conv2D(filters, kernel, **config)(x)


def relu_of(x):
    return layers.ReLU()(x)


def padded(x, pad, layer):
    return layer(layers.ZeroPadding2D(pad)(x))


def depthwise_by_groups(x):
    return conv(x, 8, (3, 2), groups=4, padding="same")


def nested(x):
    inner = keras.Sequential([layers.Conv2D(6, 3), layers.ReLU()])
    return inner(x)


def halves(x):
    left, right = ops.split(x, 2, axis=-1)
    return layers.Concatenate()([left, right, x])


EQUAL = {
    "activation as an argument, layer or operation": [
        lambda x: conv(x, activation="relu"),
        lambda x: relu_of(conv(x)),
        lambda x: layers.Activation("relu")(conv(x, activation="linear")),
        lambda x: ops.relu(conv(x)),
        lambda x: relu_of(relu_of(conv(x))),
        lambda x: layers.Activation(keras.activations.relu)(conv(x)),
        lambda x: conv(x, activation=layers.ReLU()),
        nested,
    ],
    "same, or explicit zeros": [
        lambda x: conv(x, padding="same"),
        lambda x: padded(x, 1, layers.Conv2D(6, 3)),
    ],
    "same with a stride, or the zeros that it needs": [
        lambda x: conv(x, kernel=5, strides=2, padding="same"),
        lambda x: padded(x, ((2, 2), (1, 2)), layers.Conv2D(6, 5, strides=2)),
        lambda x: padded(x, ((2, 3), (1, 3)), layers.Conv2D(6, 5, strides=2)),
    ],
    "a depthwise layer, or a group per channel": [
        depthwise_by_groups,
        lambda x: layers.DepthwiseConv2D((3, 2), depth_multiplier=2, padding="same")(x),
    ],
    "separable in one or two": [
        lambda x: layers.SeparableConv2D(5, 3, strides=2)(x),
        lambda x: conv(layers.DepthwiseConv2D(3, strides=2, use_bias=False)(x), 5, 1),
    ],
    "pooled before or after ReLU": [
        lambda x: layers.MaxPooling2D(3, 2)(conv(x, activation="relu")),
        lambda x: relu_of(layers.MaxPooling2D(3, 2)(conv(x))),
    ],
    "padded pooling of what is not negative": [
        lambda x: layers.MaxPooling2D(3, 2, padding="same")(relu_of(conv(x))),
        lambda x: padded(relu_of(conv(x)), ((1, 1), (0, 1)), layers.MaxPooling2D(3, 2)),
    ],
    "the mean of all places": [
        lambda x: layers.GlobalAveragePooling2D()(x),
        lambda x: layers.Flatten()(layers.AveragePooling2D((13, 10))(x)),
        lambda x: layers.Flatten()(layers.GlobalAveragePooling2D(keepdims=True)(x)),
        lambda x: ops.mean(x, axis=(1, 2)),
        lambda x: layers.Reshape((4,))(ops.mean(x, axis=[1, 2], keepdims=True)),
    ],
    "the largest of all places": [
        lambda x: layers.GlobalMaxPooling2D()(relu_of(x)),
        lambda x: relu_of(layers.Flatten()(layers.MaxPooling2D((13, 10))(x))),
    ],
    "dense, or a convolution": [
        lambda x: layers.Dense(7)(layers.Flatten()(x)),
        lambda x: layers.Flatten()(conv(x, 7, (13, 10))),
    ],
    "dense on maps": [lambda x: layers.Dense(7)(x), lambda x: conv(x, 7, 1)],
    "dropout and flatten": [
        lambda x: layers.Dropout(0.5)(layers.Flatten()(x)),
        lambda x: layers.Flatten()(layers.Dropout(0.5)(x)),
        lambda x: layers.Reshape((520,))(layers.Dropout(0.5)(x)),
    ],
    "joined at once or one by one": [
        lambda x: layers.Concatenate()([conv(x, 2, 1), x, conv(x, 3, 1)]),
        lambda x: ops.concatenate(
            [layers.Concatenate(axis=3)([conv(x, 2, 1), x]), conv(x, 3, 1)], axis=-1
        ),
        lambda x: layers.Concatenate()([x, conv(x, 3, 1), conv(x, 2, 1)]),
    ],
    "ReLU of all branches or of each": [
        lambda x: relu_of(layers.Concatenate()([conv(x, 2, 1), conv(x, 3, 1)])),
        lambda x: layers.Concatenate()(
            [relu_of(conv(x, 3, 1)), relu_of(conv(x, 2, 1))]
        ),
    ],
    "a sum as a layer or with +": [
        lambda x: layers.Add()([x, conv(x, 4, 1), conv(x, 4, 1)]),
        lambda x: conv(x, 4, 1) + x + conv(x, 4, 1),
    ],
    "slices": [
        halves,
        lambda x: layers.Concatenate()([x[..., :2], x[:, :, :, 2:], x]),
    ],
    "a mode that the model overrules": [
        lambda x: layers.Dropout(0.4)(layers.BatchNormalization()(x)),
        lambda x: layers.Dropout(0.4)(layers.BatchNormalization()(x, training=False)),
        lambda x: layers.Dropout(0.4)(layers.BatchNormalization()(x), training=False),
    ],
    "settings of dropout that change nothing": [
        lambda x: layers.Dropout(0.4)(x),
        lambda x: layers.Dropout(0.4, seed=3)(x),
        lambda x: layers.Dropout(0.4, noise_shape=[None, 13, 10, 4])(x),
    ],
    "dropout of whole maps": [
        lambda x: layers.SpatialDropout2D(0.4)(x),
        lambda x: layers.Dropout(0.4, noise_shape=[None, 1, 1, 4])(x),
        lambda x: layers.Dropout(0.4, noise_shape=[None, 1, 1, None])(x),
    ],
    "a ceiling as a layer, name or setting": [
        lambda x: conv(x, activation="relu6"),
        lambda x: layers.ReLU(max_value=6)(conv(x)),
        lambda x: conv(x, activation=layers.ReLU(max_value=6)),
    ],
}


@pytest.mark.parametrize("builds", EQUAL.values(), ids=EQUAL)
def test_the_same_computation_has_one_form(builds):
    first, *rest = [graph_of(build) for build in builds]
    for other in rest:
        agree(other, first, "f(x)")
        assert parameters(other) == parameters(first)
        assert multiply_adds(other) == multiply_adds(first)


UNEQUAL = {
    "filters": [lambda x: conv(x, 6), lambda x: conv(x, 7)],
    "kernel": [lambda x: conv(x, 6, (3, 2)), lambda x: conv(x, 6, (2, 3))],
    "padding": [lambda x: conv(x), lambda x: conv(x, padding="same")],
    "dilation": [lambda x: conv(x), lambda x: conv(x, dilation_rate=2)],
    "zeros on one side": [
        lambda x: conv(x, strides=2, kernel=5, padding="same"),
        lambda x: padded(x, ((4, 0), (3, 0)), layers.Conv2D(6, 5, strides=2)),
    ],
    "groups": [lambda x: conv(x, groups=2), lambda x: conv(x, groups=1)],
    "bias": [lambda x: conv(x), lambda x: conv(x, use_bias=False)],
    "activation": [lambda x: relu_of(conv(x)), lambda x: conv(x)],
    "which activation": [
        lambda x: conv(x, activation="relu"),
        lambda x: conv(x, activation="tanh"),
    ],
    "a leak": [lambda x: relu_of(x), lambda x: layers.ReLU(negative_slope=0.1)(x)],
    "zeros or minus infinity around what may be negative": [
        lambda x: layers.MaxPooling2D(3, padding="same")(conv(x)),
        lambda x: padded(conv(x), ((1, 1), (1, 0)), layers.MaxPooling2D(3)),
    ],
    "max or mean": [
        lambda x: layers.MaxPooling2D(2)(x),
        lambda x: layers.AveragePooling2D(2)(x),
    ],
    "the place of batch normalisation": [
        lambda x: relu_of(layers.BatchNormalization()(conv(x))),
        lambda x: layers.BatchNormalization()(relu_of(conv(x))),
    ],
    "the axis of batch normalisation": [
        lambda x: layers.BatchNormalization()(x),
        lambda x: layers.BatchNormalization(axis=1)(x),
    ],
    "dropout's rate": [
        lambda x: layers.Dropout(0.4)(x),
        lambda x: layers.Dropout(0.5)(x),
    ],
    "joined or added": [
        lambda x: layers.Concatenate()([x, conv(x, 4, 1)]),
        lambda x: layers.Add()([x, conv(x, 4, 1)]),
    ],
    "one branch twice or two": [
        lambda x: layers.Add()([conv(x, 4, 1), conv(x, 4, 1)]),
        lambda x: (lambda y: layers.Add()([y, y]))(conv(x, 4, 1)),
    ],
    "what feeds a branch": [
        lambda x: layers.Concatenate()([same(4, 1)(x), same(4, 3)(same(4, 1)(x))]),
        lambda x: layers.Concatenate()([same(4, 1)(same(4, 3)(x)), same(4, 1)(x)]),
    ],
    "the wrong half": [
        lambda x: layers.Concatenate()([x[..., :2], x[..., 2:]]),
        lambda x: layers.Concatenate()([x[..., :2], x[..., :2]]),
    ],
    "ReLU on a pooled branch": [
        lambda x: relu_of(layers.Concatenate()([conv(x, 2, 1), x])),
        lambda x: layers.Concatenate()([relu_of(conv(x, 2, 1)), x]),
    ],
    "dropout of every unit or of whole maps": [
        lambda x: layers.Flatten()(layers.Dropout(0.4)(x)),
        lambda x: layers.Flatten()(layers.SpatialDropout2D(0.4)(x)),
    ],
    "dropout that neighbours share": [
        lambda x: layers.Flatten()(layers.Dropout(0.4)(x)),
        lambda x: layers.Flatten()(
            layers.Dropout(0.4, noise_shape=[None, 1, 10, 4])(x)
        ),
    ],
    "dropout for ever": [
        lambda x: layers.Dropout(0.4)(x),
        lambda x: layers.Dropout(0.4)(x, training=True),
    ],
    "batch normalisation by the batch for ever": [
        lambda x: layers.BatchNormalization()(x),
        lambda x: layers.BatchNormalization()(x, training=True),
    ],
    "a nested model that trains for ever": [
        lambda x: keras.Sequential([layers.BatchNormalization()])(x),
        lambda x: keras.Sequential([layers.BatchNormalization()])(x, training=True),
    ],
    "a frozen convolution": [
        lambda x: conv(x),
        lambda x: conv(x, trainable=False),
    ],
    "a frozen dense layer written as a convolution": [
        lambda x: conv(x, 5, SHAPE[:2]),
        lambda x: conv(x, 5, SHAPE[:2], trainable=False),
    ],
    "a kernel that only its low rank may change": [
        lambda x: layers.Dense(5)(x),
        lambda x: layers.Dense(5, lora_rank=1)(x),
    ],
    "frozen batch normalisation": [
        lambda x: layers.BatchNormalization()(x),
        lambda x: layers.BatchNormalization(trainable=False)(x),
    ],
    "batch renormalisation": [
        lambda x: layers.BatchNormalization()(x),
        lambda x: layers.BatchNormalization(renorm=True)(x),
    ],
    "a window over columns and channels": [
        lambda x: layers.MaxPooling2D(3, 1, padding="same")(x),
        lambda x: layers.MaxPooling2D(
            3, 1, padding="same", data_format="channels_first"
        )(x),
    ],
    "a ceiling": [
        lambda x: conv(x, activation="relu"),
        lambda x: conv(x, activation=layers.ReLU(max_value=6)),
    ],
    "a ceiling of zero": [
        lambda x: layers.ReLU()(x),
        lambda x: layers.ReLU(max_value=0)(x),
    ],
    "a layer of another kind": [
        lambda x: layers.LayerNormalization()(conv(x)),
        lambda x: conv(x),
    ],
}


@pytest.mark.parametrize("builds", UNEQUAL.values(), ids=UNEQUAL)
def test_another_computation_has_another(builds):
    first, second = [graph_of(build) for build in builds]
    assert difference(first, second)
    assert difference(second, first)
    with pytest.raises(AssertionError, match="net: "):
        agree(first, second, "net")


def test_the_order_counts_if_asked():
    one = graph_of(lambda x: layers.Concatenate()([conv(x, 4, 1), x]))
    two = graph_of(lambda x: layers.Concatenate()([x, conv(x, 4, 1)]))
    assert difference(one, two) is None
    assert "wiring" in difference(one, two, ordered=True)


def test_differences_are_told_in_words():
    one = graph_of(lambda x: layers.Conv2D(5, 3, name="mine")(x))
    two = graph_of(lambda x: layers.Conv2D(6, 3, name="right")(x))
    told = difference(one, two)
    assert "missing: convolution 3x3, 6 filters, stride 1: 13x10x4 → 11x8x6" in told
    assert "not wanted: convolution 3x3, 5 filters" in told
    assert "'mine'" in told


def everything(net):
    x = net.conv("input", 6, (5, 3), (2, 3), padding=2)
    y = net.conv(x, 6, 3, dilation=2, groups=3, bias=False, activation=None)
    x = net.add(x, net.batch_norm(y))
    x = net.concat(net.max_pool(x, 3, 1, "same"), net.avg_pool(x, (2, 3), 1, "same"))
    x = net.max_pool(net.activation(x, "tanh"), 2, 2)
    side = net.dense(net.global_avg(x), 3, "softmax")
    x = net.dense(net.dropout(net.flatten(x), 0.3), 7, bias=False)
    return net.graph(x, side)


def everything_in_keras(shape=SHAPE):
    inputs = keras.Input(shape)
    x = padded(inputs, 2, layers.Conv2D(6, (5, 3), (2, 3), activation="relu"))
    y = layers.Conv2D(6, 3, dilation_rate=2, groups=3, padding="same", use_bias=False)(
        x
    )
    x = layers.Add()([x, layers.BatchNormalization()(y)])
    x = layers.Concatenate()(
        [
            layers.MaxPooling2D(3, 1, padding="same")(x),
            layers.AveragePooling2D((2, 3), 1, padding="same")(x),
        ]
    )
    x = layers.MaxPooling2D(2)(layers.Activation("tanh")(x))
    side = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(7, activation="relu", use_bias=False)(x)
    return keras.Model(inputs, [x, side])


def test_a_sketch_is_what_keras_builds():
    model = everything_in_keras()
    sketch = everything(Sketch(SHAPE))
    agree(told(model), sketch, "the model")
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert parameters(sketch) == trained
    first, second = (7 * 4 * 6) * (5 * 3 * 4), (7 * 4 * 6) * (3 * 3 * 2)
    head = 3 * 2 * 12 * 7 + 12 * 3
    assert multiply_adds(sketch) == first + second + head


def test_costs_of_a_known_network():
    """VGG-16: 138,357,544 parameters, 15,470,264,320 multiply-adds, as published."""
    net = Sketch((224, 224, 3))
    x = "input"
    for filters, depth in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(depth):
            x = net.conv(x, filters, 3)
        x = net.max_pool(x, 2, 2)
    for units in (4096, 4096, 1000):
        x = net.dense(net.flatten(x), units)
    graph = net.graph(x)
    assert parameters(graph) == 138_357_544
    assert multiply_adds(graph) == 15_470_264_320


def test_a_layer_that_is_called_twice_counts_once():
    same = layers.Dense(4)
    inputs = keras.Input((4,))
    graph = told(keras.Model(inputs, same(same(inputs))))
    assert parameters(graph) == 20
    assert multiply_adds(graph) == 32


# Towers: two groups in one piece, or side by side.


def chain(net, groups):
    x = net.max_pool(net.conv("input", 4, 3), 2, 2)
    x = net.conv(x, 8, 5, groups=groups)
    x = net.conv(net.conv(x, 12, 3), 6, 3, groups=groups)
    x = net.dropout(net.dense(net.flatten(x), 10), 0.5)
    return net.graph(net.dense(x, 3, "softmax"))


def dense_end(x, mode=None):
    x = layers.Dense(10, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.5)(x, training=mode)
    return layers.Dense(3, activation="softmax")(x)


def same(filters, kernel, **config):
    return layers.Conv2D(filters, kernel, padding="same", activation="relu", **config)


def in_one_piece(x, groups=2, mode=None, **config):
    x = layers.MaxPooling2D(2)(same(4, 3)(x))
    x = same(8, 5, groups=groups, **config)(x)
    x = same(6, 3, groups=groups)(same(12, 3)(x))
    return dense_end(x, mode)


def from_the_start(x):
    a, b = (same(4, 5)(layers.MaxPooling2D(2)(same(2, 3)(x))) for _ in "ab")
    x = layers.Concatenate()([a, b])
    a, b = (same(3, 3)(same(6, 3)(x)) for _ in "ab")
    return dense_end(layers.Concatenate()([a, b]))


def cut(x):
    x = layers.MaxPooling2D(2)(same(4, 3)(x))
    x = layers.Concatenate()([same(4, 5)(x[..., :2]), same(4, 5)(x[..., 2:])])
    a, b = ops.split(same(12, 3)(x), 2, axis=-1)
    a, b = same(3, 3)(a), same(3, 3)(b)
    a, b = (layers.Flatten()(part) for part in (a, b))
    x = layers.Concatenate()([a, b])
    a, b = (layers.Dense(5, activation="relu")(x) for _ in "ab")
    x = layers.Dropout(0.5)(layers.Concatenate()([a, b]))
    return layers.Dense(3, activation="softmax")(x)


def the_same_half_twice(x):
    x = layers.MaxPooling2D(2)(same(4, 3)(x))
    x = layers.Concatenate()([same(4, 5)(x[..., :2]), same(4, 5)(x[..., :2])])
    return dense_end(same(6, 3, groups=2)(same(12, 3)(x)))


def shuffled(x):
    x = layers.MaxPooling2D(2)(same(4, 3)(x))
    x = same(8, 5, groups=2)(x)
    x = same(12, 3)(layers.Concatenate()([x[..., ::2], x[..., 1::2]]))
    return dense_end(same(6, 3, groups=2)(x))


@pytest.mark.parametrize("build", [in_one_piece, from_the_start, cut, shuffled])
def test_towers_and_groups_are_one(build):
    chains_agree(graph_of(build), chain(Sketch(SHAPE), 2), "net()")


@pytest.mark.parametrize(
    ("build", "groups", "told"),
    [
        (in_one_piece, 1, "8 filters on 4 channels each"),
        (the_same_half_twice, 2, "2 of the 4 channels before"),
        (lambda x: in_one_piece(x, 1), 2, "8 filters on 2 channels each"),
        (lambda x: layers.Add()([x, conv(x, 4, 1)]), 2, "joins several inputs"),
        (lambda x: layers.Concatenate()([x, conv(x, 4, 1)]), 2, "different depth"),
        (lambda x: dense_end(same(4, 3)(x)), 2, "layer 1 with weights must be"),
        (
            lambda x: in_one_piece(x, mode=True),
            2,
            "dropout rate 0.5 called with training",
        ),
        (lambda x: in_one_piece(x, trainable=False), 2, "filters.*frozen"),
    ],
)
def test_wrong_towers_are_told(build, groups, told):
    with pytest.raises(AssertionError, match=r"net\(\).*" + told):
        chains_agree(graph_of(build), chain(Sketch(SHAPE), groups), "net()")


def test_a_group_that_sees_both_towers_is_noticed():
    def mixed(x):
        x = same(4, 1)(x)
        x = same(4, 1, groups=2)(x)
        if shuffle:
            x = layers.Concatenate()([x[..., ::2], x[..., 1::2]])
        return same(4, 1, groups=2)(x)

    shuffle = False
    apart = stages(graph_of(mixed))
    shuffle = True
    across = stages(graph_of(mixed))
    assert [stage.fan_in for stage in apart] == [stage.fan_in for stage in across]
    assert apart[3].sees == (4, 2, 2)
    assert across[3].sees == (4, 4, 2)
