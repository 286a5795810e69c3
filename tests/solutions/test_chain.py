"""Models that are the same read the same, and those that are not do not."""

import keras
import pytest

from grader.blueprints import Layer
from grader.worker.models import blueprint, shapes
from grader.worker.models import layers as records
from solutions.chain import expect_chain, steps

layers = keras.layers


def told(*parts, shape=(8, 6, 2)):
    """The lines of a chain of layers, the input's left out."""
    model = keras.Sequential([keras.Input(shape), *parts])
    return steps([Layer(**record) for record in records(model)])[1:]


SAME = {
    "activation as an argument, a layer, a ReLU": (
        lambda: [layers.Conv2D(3, 3, activation="relu")],
        lambda: [layers.Conv2D(3, 3), layers.Activation("relu")],
        lambda: [layers.Conv2D(3, 3), layers.ReLU()],
        lambda: [layers.Conv2D(3, 3, activation=keras.ops.relu)],
        lambda: [layers.Conv2D(3, 3, activation=layers.ReLU())],
        lambda: [layers.Conv2D(3, 3, activation=layers.Activation("relu"))],
        lambda: [layers.Conv2D(3, 3), layers.Activation(layers.ReLU())],
        lambda: [layers.Conv2D(3, 3, activation="linear"), layers.ReLU()],
    ),
    "zeros": (
        lambda: [layers.Conv2D(3, (3, 5), padding="same")],
        lambda: [layers.ZeroPadding2D((1, 2)), layers.Conv2D(3, (3, 5))],
        lambda: [
            layers.ZeroPadding2D(((0, 0), (2, 2))),
            layers.ZeroPadding2D(((1, 1), (0, 0))),
            layers.Conv2D(3, (3, 5)),
        ],
    ),
    "same with an even kernel": (
        lambda: [layers.Conv2D(3, 2, padding="same")],
        lambda: [layers.ZeroPadding2D(((0, 1), (0, 1))), layers.Conv2D(3, 2)],
    ),
    "pooling": (
        lambda: [layers.MaxPooling2D(2)],
        lambda: [layers.MaxPooling2D((2, 2), strides=(2, 2), padding="same")],
        lambda: [layers.MaxPool2D(2, strides=2)],
    ),
    "a convolution as large as the map": (
        lambda: [layers.Flatten(), layers.Dense(4, activation="tanh")],
        lambda: [layers.Reshape((-1,)), layers.Dense(4), layers.Activation("tanh")],
        lambda: [layers.Conv2D(4, (8, 6), activation="tanh")],
        lambda: [layers.Conv2D(4, (8, 6), activation="tanh"), layers.Flatten()],
        lambda: [
            layers.Conv2D(4, (8, 6)),
            layers.GlobalAveragePooling2D(),
            layers.Activation("tanh"),
        ],
    ),
    "softmax": (
        lambda: [layers.Flatten(), layers.Dense(3, "softmax")],
        lambda: [layers.Flatten(), layers.Dense(3), layers.Softmax()],
        lambda: [layers.Conv2D(3, (8, 6)), layers.Softmax(), layers.Flatten()],
    ),
    "nothing at all": (
        lambda: [layers.Flatten()],
        lambda: [layers.Identity(), layers.Dropout(0), layers.Flatten()],
        lambda: [layers.Activation("linear"), layers.Flatten()],
    ),
    "nested": (
        lambda: [layers.Conv2D(3, 3), layers.Flatten()],
        lambda: [keras.Sequential([layers.Conv2D(3, 3)]), layers.Flatten()],
    ),
}
CONV = {"filters": 3, "kernel_size": 3}
DIFFERENT = {
    "order": (
        lambda: [layers.BatchNormalization(), layers.ReLU()],
        lambda: [layers.ReLU(), layers.BatchNormalization()],
    ),
    "one pixel of zeros more": (
        lambda: [layers.Conv2D(**CONV, padding="same")],
        lambda: [layers.ZeroPadding2D(1), layers.Conv2D(**CONV, padding="same")],
    ),
    "zeros before a pooling": (
        lambda: [layers.MaxPooling2D(2)],
        lambda: [layers.ZeroPadding2D(1), layers.MaxPooling2D(2)],
    ),
    "zeros at the end": (
        lambda: [layers.Conv2D(**CONV)],
        lambda: [layers.Conv2D(**CONV), layers.ZeroPadding2D(1)],
    ),
    "strides of the pooling": (
        lambda: [layers.MaxPooling2D(2)],
        lambda: [layers.MaxPooling2D(2, strides=1)],
    ),
    "no bias": (
        lambda: [layers.Conv2D(**CONV)],
        lambda: [layers.Conv2D(**CONV, use_bias=False)],
    ),
    "dilation": (
        lambda: [layers.Conv2D(**CONV)],
        lambda: [layers.Conv2D(**CONV, dilation_rate=2)],
    ),
    "groups": (
        lambda: [layers.Conv2D(2, 3)],
        lambda: [layers.Conv2D(2, 3, groups=2)],
    ),
    "another ReLU": (
        lambda: [layers.ReLU()],
        lambda: [layers.ReLU(negative_slope=0.1)],
    ),
    "a capped ReLU": (lambda: [layers.ReLU()], lambda: [layers.ReLU(max_value=6)]),
    "a capped ReLU as the argument": (
        lambda: [layers.Conv2D(**CONV, activation=layers.ReLU())],
        lambda: [layers.Conv2D(**CONV, activation=layers.ReLU(max_value=6))],
    ),
    "softmax over the batch as the argument": (
        lambda: [layers.Conv2D(**CONV, activation=layers.Softmax())],
        lambda: [layers.Conv2D(**CONV, activation=layers.Softmax(axis=0))],
    ),
    "softmax over rows": (
        lambda: [layers.Softmax()],
        lambda: [layers.Softmax(axis=1)],
    ),
    "normalised along rows": (
        lambda: [layers.BatchNormalization()],
        lambda: [layers.BatchNormalization(axis=1)],
    ),
    "not centred": (
        lambda: [layers.BatchNormalization()],
        lambda: [layers.BatchNormalization(center=False)],
    ),
    "dense at each pixel": (
        lambda: [layers.Flatten(), layers.Dense(3)],
        lambda: [layers.Dense(3), layers.Flatten()],
    ),
    "a mean instead of all numbers": (
        lambda: [layers.Flatten()],
        lambda: [layers.GlobalAveragePooling2D()],
    ),
    "dropout of whole maps": (
        lambda: [layers.Dropout(0.5)],
        lambda: [layers.SpatialDropout2D(0.5)],
    ),
    "dropout rate": (lambda: [layers.Dropout(0.5)], lambda: [layers.Dropout(0.35)]),
    "one more layer": (
        lambda: [layers.Conv2D(**CONV)],
        lambda: [layers.Conv2D(**CONV), layers.UpSampling2D()],
    ),
    "depthwise": (
        lambda: [layers.Conv2D(2, 3, groups=2)],
        lambda: [layers.DepthwiseConv2D(3)],
    ),
}


