"""MyConv2D is keras.layers.Conv2D, and works wherever a Keras layer must."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close, normal
from solutions.oracles import conv2d_gradients_loop, conv2d_loop, same_pad

AS_KERAS = {  # image (N, H, W, C), arguments
    "valid, kh != kw": ((2, 6, 5, 3), {"kernel_size": (3, 2)}),
    "same, stride 3, no zeros needed": (
        (1, 6, 9, 2),
        {"kernel_size": 3, "strides": 3, "padding": "same"},
    ),
    "same, stride 2, even size": (
        (2, 6, 8, 2),
        {"kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    "same, even kernel, strides differ": (
        (2, 7, 6, 2),
        {"kernel_size": (4, 2), "strides": (3, 2), "padding": "same"},
    ),
    "dilation differs": (
        (1, 9, 7, 2),
        {"kernel_size": 3, "dilation_rate": (3, 2), "use_bias": False},
    ),
    "same, kernel smaller than the stride": (
        (2, 7, 5, 2),
        {"kernel_size": 1, "strides": 2, "padding": "same", "activation": "relu"},
    ),
}
# Keras refuses strides with dilation, and needs a compiler for groups: the loop is
# the reference for these.
AS_LOOP = {
    "groups": ((2, 5, 6, 4), {"kernel_size": (2, 3), "groups": 2}),
    "depthwise, same": (
        (1, 5, 4, 3),
        {"kernel_size": 3, "groups": 3, "padding": "same"},
    ),
    "all at once": (
        (2, 9, 8, 4),
        {
            "kernel_size": (2, 3),
            "strides": (2, 3),
            "dilation_rate": (3, 2),
            "groups": 2,
            "padding": "same",
        },
    ),
}


def pair(value):
    return (value, value) if isinstance(value, int) else value


def geometry(x_shape, arguments):
    """The oracle's arguments for a layer's."""
    kernel, strides, dilation = (
        pair(arguments.get(name, 1))
        for name in ("kernel_size", "strides", "dilation_rate")
    )
    pads = ((0, 0), (0, 0))
    if arguments.get("padding") == "same":
        pads = tuple(map(same_pad, x_shape[1:3], kernel, strides, dilation))
    groups = arguments.get("groups", 1)
    return {"stride": strides, "dilation": dilation, "pad": pads, "groups": groups}


def with_weights(layer, rng, x):
    """Builds a layer and gives it random weights (the default bias is all zeros)."""
    layer(x)
    weights = [normal(rng, np.shape(w), np.float32) for w in layer.weights()]
    layer.set_weights(weights)
    return weights


@pytest.mark.parametrize("case", AS_KERAS.values(), ids=AS_KERAS)
def test_matches_keras(student, reference, rng, case):
    x_shape, arguments = case
    x = normal(rng, x_shape, np.float32)
    theirs = reference.layer("Conv2D", filters=4, **arguments)
    weights = with_weights(theirs, rng, x)
    mine = student.MyConv2D(filters=4, **arguments)
    mine(x)
    assert [np.shape(w) for w in mine.weights()] == [w.shape for w in weights], (
        "the layer's weights must be kernel (kh, kw, C_in // groups, filters), then "
        "bias (filters,) if use_bias"
    )
    mine.set_weights(weights)
    assert_close(mine(x), theirs(x), what="the layer's output")


@pytest.mark.parametrize("case", AS_LOOP.values(), ids=AS_LOOP)
def test_matches_loop(student, rng, case):
    x_shape, arguments = case
    x = normal(rng, x_shape, np.float32)
    layer = student.MyConv2D(filters=6, **arguments)
    kernel, bias = with_weights(layer, rng, x)
    depth = x_shape[-1] // arguments["groups"]
    wanted = (*pair(arguments["kernel_size"]), depth, 6)
    assert kernel.shape == wanted, (
        f"kernel must have shape {wanted}, got {kernel.shape}"
    )
    expected = conv2d_loop(x, kernel, bias, **geometry(x_shape, arguments))
    assert_close(layer(x), expected.astype(np.float32), what="the layer's output")


@pytest.mark.parametrize(
    ("x_shape", "arguments"),
    [AS_KERAS["same, stride 2, even size"], AS_LOOP["all at once"]],
    ids=["same, stride 2", "groups, dilation, strides"],
)
def test_gradients(student, rng, x_shape, arguments):
    x = normal(rng, x_shape, np.float32)
    layer = student.MyConv2D(filters=4, **arguments)
    kernel, _ = with_weights(layer, rng, x)
    upstream = normal(rng, np.shape(layer(x)), np.float32)
    dx, (dkernel, dbias) = layer.gradients(x, upstream)
    expected = conv2d_gradients_loop(
        x, kernel, upstream, **geometry(x_shape, arguments)
    )
    for name, ours, theirs in zip(
        ("the input", "kernel", "bias"), (dx, dkernel, dbias), expected, strict=True
    ):
        assert_close(ours, theirs.astype(np.float32), what=f"gradient of {name}")


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": (3, 2), "strides": (2, 3), "padding": "same"},
        {"kernel_size": 2, "dilation_rate": (2, 3), "groups": 2},
    ],
    ids=["same", "valid"],
)
def test_unknown_sizes_in_a_graph(student, rng, arguments):
    x = normal(rng, (2, 6, 7, 4), np.float32)
    layer = student.MyConv2D(filters=2, **arguments)
    kernel, bias = with_weights(layer, rng, x)
    expected = conv2d_loop(x, kernel, bias, **geometry(x.shape, arguments))
    expected = expected.astype(np.float32)
    # What is wrong with known sizes too is told before the long trace.
    assert_close(layer(x), expected, what="the layer's output")
    assert_close(
        layer.call_graph(x),
        expected,
        what="output inside tf.function with unknown batch, height and width",
    )


SHAPES = {
    "known": ({}, (2, 7, 5, 3), (2, 5, 3, 4)),
    "unknown batch": ({}, (None, 7, 5, 3), (None, 5, 3, 4)),
    "unknown height": ({}, (None, None, 5, 3), (None, None, 3, 4)),
    "all unknown": ({"padding": "same"}, (None, None, None, 3), (None, None, None, 4)),
    "same, strides": (
        {"padding": "same", "strides": (2, 3)},
        (1, 7, 7, 3),
        (1, 4, 3, 4),
    ),
    "floored": ({"strides": 2}, (1, 8, 7, 3), (1, 3, 3, 4)),
    "dilated": ({"dilation_rate": (2, 3)}, (1, 8, 9, 3), (1, 4, 3, 4)),
}


@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES)
def test_compute_output_shape(student, case):
    arguments, given, expected = case
    layer = student.MyConv2D(filters=4, kernel_size=3, **arguments)
    shape = tuple(layer.output_shape(given))
    assert shape == expected, (
        f"compute_output_shape({given}) must return {expected}, got {shape}"
    )


def test_config_round_trip(student, rng):
    x = normal(rng, (2, 9, 8, 4), np.float32)
    arguments = AS_LOOP["all at once"][1]
    layer = student.MyConv2D(filters=6, activation="tanh", name="mine", **arguments)
    weights = with_weights(layer, rng, x)
    config = layer.config()
    assert config.get("name") == "mine", "get_config must hold the layer's name too"
    copy = layer.clone()
    copy(x)
    assert [np.shape(w) for w in copy.weights()] == [w.shape for w in weights], (
        "from_config(get_config()) gave a layer with weights of other shapes"
    )
    copy.set_weights(weights)
    assert_close(copy(x), layer(x), what="output of from_config(get_config())")


def test_initializers(student):
    x = np.ones((1, 4, 3, 2), np.float32)
    layer = student.MyConv2D(
        filters=3, kernel_size=2, kernel_initializer="ones", bias_initializer="ones"
    )
    for name, candidate in (("layer", layer), ("its copy", layer.clone())):
        out = np.asarray(candidate(x))
        assert_close(
            out, np.full((1, 3, 2, 3), 9, np.float32), what=f"ones in, {name} of ones"
        )
    no_bias = student.MyConv2D(filters=3, kernel_size=2, use_bias=False).clone()
    no_bias(x)
    assert len(no_bias.weights()) == 1, "use_bias=False: the layer has its kernel alone"


def test_real_digit(student, reference, rng):
    x = digits_arrays("train[5:6]")[0].astype(np.float32) / 255
    arguments = {"filters": 3, "kernel_size": 5, "strides": 2, "padding": "same"}
    theirs = reference.layer("Conv2D", **arguments)
    mine = student.MyConv2D(**arguments)
    mine(x)
    mine.set_weights(with_weights(theirs, rng, x))
    assert_close(mine(x), theirs(x), what="output for a digit")


def test_trains_on_real_digits(student):
    """Zeros against ones: whatever its first weights, the loss all but vanishes."""
    x, y = digits_arrays("train[:150]")
    x, chosen = x[:, 2::3, 2::3].astype(np.float32) / 64, y < 2
    layer = student.MyConv2D(filters=12, kernel_size=5, activation="relu")
    losses = layer.fit(x[chosen], y[chosen], classes=2, steps=40, seed=1)
    first, last = np.mean(losses[:5]), np.mean(losses[-5:])
    assert last < 0.3 * first, (
        f"40 training steps on the digits 0 and 1 must lower the loss to a third; it "
        f"went from {first:.2f} to {last:.2f}"
    )


def test_a_saved_model_gives_the_same(student, rng):
    x = normal(rng, (2, 6, 5, 2), np.float32)
    layer = student.MyConv2D(filters=3, kernel_size=2, padding="same", strides=2)
    before, after = layer.save_and_load(x)
    assert_close(after, before, what="output after saving and loading")
