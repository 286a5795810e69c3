"""What is drawn against NumPy and SciPy; and that it is drawn."""

from __future__ import annotations

import io

import keras
import numpy as np
import pytest
import scipy.signal
import sklearn.metrics
from matplotlib.figure import Figure

from shared.layers.residual import BasicBlock
from shared.testing import normal, rng
from shared.training import visualisation as vis

SHAPE = (11, 9, 2)
X = normal(rng(0), (5, *SHAPE), np.float32)
CLASSES = 4


def net(top="linear", seed=2):
    """Two convolutions without padding, a pooling between them; biases not zero."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, (3, 2), activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(4, (2, 3), name="second"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(CLASSES, activation=top, name="top"),
        ]
    )
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, bias + 0.1])
    return model


@pytest.fixture(scope="module")
def model():
    return net()


def conv(x, layer):
    """Valid cross-correlation of one image by SciPy, with bias."""
    kernel, bias = layer.get_weights()
    out = [
        sum(
            scipy.signal.correlate2d(x[..., i], kernel[..., i, o], "valid")
            for i in range(kernel.shape[2])
        )
        for o in range(kernel.shape[3])
    ]
    return np.stack(out, -1) + bias


def conv_back(signal, layer):
    """The transposed convolution: what `conv` sends back."""
    kernel, _ = layer.get_weights()
    out = [
        sum(
            scipy.signal.convolve2d(signal[..., o], kernel[..., i, o], "full")
            for o in range(kernel.shape[3])
        )
        for i in range(kernel.shape[2])
    ]
    return np.stack(out, -1)


def forward(x, model):
    """First pre-activation, pooled maps, positions of maxima, second pre-activation."""
    first = conv(x, model.get_layer("first"))
    maps = np.maximum(first, 0)
    rows, columns = maps.shape[0] // 2, maps.shape[1] // 2
    pooled = np.zeros((rows, columns, maps.shape[2]))
    where = {}
    for r, c, k in np.ndindex(*pooled.shape):
        window = maps[2 * r : 2 * r + 2, 2 * c : 2 * c + 2, k]
        dr, dc = np.unravel_index(window.argmax(), (2, 2))
        pooled[r, c, k] = window[dr, dc]
        where[r, c, k] = 2 * r + dr, 2 * c + dc, k
    return first, pooled, where, conv(pooled, model.get_layer("second"))


def test_activations_are_scipys(model):
    for x, maps, last in zip(
        X,
        vis.activations(model, X, "first"),
        vis.activations(model, X, "second"),
        strict=True,
    ):
        first, _, _, second = forward(x, model)
        np.testing.assert_allclose(maps, np.maximum(first, 0), atol=1e-5)
        np.testing.assert_allclose(last, second, atol=1e-5)


@pytest.mark.parametrize("rule", ["deconvolution", "guided"])
def test_deconvolution_is_zeiler_and_fergus_by_hand(model, rule):
    channel = 2
    projected, strongest = vis.deconvolution(model, X, "relu", channel, rule)
    assert (strongest > 0).all()
    for x, image, strength in zip(X, projected, strongest, strict=True):
        first, pooled, where, second = forward(x, model)
        maps = np.maximum(second[..., channel], 0)
        signal = np.zeros_like(second)
        place = np.unravel_index(maps.argmax(), maps.shape)
        signal[(*place, channel)] = maps[place]
        assert strength == pytest.approx(maps[place], rel=1e-5)
        back = conv_back(np.maximum(signal, 0), model.get_layer("second"))
        unpooled = np.zeros_like(first)
        for r, c, k in np.ndindex(*pooled.shape):
            unpooled[where[r, c, k]] = back[r, c, k]
        unpooled = np.maximum(unpooled, 0)
        if rule == "guided":
            unpooled *= first > 0
        expected = conv_back(unpooled, model.get_layer("first"))
        np.testing.assert_allclose(image, expected, atol=2e-5)


def test_deconvolution_leaves_the_model_as_it_was(model):
    before = vis.saliency(model, X, 1)
    vis.deconvolution(model, X, "relu", 0)
    with pytest.raises(ValueError, match="channel must be 0 to 3, got 4"):
        vis.deconvolution(model, X, "relu", 4)
    np.testing.assert_array_equal(vis.saliency(model, X, 1), before)
    assert model.get_layer("first").activation is keras.activations.relu
    assert type(model.get_layer("relu").call).__name__ == "method"


def test_deconvolution_reaches_into_blocks():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    block = BasicBlock(3, name="block")
    outputs = keras.layers.ReLU(name="after")(block(inputs))
    model = keras.Model(inputs, outputs)
    x = normal(rng(3), (2, 8, 8, 3), np.float32)
    by_rule, _ = vis.deconvolution(model, x, "after", 1)
    guided, _ = vis.deconvolution(model, x, "after", 1, "guided")
    # The two rules differ at the ReLUs only: one inside the block was reached.
    assert np.abs(by_rule - guided).max() > 1e-3


def test_a_capped_relu_is_refused():
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(2, 3, name="conv"),
            keras.layers.ReLU(max_value=6, name="relu6"),
        ]
    )
    with pytest.raises(ValueError, match="'relu6' is no plain ReLU"):
        vis.deconvolution(model, np.zeros((1, 4, 4, 1)), "relu6", 0)


@pytest.mark.parametrize("top", ["linear", "softmax", "layer"])
def test_saliency_is_the_difference_quotient_of_the_logit(top):
    model = net("linear" if top == "layer" else top)
    if top == "layer":
        model.add(keras.layers.Softmax())
    classes = np.array([0, 3, 1, 2, 0])
    found = vis.saliency(model, X, classes)
    kernel, bias = (w.astype(float) for w in model.get_layer("top").get_weights())

    def score(x, label):
        second = forward(x, model)[3]
        return np.maximum(second, 0).mean((0, 1)) @ kernel[:, label] + bias[label]

    for image, expected_class in ((1, 3), (4, 0)):
        for row, column in ((0, 0), (5, 4), (7, 2)):
            quotients = []
            for channel in range(2):
                bump = np.zeros(SHAPE)
                bump[row, column, channel] = 1e-6
                x = X[image].astype(float)
                up, down = (
                    score(x + bump, expected_class),
                    score(x - bump, expected_class),
                )
                quotients.append(abs(up - down) / 2e-6)
            assert found[image, row, column] == pytest.approx(
                max(quotients), rel=1e-3, abs=1e-6
            )


@pytest.mark.parametrize("trainable", [True, False])
def test_grad_cam_is_the_class_activation_map_before_an_average(trainable):
    model = net()
    model.trainable = trainable
    classes = [2, 2, 0, 1, 3]
    kernel, _ = model.get_layer("top").get_weights()
    maps = vis.activations(model, X, "relu")
    heat = vis.grad_cam(model, X, classes=classes)
    for image, label in enumerate(classes):
        positions = maps.shape[1] * maps.shape[2]
        expected = np.maximum(maps[image] @ kernel[:, label], 0) / positions
        np.testing.assert_allclose(heat[image], expected, atol=1e-6)
    assert heat.max() > 0


def test_grad_cam_weighs_a_map_by_its_mean_gradient():
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(CLASSES, name="top"),
        ]
    )
    maps = vis.activations(model, X, "conv")
    kernel, _ = model.get_layer("top").get_weights()
    # The gradient of a logit by the maps is the class's column of the kernel.
    weights = kernel[:, 1].reshape(maps.shape[1:]).mean((0, 1))
    heat = vis.grad_cam(model, X, "conv", 1)
    np.testing.assert_allclose(heat, np.maximum(maps @ weights, 0), atol=1e-6)
    assert 0 < (heat > 0).mean() < 1


def test_grad_cam_takes_the_predicted_class_where_none_is_named(model):
    predicted = np.asarray(model(X)).argmax(1)
    np.testing.assert_array_equal(
        vis.grad_cam(model, X, "second"), vis.grad_cam(model, X, "second", predicted)
    )


def stack(*windows):
    keras.utils.set_random_seed(3)
    layers = [keras.Input((41, 37, 1))]
    for index, (kernel, strides) in enumerate(windows):
        layers.append(
            keras.layers.Conv2D(
                4, kernel, strides=strides, activation="relu", name=f"c{index}"
            )
        )
    return keras.Sequential(layers)


@pytest.mark.parametrize(
    ("windows", "size"),
    [
        ([(3, 1), (3, 1)], (5, 5)),  # L46: two 3x3 see 5x5
        ([(3, 1), (3, 1), (3, 1)], (7, 7)),
        ([((3, 5), 2), ((2, 3), 1), (3, 2)], (9, 13)),
    ],
)
def test_the_measured_field_is_the_arithmetics(windows, size):
    field = vis.receptive_field_map(stack(*windows), f"c{len(windows) - 1}")
    assert field.size == size
    assert field.influence.max() == 1
    top, bottom, left, right = field.box
    outside = field.influence.copy()
    outside[top : bottom + 1, left : right + 1] = 0
    assert not outside.any()
    assert 1 <= field.effective <= max(size)


def test_the_field_of_a_corner_lies_in_the_corner():
    field = vis.receptive_field_map(stack((3, 2), (3, 1)), "c1", (0, 1))
    # Rows 0 .. 6 of stride 2; columns begin one output, 2 pixels, further right.
    assert field.box == (0, 6, 2, 8)


def test_confusion_is_scikit_learns():
    y, predicted = rng(1).integers(0, 5, 300), rng(2).integers(0, 5, 300)
    expected = sklearn.metrics.confusion_matrix(y, predicted)
    np.testing.assert_array_equal(vis.confusion_matrix(y, predicted), expected)
    scores = np.eye(5)[predicted]
    np.testing.assert_array_equal(vis.confusion_matrix(y, scores), expected)
    assert vis.confusion_matrix(np.array([0]), np.array([1]), 3).shape == (3, 3)


FIGURES = {  # the call, and how many pictures it draws
    "filters": (lambda m: vis.filter_figure(m, "second"), 4),
    "activations": (lambda m: vis.activation_figure(m, X[0], "first"), 3),
    "saliency": (lambda m: vis.saliency_figure(m, X), 10),
    "grad cam": (lambda m: vis.grad_cam_figure(m, X, names="abcd"), 10),
    "deconvolution": (
        lambda m: vis.deconvolution_figure(m, X, "relu", [0, 2], top=3),
        12,
    ),
    "field": (lambda m: vis.receptive_field_figure(m, "second"), 1),
    "confusion": (
        lambda m: vis.confusion_figure(np.array([0, 1, 1]), np.array([0, 1, 0])),
        1,
    ),
}


@pytest.fixture(scope="module")
def colour():
    """As `net`, on images that can be drawn; of its layers, in a graph of its own."""
    base = net()
    inputs = keras.Input((*SHAPE[:2], 1))
    x = keras.layers.Concatenate(name="twice")([inputs, inputs])
    for layer in base.layers:
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(colour, name, monkeypatch):
    monkeypatch.setattr(f"{__name__}.X", X[..., :1])
    draw, pictures = FIGURES[name]
    figure = draw(colour)
    assert isinstance(figure, Figure)
    assert sum(len(axes.images) for axes in figure.axes) == pictures
    file = io.BytesIO()
    figure.savefig(file)
    assert len(file.getvalue()) > 3000


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: vis.activations(m, X, "frist"), "'frist'; did you mean first"),
        (lambda m: vis.activations(m, X, "mean"), "no maps"),
        (lambda m: vis.activations(m, X[0], "first"), r"got shape \(11, 9, 2\)"),
        (lambda m: vis.activations(m, X[:, :5], "first"), r"images \(N, 11, 9, 2\)"),
        (lambda m: vis.activations(m, X[:0], "first"), r"\(0, 11"),
        (lambda m: vis.filter_figure(m, "pool"), "'pool' is no convolution"),
        (lambda m: vis.saliency(m, X, 4), "classes must be 0 to 3"),
        (lambda m: vis.saliency(m, X, 0.5), "integers"),
        (lambda m: vis.deconvolution(m, X, "relu", 0, "x"), "rule must be one of"),
        (lambda m: vis.receptive_field_map(m, "first", (9, 0)), r"9x8, got \(9, 0\)"),
        (lambda m: vis.confusion_matrix(np.array([3]), np.array([0]), 3), "0 to 2"),
        (lambda m: vis.confusion_matrix(np.ones(2, int), np.ones(3, int)), r"\(3,\)"),
    ],
)
def test_bad_input_is_refused_in_one_line(model, call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call(model)
    assert "\n" not in str(caught.value)
