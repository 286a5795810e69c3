"""Weights of keras.applications give the same outputs in the course's networks."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import shared.models
from shared.models.weights import copy_weights, weight_layers
from shared.testing import assert_close, rng

SIZE = (91, 107, 3)
CLASSES = 7


def randomize(model: keras.Model, seed: int) -> None:
    """Draw every weight, moving averages too, so that signals neither die nor burst."""
    generator = rng(seed)
    for layer in weight_layers(model):
        drawn = []
        for weight in layer.weights:
            shape, name = tuple(weight.shape), weight.name
            if name in ("gamma", "moving_variance"):
                values = generator.uniform(0.5, 1.5, shape)
            elif len(shape) == 1:
                values = generator.normal(0, 0.2, shape)
            else:
                taps = shape[0] * shape[1] if "depthwise" in name else None
                fan_in = taps or int(np.prod(shape[:-1]))
                values = generator.normal(0, np.sqrt(2 / fan_in), shape)
            drawn.append(values.astype("float32"))
        layer.set_weights(drawn)


def pooled_like_the_authors(layer: keras.layers.Layer) -> keras.layers.Layer:
    """keras.applications pads NASNet's reduction pooling with zeros; undo that."""
    if layer.name.startswith("reduction_pad_1"):
        return keras.layers.Activation("linear", name=layer.name)
    config = layer.get_config()
    if "Pooling2D" in type(layer).__name__ and layer.name.startswith("reduction"):
        config["padding"] = "same"
    return type(layer).from_config(config)


def nasnet_mobile(**kwargs):
    model = keras.applications.NASNetMobile(**kwargs)
    return keras.models.clone_model(model, clone_function=pooled_like_the_authors)


REFERENCES = {
    "inception_v3_slim": keras.applications.InceptionV3,
    "inception_resnet_v2_slim": keras.applications.InceptionResNetV2,
    "xception": keras.applications.Xception,
    "nasnet_a_mobile": nasnet_mobile,
}


@pytest.mark.parametrize("variant", REFERENCES)
def test_same_outputs(variant):
    keras.utils.set_random_seed(5)
    source = REFERENCES[variant](
        weights=None, input_shape=SIZE, classes=CLASSES, classifier_activation=None
    )
    randomize(source, seed=11)
    model = shared.models.build(variant, input_shape=SIZE, classes=CLASSES)
    copy_weights(source, model)
    assert model.count_params() == source.count_params()
    images = rng(12).uniform(-1, 1, (2, *SIZE)).astype("float32")
    expected = np.asarray(source(images, training=False))
    assert np.ptp(expected, axis=0).min() > 0
    assert_close(np.asarray(model(images, training=False)), expected)


def test_different_networks_are_refused():
    def network(*layers):
        return keras.Sequential([keras.Input((6, 6, 3)), *layers])

    scaled = network(keras.layers.BatchNormalization())
    unscaled = network(keras.layers.BatchNormalization(scale=False))
    with pytest.raises(ValueError, match=r"has weights \[\(3,\).*different networks"):
        copy_weights(scaled, unscaled)
    deeper = network(keras.layers.BatchNormalization(), keras.layers.Conv2D(2, 1))
    with pytest.raises(ValueError, match=r"source: 1 layers .*the target has 2"):
        copy_weights(scaled, deeper)
