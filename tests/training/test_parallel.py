"""Two devices and parts of batches, against the whole computed in one place."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import shared.models
from shared.testing import assert_close, normal, rng
from shared.training.parallel import (
    accumulated_gradients,
    accumulating_step,
    crossings,
    placement,
    two_devices,
)
from tests.training.networks import CLASSES, SHAPE, plain

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")


@pytest.fixture(scope="module")
def towers():
    return shared.models.build(
        "alexnet_two_tower",
        input_shape=(67, 99, 3),
        classes=5,
        devices=two_devices(),
    )


def test_each_tower_lies_on_its_device(towers):
    table = placement(towers)
    assert table["parameters"].sum() == towers.count_params()
    assert (table["bytes"] == 4 * table["parameters"]).all()
    found = {}
    for path, device in table["device"].items():
        found.setdefault(path.split("/")[0], set()).add(device)
    for block in ("conv12", "conv345", "fc6", "fc7"):
        assert found[f"{block}_a"] == {"CPU:0"}
        assert found[f"{block}_b"] == {"CPU:1"}


def test_what_crosses_is_what_the_towers_exchange(towers):
    table = crossings(towers)
    # Maps by the formula: 67x99 -> 15x23 -> 7x11 (pool) -> 7x11 -> 3x5 (pool)
    # -> 3x5 -> 1x2 (pool).
    images = 67 * 99 * 3
    norm2, pool5 = 3 * 5 * 256, 1 * 2 * 256
    # Tower b gets the image and each whole exchange; it gives back its half of each.
    there = [images, norm2, pool5, 4096]
    back = [norm2 // 2, pool5 // 2, 2048, 2048]
    to_b = table[table["target"] == "CPU:1"]["bytes_per_image"]
    to_a = table[table["target"] == "CPU:0"]["bytes_per_image"]
    assert sorted(to_b) == sorted(4 * n for n in there)
    assert sorted(to_a) == sorted(4 * n for n in back)


def test_a_model_on_one_device_exchanges_nothing():
    assert len(crossings(plain())) == 0


def batch(count=13):
    generator = rng(2)
    return normal(generator, (count, *SHAPE), np.float32), generator.integers(
        0, CLASSES, count
    )


@pytest.mark.parametrize("micro_batch_size", [1, 4, 13, 50])
def test_accumulated_gradients_are_the_batchs(micro_batch_size):
    model, (x, y) = plain(), batch()
    with tf.GradientTape() as tape:
        whole = tf.reduce_mean(loss(y, model(x, training=True)))
    expected = tape.gradient(whole, model.trainable_variables)
    value, gradients = accumulated_gradients(model, loss, x, y, micro_batch_size)
    assert_close(value.numpy(), whole.numpy())
    assert len(gradients) == len(expected)
    for one, other in zip(gradients, expected, strict=True):
        # Sums of 13 images in another order: a few units in float32's last place.
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-7)


def test_steps_in_parts_train_like_whole_steps():
    (x, y), models = batch(), (plain(), plain())
    for model, size in zip(models, (13, 5), strict=True):
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
        step = accumulating_step(model, optimizer, loss, size)
        losses = [float(step(x, y)) for _ in range(5)]
        # A batch of another length goes through the same compiled step.
        step(x[:7], y[:7])
        assert losses[-1] < losses[0]
    for one, other in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_part_is_one_image_at_least():
    with pytest.raises(ValueError, match="micro_batch_size must be 1 or more, got 0"):
        accumulated_gradients(plain(), loss, *batch(), 0)
