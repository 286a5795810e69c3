"""mirrored_fit trains as one device would, on one device and on two."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.expect import several
from solutions.oracles.distribution import softmax_regression

ROWS = [("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})]
SHAPE = (2, 3, 1)


def fit(student, model, images, labels, **settings):
    told = ", ".join(f"{k}={v}" for k, v in settings.items())
    called = f"mirrored_fit({len(images)} images, {told})"
    made = student.mirrored_fit(model, images, labels, **settings)
    weights, losses = several(made, ("weights", "losses"), "mirrored_fit")
    return list(weights), list(losses), called


def expect_training(student, rng, count, **settings):
    images = normal(rng, (count, *SHAPE)).astype(np.float32)
    labels = rng.integers(0, 3, count)
    model = student.given_model(SHAPE, ROWS)
    before = model.weights()
    weights, losses, called = fit(student, model, images, labels, **settings)
    told = (settings["batch"], settings["epochs"], settings["learning_rate"])
    wanted, lost = softmax_regression(images, labels, before, *told)
    assert len(losses) == len(lost), (
        f"{called} makes {len(lost)} steps, and {len(losses)} losses came back"
    )
    assert_close(np.array(losses), lost, rtol=1e-4, atol=1e-5, what=f"{called}: losses")
    assert len(weights) == 2, f"{called} must return the weights as get_weights() does"
    for got, want in zip(weights, wanted, strict=True):
        assert_close(got, want, rtol=1e-4, atol=1e-5, what=f"{called}: weights")
    for one, other in zip(before, model.weights(), strict=True):
        assert np.array_equal(one, other), "the model that was given was trained itself"


def test_two_replicas_and_an_uneven_last_batch(student, rng):
    """11 images in batches of 4: the last has 3, two for one replica and one."""
    expect_training(student, rng, 11, batch=4, epochs=2, learning_rate=0.5, replicas=2)


def test_a_last_batch_of_one_image(student, rng):
    """Then a replica has no image at all."""
    expect_training(student, rng, 5, batch=2, epochs=1, learning_rate=0.3, replicas=2)


@pytest.mark.parametrize("replicas", [1])
def test_one_replica(student, rng, replicas):
    expect_training(
        student, rng, 7, batch=3, epochs=2, learning_rate=0.2, replicas=replicas
    )
