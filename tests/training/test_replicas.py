"""The same weights on one device and on two replicas."""

import numpy as np
import pytest

from shared.training import Recipe, train
from shared.training.schedules import OneCycle
from tests.training.networks import plain

# Sums are taken in another order; some hundred updates in float32.
TOLERANCE = 1e-5

RECIPE = Recipe(
    "test",
    "",
    options={"momentum": 0.9, "nesterov": True},
    learning_rate=0.1,
    schedule=OneCycle(),
    batch_size=20,
    epochs=3,
    weight_decay=1e-3,
    label_smoothing=0.1,
)


def distance(ours, theirs):
    pairs = zip(ours.get_weights(), theirs.get_weights(), strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


@pytest.mark.parametrize("batch_size", [20, 17, 102, 7], ids=lambda n: f"batch {n}")
def test_two_replicas_make_the_same_weights(blobs, two, batch_size):
    """103 images: the last batch has 3, 1, 1 and 5."""
    alone = train(plain(), blobs, RECIPE, batch_size=batch_size, progress=False)
    both = train(
        plain(), blobs, RECIPE, batch_size=batch_size, strategy=two, progress=False
    )
    assert distance(alone.model, plain()) > 0.01
    assert distance(alone.model, both.model) < TOLERANCE
    for ours, theirs in zip(alone.history, both.history, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-5)
        assert ours["accuracy"] == theirs["accuracy"]


def test_it_learns(blobs):
    result = train(plain(), blobs, RECIPE, validation=blobs, epochs=12, progress=False)
    assert result.history[-1]["val_accuracy"] > 0.95
