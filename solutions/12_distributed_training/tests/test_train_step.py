"""train_step gives a replica's part of the loss and gradients of the global batch."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.expect import several

ROWS = [
    ("Conv2D", {"filters": 3, "kernel_size": 2, "activation": "relu"}),
    ("Flatten", {}),
    ("Dense", {"units": 4, "activation": "softmax"}),
]
NORMALISED = [("Flatten", {}), ("BatchNormalization", {}), ROWS[-1]]
SHAPE = (5, 4, 2)


def batch(rng, count):
    images = normal(rng, (count, *SHAPE)).astype(np.float32)
    return images, rng.integers(0, 4, count)


def wanted(model, images, labels, whole):
    """Loss and gradients of the weights from the clean process's own gradients."""
    p = np.asarray(model(images), np.float64)
    chosen = p[np.arange(len(p)), labels]
    upstream = np.zeros_like(p)
    upstream[np.arange(len(p)), labels] = -1 / chosen / whole
    _, gradients = model.gradients(images, upstream.astype(np.float32))
    return -np.log(chosen).sum() / whole, gradients


def expect_step(student, model, images, labels, whole, what):
    loss, gradients = wanted(model, images, labels, whole)
    copy = student.copy_of(model)
    step = student.train_step(copy, images, labels, whole)
    found, parts = several(step, ("loss", "gradients"), "train_step")
    assert np.ndim(found) == 0, f"{what}: the loss must be one number"
    assert_close(float(found), loss, rtol=1e-4, atol=1e-5, what=f"{what}: loss")
    assert len(parts) == len(gradients), (
        f"{what}: {len(gradients)} weights are trained, {len(parts)} gradients came"
    )
    for got, want in zip(parts, gradients, strict=True):
        assert_close(got, want, rtol=1e-3, atol=1e-4, what=f"{what}: gradient")


@pytest.mark.parametrize(("count", "whole"), [(3, 8), (4, 4), (1, 2)])
def test_a_part_of_the_global_batch(student, reference, rng, count, whole):
    model = reference.model(SHAPE, ROWS)
    what = f"train_step(model, {count} images, labels, {whole})"
    expect_step(student, model, *batch(rng, count), whole, what)


def test_the_parts_add_up_to_the_whole(student, rng):
    images, labels = batch(rng, 7)
    model = student.given_model(SHAPE, ROWS)
    whole, gradients = student.train_step(model, images, labels, 7)
    cuts = [(0, 4), (4, 6), (6, 7)]
    parts = [student.train_step(model, images[a:b], labels[a:b], 7) for a, b in cuts]
    assert_close(
        sum(float(part[0]) for part in parts),
        float(whole),
        rtol=1e-4,
        atol=1e-5,
        what="the losses of parts of 4, 2 and 1 images, added up",
    )
    for index, want in enumerate(gradients):
        total = sum(np.asarray(part[1][index], np.float64) for part in parts)
        assert_close(total, want, rtol=1e-3, atol=1e-4, what="the gradients, added up")


def test_a_replica_without_images_adds_nothing(student, rng):
    model = student.given_model(SHAPE, [("Flatten", {}), ROWS[-1]])
    images, labels = batch(rng, 0)
    loss, gradients = student.train_step(model, images, labels, 3)
    total = float(np.sum(loss))  # Keras's own sum of no losses is an empty array
    assert total == 0, f"without images the loss must be 0, not {total}"
    for part in gradients:
        assert np.all(np.asarray(part) == 0), "without images every gradient must be 0"


def test_in_training_mode(student, reference, rng):
    """Batch normalisation then uses the batch's own mean and variance."""
    model = reference.model(SHAPE, NORMALISED)
    copy = student.copy_of(model)
    for count in (6, 4, 3):  # one batch alone may agree by chance
        images, labels = batch(rng, count)
        p = np.asarray(model(images, training=True), np.float64)
        want = -np.log(p[np.arange(count), labels]).sum() / 6
        loss, gradients = student.train_step(copy, images, labels, 6)
        what = f"the loss of {count} images in training mode"
        assert_close(float(loss), want, rtol=1e-3, atol=1e-4, what=what)
        assert len(gradients) == 4, (
            f"4 weights of this model are trained, {len(gradients)} gradients came"
        )


def test_the_weights_stay(student, rng):
    model = student.given_model(SHAPE, ROWS)
    before = model.weights()
    student.train_step(model, *batch(rng, 3), 3)
    for one, other in zip(before, model.weights(), strict=True):
        assert np.array_equal(one, other), "train_step must not change the weights"