@pytest.mark.parametrize("ways", SAME.values(), ids=SAME)
def test_the_same_network_reads_the_same(ways):
    first, *others = (told(*way()) for way in ways)
    assert all(other == first for other in others), others


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_another_network_reads_otherwise(pair):
    one, other = (told(*way()) for way in pair)
    assert one != other


def test_a_branch_is_refused():
    x = inputs = keras.Input((4, 4, 2))
    x = layers.Add()([layers.Conv2D(2, 1)(x), x])
    found = [Layer(**record) for record in records(keras.Model(inputs, x))]
    with pytest.raises(AssertionError, match="one chain"):
        steps(found)


def test_the_first_difference_is_told():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu")])
    found = [Layer(**record) for record in records(model)]
    right = ["input 4", "dense layer: 3 units", "activation: relu"]
    expect_chain(found, right)
    with pytest.raises(AssertionError, match=r"step 1 .* 4 units"):
        expect_chain(found, ["input 4", "dense layer: 4 units", "activation: relu"])
    with pytest.raises(AssertionError, match=r"still to come: dropout 0\.5"):
        expect_chain(found, [*right, "dropout 0.5"])
    with pytest.raises(AssertionError, match="then comes activation: relu"):
        expect_chain(found, right[:2])


@pytest.mark.parametrize(
    "make", [lambda: layers.Dropout(0.5), layers.BatchNormalization]
)
def test_a_mode_that_a_call_fixes_is_told(make):
    inputs = keras.Input((8, 6, 2))
    model = keras.Model(inputs, make()(inputs, training=True))
    (line,) = steps([Layer(**record) for record in records(model)])[1:]
    assert line.endswith(" called with training=True")


def summary(*parts):
    """What a hint goes by."""
    return blueprint(keras.Sequential([keras.Input((8, 6, 2)), *parts]))["summary"]


def test_a_hint_goes_by_order_and_by_what_is_trained():
    norm, relu = layers.BatchNormalization, layers.ReLU
    right = summary(layers.Conv2D(3, 3), norm(), relu())
    assert right == summary(
        layers.Conv2D(3, 3, name="c"), norm(), layers.Activation("relu")
    )
    assert right != summary(layers.Conv2D(3, 3), relu(), norm())
    assert right != summary(layers.Conv2D(3, 3), norm(trainable=False), relu())
    assert right != summary(layers.Conv2D(3, 3), norm(scale=False), relu())


def test_a_hint_does_not_go_by_the_order_of_branches():
    def branched(first, second):
        x = inputs = keras.Input((4, 4, 2))
        parts = {n: layers.Conv2D(2, n, padding="same")(x) for n in (first, second)}
        return blueprint(keras.Model(inputs, layers.Add()([parts[1], parts[3]])))

    assert branched(1, 3)["summary"] == branched(3, 1)["summary"]


def test_a_dict_of_outputs_is_no_array():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, {"scores": layers.Dense(3)(inputs)})
    assert shapes(model) == ((None, 4), (("scores", (None, 3)),))
