"""A loss that is not finite stops the run, and says where it came from."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.training import recipe, train
from shared.training.errors import NonFiniteLossError
from shared.training.schedules import Constant
from tests.training.networks import RECIPE, SHAPE, distance, normalised, plain


class Logarithm(keras.layers.Layer):
    """Not finite where its input is 0."""

    def call(self, inputs):
        return keras.ops.log(inputs)


class Block(keras.layers.Layer):
    """A layer with a layer of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Logarithm(name="inner")

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(keras.ops.relu(inputs))


def broken():
    keras.utils.set_random_seed(1)
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(4, 3, name="sound")(inputs)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = Block(name="block")(x)
    x = keras.layers.Flatten(name="after")(x)
    return keras.Model(inputs, keras.layers.Dense(4, name="logits")(x))


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_first_layer_in_order_of_computation(blobs, two, replicas):
    strategy = two if replicas == 2 else None
    model = broken()
    before = model.get_weights()
    with pytest.raises(NonFiniteLossError) as caught:
        train(model, blobs, RECIPE, strategy=strategy, progress=False)
    assert caught.value.step == 1
    assert caught.value.layer == "inner"
    assert str(caught.value).startswith(
        "no finite loss and gradient at step 1 (epoch 1): layer 'inner' has the first "
    )
    assert "the learning rate is 0.01, try a tenth" in str(caught.value)
    assert "\n" not in str(caught.value)
    # Trainable weights: the gradient of this step did not reach them.
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert np.abs(after[0] - before[0]).max() < 1e-4


def test_the_step_in_a_later_epoch(blobs):
    """One image is spoilt; the seed alone says in which step it comes."""
    x, y = blobs
    x = (x / 255).astype(np.float32)
    x[40, 3, 3, 1] = np.nan
    with pytest.raises(NonFiniteLossError, match="1 of the step's images") as caught:
        train(plain(), (x, y), RECIPE, progress=False)
    assert caught.value.layer is None
    assert 1 <= caught.value.step <= 6
    steps = caught.value.step
    with pytest.raises(NonFiniteLossError) as again:
        train(plain(), (x, y), RECIPE, progress=False)
    assert again.value.step == steps


def test_a_rate_that_is_far_too_high(blobs):
    wild = recipe(RECIPE, learning_rate=1e18, schedule=Constant(), weight_decay=0)
    model = normalised()
    with pytest.raises(NonFiniteLossError) as caught:
        train(model, blobs, wild, progress=False)
    assert caught.value.step > 1
    assert caught.value.layer in {layer.name for layer in model.layers}
    trainable = [variable.numpy() for variable in model.trainable_variables]
    assert all(np.isfinite(weight).all() for weight in trainable)


@tf.custom_gradient
def harmless_forward(x):
    return x, lambda upstream: upstream * np.inf


def test_a_gradient_that_is_not_finite(blobs):
    """The forward pass shows nothing."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(4, 3, name="before")(inputs)
    x = keras.layers.Lambda(harmless_forward)(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(4, name="logits")(x))
    before = model.get_weights()
    with pytest.raises(NonFiniteLossError, match="has the first gradient") as caught:
        train(model, blobs, recipe(RECIPE, weight_decay=0), progress=False)
    assert caught.value.layer == "before"
    assert distance(model.get_weights(), before) == 0


def test_a_loss_that_only_grows_is_no_error(blobs):
    high = recipe(RECIPE, learning_rate=3.0, schedule=Constant(), epochs=1)
    result = train(plain(), blobs, high, progress=False)
    assert np.isfinite(result.history[-1]["loss"])
