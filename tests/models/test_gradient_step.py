"""One step of gradient descent for the cheapest member of each family."""

from __future__ import annotations

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf

import shared.models
from tests.models.conftest import counts

# Large images cost time and memory, and no layer behaves otherwise for them.
LARGEST = 128


def cheapest():
    """The counts row of the variant of each family that multiplies least."""
    rows = {row.variant: row for row in reversed(counts())}
    found = []
    for family, module in shared.models.families().items():
        known = [rows[name] for name in module.VARIANTS if name in rows]
        row = min(known, key=lambda row: row.macs)
        found.append(pytest.param(row, id=f"{family}-{row.variant}"))
    return found


@pytest.fixture(autouse=True)
def free():
    """Give each model's memory back before the next is built."""
    yield
    keras.backend.clear_session()
    gc.collect()


@pytest.mark.parametrize("row", cheapest())
def test_gradient_step(row):
    keras.utils.set_random_seed(2)
    height, width, channels = row.input_shape
    shape = (min(height, LARGEST), min(width, LARGEST), channels)
    model = shared.models.build(row.variant, input_shape=shape)
    images = np.random.default_rng(3).random((2, *shape), "float32")
    labels = np.array([1, 3])

    def loss():
        outputs = model(images, training=True)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        return tf.add_n(
            [
                tf.reduce_mean(
                    keras.losses.sparse_categorical_crossentropy(
                        labels, output, from_logits=True
                    )
                )
                for output in outputs
            ]
        )

    with tf.GradientTape() as tape:
        value = loss()
    assert np.isfinite(value)
    variables = model.trainable_variables
    gradients = tape.gradient(value, variables)
    for variable, gradient in zip(variables, gradients, strict=True):
        assert gradient is not None, f"{variable.path} is not connected to the loss"
        assert np.isfinite(gradient).all(), variable.path
    # Not one dead layer: some gradient is there in all but a few variables.
    alive = sum(bool(np.any(gradient)) for gradient in gradients)
    assert alive >= 0.9 * len(gradients)
    before = [np.asarray(variable) for variable in variables[:1] + variables[-1:]]
    optimizer = keras.optimizers.SGD(0.01)
    optimizer.apply(gradients, variables)
    after = [np.asarray(variable) for variable in variables[:1] + variables[-1:]]
    for old, new, gradient in zip(
        before, after, (gradients[0], gradients[-1]), strict=True
    ):
        np.testing.assert_allclose(new, old - 0.01 * np.asarray(gradient), atol=1e-6)
