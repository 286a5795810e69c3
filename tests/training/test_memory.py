"""Each remedy against a count by hand for a small net in VGG's manner."""

from __future__ import annotations

import itertools

import keras
import pytest

from shared.training.memory import REMEDIES, largest_batch, remedies


@pytest.fixture(scope="module")
def net():
    """16x12x3 -conv-> 16x12x8 -pool-> 8x6x8 -> 384 -> 40 -> 20 -> 5."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 12, 3)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(40, activation="relu"),
            layers.Dense(20, activation="relu"),
            layers.Dense(5),
        ]
    )


def dense(*units):
    return sum((a + 1) * b for a, b in itertools.pairwise(units))


CONV = (27 + 1) * 8
MAPS = 16 * 12 * 3 + 16 * 12 * 8 + 8 * 6 * 8
# Remedy: parameters, activations of one image, images at a time of a batch of 24.
EXPECTED = {
    "as it is": (CONV + dense(384, 40, 20, 5), MAPS + 65, 24),
    "half the batch": (CONV + dense(384, 40, 20, 5), MAPS + 65, 12),
    "input of half the height and width": (
        CONV + dense(4 * 3 * 8, 40, 20, 5),
        MAPS / 4 + 65,
        24,
    ),
    "one dense layer fewer": (CONV + dense(384, 40, 5), MAPS + 45, 24),
    "half the units in the dense layers": (
        CONV + dense(384, 20, 10, 5),
        MAPS + 35,
        24,
    ),
    "fewer inputs to the first dense layer: average each map": (
        CONV + dense(8, 40, 20, 5),
        MAPS + 8 + 65,
        24,
    ),
    "the same by one more convolution with pooling": (
        CONV + (72 + 1) * 8 + dense(4 * 3 * 8, 40, 20, 5),
        MAPS + 8 * 6 * 8 + 4 * 3 * 8 + 65,
        24,
    ),
    "two devices, half of the batch each": (
        CONV + dense(384, 40, 20, 5),
        MAPS + 65,
        12,
    ),
    "gradients accumulated over 4 micro-batches": (
        CONV + dense(384, 40, 20, 5),
        MAPS + 65,
        6,
    ),
}


@pytest.mark.parametrize(("optimizer", "copies"), [("sgd", 2), ("adam", 4)])
def test_every_remedy_saves_what_counting_by_hand_says(net, optimizer, copies):
    table = remedies(net, batch_size=24, optimizer=optimizer)
    assert list(table.index) == list(EXPECTED)
    for remedy, (parameters, activations, images) in EXPECTED.items():
        row = table.loc[remedy]
        assert row["parameters"] == pytest.approx(copies * 4 * parameters / 1e6)
        assert row["activations"] == pytest.approx(8 * images * activations / 1e6)
        assert row["total"] == pytest.approx(row["parameters"] + row["activations"])
    assert table["share"].iloc[0] == 1


def test_the_model_itself_is_not_changed(net):
    before = net.get_config()
    remedies(net, batch_size=2)
    assert net.get_config() == before


def test_the_lecture_has_seven():
    assert sum(remedy.in_lecture for remedy in REMEDIES) == 7


def test_the_largest_batch_fits_and_one_more_does_not(net):
    memory_mb = 3.0
    batch = largest_batch(net, memory_mb, "sgd")
    assert batch > 10
    assert remedies(net, batch, "sgd")["total"].iloc[0] <= memory_mb
    assert remedies(net, batch + 1, "sgd")["total"].iloc[0] > memory_mb
    assert largest_batch(net, 0.01) == 0


def test_a_batch_has_images(net):
    with pytest.raises(ValueError, match="batch_size must be 1 or more, got 0"):
        remedies(net, batch_size=0)
