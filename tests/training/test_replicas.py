"""The same weights on one device and on two replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.training import Recipe, evaluate, train
from shared.training.crops import FlipCrop
from tests.training.networks import RECIPE, distance, normalised, plain

# Sums are taken in another order, over some dozens of updates in float32.
TOLERANCE = 1e-5


@pytest.mark.parametrize("batch_size", [20, 102, 7], ids=lambda n: f"batch {n}")
def test_two_replicas_make_the_same_weights(blobs, two, batch_size):
    """103 images: the last batch has 3, 1 and 5."""
    settings = {
        "batch_size": batch_size,
        "augment": FlipCrop(2),
        "validation": (blobs[0][:31], blobs[1][:31]),
        "progress": False,
    }
    alone = train(plain(), blobs, RECIPE, **settings)
    both = train(plain(), blobs, RECIPE, strategy=two, **settings)
    assert distance(alone.model, plain()) > 0.01
    assert distance(alone.model, both.model) < TOLERANCE
    for ours, theirs in zip(alone.history, both.history, strict=True):
        for key in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert ours[key] == pytest.approx(theirs[key], abs=1e-5), key


def test_batch_statistics_are_each_replicas_own_unless_synchronised(blobs, two):
    alone = train(normalised(), blobs, RECIPE, progress=False).model
    runs = {
        synchronised: train(
            normalised(),
            blobs,
            RECIPE,
            strategy=two,
            sync_batch_norm=synchronised,
            progress=False,
        ).model
        for synchronised in (False, True)
    }
    assert distance(alone, runs[False]) > 1e-3
    # The last batch of 3 is shared out as 1 and 2: the sums run over all three.
    assert distance(alone, runs[True]) < 5 * TOLERANCE


def test_a_model_from_outside_the_scope_is_trained_itself(blobs, two):
    model = plain()
    model.get_layer("second").trainable = False
    before = model.get_weights()
    result = train(model, blobs, RECIPE, strategy=two, epochs=1, progress=False)
    assert result.model is model
    pairs = zip(before, model.get_weights(), strict=True)
    moved = [np.abs(a - b).max() > 0 for a, b in pairs]
    assert moved == [True, True, False, False, True, True]


def test_a_function_builds_in_the_scope(blobs, two):
    result = train(plain, blobs, RECIPE, strategy=two, epochs=1, progress=False)
    alone = train(plain, blobs, RECIPE, epochs=1, progress=False)
    assert distance(result.model, alone.model) < TOLERANCE
    variable = result.model.trainable_variables[0].value
    assert two.extended.variable_created_in_scope(variable)
    scores = evaluate(result.model, blobs, strategy=two)
    assert scores == pytest.approx(evaluate(alone.model, blobs), abs=1e-5)


def test_it_does_what_keras_does(blobs):
    """With all images in one batch the order does not matter: fit is the oracle."""
    x, y = blobs
    recipe = Recipe("keras", "", options={"momentum": 0.9}, learning_rate=0.05)
    model = plain()
    train(model, blobs, recipe, batch_size=103, epochs=4, progress=False)
    theirs = plain()
    theirs.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    theirs.fit(x / np.float32(255), y, batch_size=103, epochs=4, verbose=0)
    assert distance(model, theirs) < TOLERANCE


def test_a_dataset_is_as_good_as_arrays(blobs):
    x, y = blobs
    slices = tf.data.Dataset.from_tensor_slices((x, y))
    weights = [
        train(plain(), data, RECIPE, epochs=2, progress=False).model
        for data in (blobs, slices, slices.batch(8))
    ]
    assert distance(weights[0], weights[1]) == 0
    assert distance(weights[0], weights[2]) == 0


@pytest.mark.parametrize("strategy_of", [None, "two"])
def test_xla_makes_the_same_weights(blobs, two, strategy_of):
    strategy = two if strategy_of else None
    settings = {"strategy": strategy, "epochs": 2, "progress": False}
    plainly = train(plain(), blobs, RECIPE, **settings)
    compiled = train(plain(), blobs, RECIPE, jit_compile=True, **settings)
    assert distance(plainly.model, compiled.model) < TOLERANCE


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_learns_with_float32_weights(blobs, two, policy):
    for strategy in (None, two):
        result = train(
            plain(),
            blobs,
            RECIPE,
            strategy=strategy,
            mixed_precision=policy,
            epochs=12,
            progress=False,
        )
        assert result.history[-1]["accuracy"] > 0.9
        assert {w.dtype for w in result.model.get_weights()} == {np.dtype("float32")}


def test_mixed_precision_computes_in_it():
    from shared.training.placement import place

    strategy = tf.distribute.get_strategy()
    for model in (plain(), plain):
        placed = place(model, strategy, 0, "mixed_bfloat16").model
        assert placed.get_layer("first").compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_it_learns(blobs):
    result = train(plain(), blobs, RECIPE, validation=blobs, epochs=12, progress=False)
    assert result.history[-1]["val_accuracy"] > 0.95


def test_two_strategies_on_the_same_devices_do_not_meet(blobs, two):
    """Runs of different shapes, one after the other, as cells of a notebook."""
    from shared.training import strategy

    assert strategy("cpu:2") is two
    for build in (plain, normalised, plain):
        where = strategy("cpu:2")
        result = train(build, blobs, RECIPE, strategy=where, epochs=1, progress=False)
        assert len(result.history) == 1
