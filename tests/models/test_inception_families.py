"""The inception and searched families: auxiliary heads, sizes, dtypes, files."""

from __future__ import annotations

import functools
import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

import shared.models
from shared.models.inception_v4 import InceptionV4
from shared.models.nasnet import NASNet
from shared.models.pnasnet import PNASNet
from shared.models.polynet import POLY_3, WAY_2, PolyNet
from shared.models.weights import copy_weights
from shared.testing import assert_close, rng

CLASSES = 5


@pytest.fixture(autouse=True, scope="module")
def _freed():
    yield
    keras.backend.clear_session()
    gc.collect()


def variant(name):
    return functools.partial(shared.models.build, name)


# The deepest designs with one module of each kind: they behave as the whole does.
inception_v4 = InceptionV4(depths=(1, 1, 1)).build
nasnet = NASNet(1, 264, 8, False, (224, 224, 3)).build
pnasnet = PNASNet(1, 12, 8, (224, 224, 3)).build
polynet = PolyNet(((WAY_2,), (POLY_3,), (("mpoly", 2),))).build

AUXILIARY = {
    "googlenet": (variant("googlenet_aux"), (97, 81, 3), 2),
    "inception_v3": (variant("inception_v3_aux"), (299, 305, 3), 1),
}


@pytest.mark.parametrize("family", AUXILIARY)
def test_step_with_auxiliary_heads(family):
    """All heads feed back, and a step against the gradient lowers the loss as told."""
    make, size, heads = AUXILIARY[family]
    keras.utils.set_random_seed(2)
    model = make(input_shape=size, classes=CLASSES)
    # Dropout would make the two losses incomparable.
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    images = rng(3).uniform(-1, 1, (4, *size)).astype("float32")
    labels = np.arange(4) % CLASSES

    def loss():
        outputs = model(images, training=True)
        assert len(outputs) == 1 + heads
        entropy = keras.losses.sparse_categorical_crossentropy
        # GoogLeNet's weights: one, and 0.3 for each auxiliary head.
        return sum(
            weight * tf.reduce_mean(entropy(labels, output, from_logits=True))
            for weight, output in zip((1.0, 0.3, 0.3), outputs, strict=False)
        )

    with tf.GradientTape() as tape:
        before = loss()
    weights = model.trainable_variables
    gradients = tape.gradient(before, [weight.value for weight in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient.numpy()).all(), weight.path
    # As far as would lower a linear function by two thousandths.
    rate = 0.002 * before / tf.linalg.global_norm(gradients) ** 2
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.assign_sub(rate * gradient)
    assert float((before - loss()) / (0.002 * before)) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("make", "size", "features"),
    [
        (variant("googlenet_aux"), (224, 224, 3), (7, 7, 1024)),
        (variant("bn_inception"), (224, 160, 3), (7, 5, 1024)),
        (variant("xception"), (299, 331, 1), (10, 11, 2048)),
        (inception_v4, (299, 299, 3), (8, 8, 1536)),
        (nasnet, (224, 256, 3), (7, 8, 264)),
        (pnasnet, (331, 331, 3), (11, 11, 12 * 4 * 5)),
        (polynet, (331, 331, 3), (9, 9, 2048)),
    ],
    ids=range(7),
)
def test_without_the_top(make, size, features):
    model = make(input_shape=size, include_top=False)
    assert model.output_shape == (None, *features)


@pytest.mark.parametrize("make", [nasnet, pnasnet])
def test_open_sizes(make):
    """One model for all sizes: the result is that of a model built for the size."""
    keras.utils.set_random_seed(4)
    options = {"classes": CLASSES, "classifier_activation": "softmax"}
    open_model = make(input_shape=(None, None, 3), **options)
    for size in ((63, 81, 3), (70, 48, 3)):
        images = rng(5).uniform(-1, 1, (2, *size)).astype("float32")
        actual = np.asarray(open_model(images, training=False))
        assert_close(actual.sum(axis=-1), np.ones(2, "float32"))
    closed = make(input_shape=size, **options)
    closed.set_weights(open_model.get_weights())
    assert_close(actual, np.asarray(closed(images, training=False)))


@pytest.mark.parametrize("make", [variant("googlenet_aux"), inception_v4, polynet])
def test_mixed_precision(make):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        size = (75, 91, 3)
        model = make(input_shape=size, classes=CLASSES)
    finally:
        keras.config.set_dtype_policy(policy)
    assert all(weight.dtype == "float32" for weight in model.trainable_weights)
    outputs = model(rng(6).uniform(-1, 1, (1, *size)).astype("float32"))
    for output in outputs if isinstance(outputs, list) else [outputs]:
        assert output.dtype == tf.float32
        assert np.isfinite(output.numpy()).all()
    inner = [layer for layer in model.layers if hasattr(layer, "network")]
    assert {layer.network.output.dtype for layer in inner} == {"bfloat16"}


@pytest.mark.parametrize("make", [inception_v4, nasnet, polynet])
def test_saved_model_comes_back(make, tmp_path):
    """A file holds the blocks by their registered names, shared weights included."""
    keras.utils.set_random_seed(7)
    size = (75, 91, 3)
    model = make(input_shape=size, classes=CLASSES)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.count_params() == model.count_params()
    images = rng(8).uniform(-1, 1, (1, *size)).astype("float32")
    assert_close(
        np.asarray(again(images, training=False)),
        np.asarray(model(images, training=False)),
    )


@pytest.mark.parametrize("make", [nasnet, pnasnet])
def test_drop_path_rises_to_the_last_cell(make):
    size = {"input_shape": (49, 65, 3), "classes": CLASSES}
    model = make(drop_path=0.7, **size)
    rates = [layer.drop_path for layer in model.layers if hasattr(layer, "drop_path")]
    step = 0.7 / len(rates)
    np.testing.assert_allclose(rates, step * (1 + np.arange(len(rates))))
    # What was trained with drops is evaluated without.
    plain = make(**size)
    copy_weights(model, plain)
    images = rng(9).uniform(-1, 1, (1, *size["input_shape"])).astype("float32")
    assert_close(
        np.asarray(plain(images, training=False)),
        np.asarray(model(images, training=False)),
    )
