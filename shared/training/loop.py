"""`train`: any Keras classifier, on any images, by a recipe, on any strategy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from shared.training.data import Augment, Examples, Plan, batches, examples
from shared.training.optimizers import optimizer as make_optimizer
from shared.training.placement import place
from shared.training.recipes import Recipe
from shared.training.recipes import recipe as find_recipe
from shared.training.steps import advancer, evaluation_step, training_step

Row = dict[str, Any]


@dataclass
class Result:
    """What a run gives.

    Attributes:
        model: the trained model.
        history: a row per epoch: epoch, loss, accuracy, val_loss, val_accuracy,
            learning_rate, seconds.
    """

    model: keras.Model
    history: list[Row] = field(default_factory=list)


def train(
    model: keras.Model | Callable[[], keras.Model],
    data: Any,
    recipe: Recipe | str,
    *,
    strategy: tf.distribute.Strategy | None = None,
    validation: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool = True,
    jit_compile: bool = False,
    mixed_precision: bool | str = False,
    augment: Augment | None = None,
    callbacks: Sequence[Callable[[Row], Any]] = (),
) -> Result:
    """Trains a model."""
    chosen = find_recipe(recipe)
    if epochs is not None:
        chosen = find_recipe(chosen, epochs=epochs)
    if batch_size is not None:
        chosen = find_recipe(chosen, batch_size=batch_size)
    if augment is not None:
        chosen = find_recipe(chosen, augment=augment)
    strategy = strategy or tf.distribute.get_strategy()
    source = examples(data)
    held_out = None if validation is None else examples(validation, "validation")
    with strategy.scope():
        placed = place(model, strategy, seed)
        per_epoch = source.steps(chosen.batch_size)
        optimizer, schedule = make_optimizer(
            chosen, placed.model.trainable_variables, per_epoch, chosen.epochs
        )
    replicas = strategy.num_replicas_in_sync
    step = training_step(placed.model, optimizer, chosen, replicas, jit_compile)
    advance = advancer(strategy, step)
    evaluator = None
    if held_out is not None:
        evaluator = Evaluator(
            placed.model, held_out, strategy, chosen.centred, chosen.batch_size
        )
    plan = Plan(chosen.batch_size, seed, True, chosen.augment)
    iterator = iter(batches(source, plan, strategy))
    history: list[Row] = []
    for epoch in range(chosen.epochs):
        began = time.perf_counter()
        _, totals = advance(iterator, tf.constant(per_epoch, tf.int64))
        loss, correct, count = (float(each) for each in totals)
        row: Row = {
            "epoch": epoch + 1,
            "loss": loss / count,
            "accuracy": correct / count,
            "learning_rate": float(schedule(optimizer.iterations - 1)),
        }
        if evaluator is not None:
            row["val_loss"], row["val_accuracy"] = evaluator()
        row["seconds"] = time.perf_counter() - began
        history.append(row)
        if progress:
            print(row)
        for callback in callbacks:
            callback(row)
    return Result(placed.give_back(), history)


class Evaluator:
    """Loss and accuracy of a model on fixed examples, as often as called."""

    def __init__(
        self,
        model: keras.Model,
        source: Examples,
        strategy: tf.distribute.Strategy,
        centred: bool,
        batch_size: int,
    ) -> None:
        batch_size = min(max(batch_size, 256), source.size)
        self.steps = tf.constant(source.steps(batch_size), tf.int64)
        self.advance = advancer(strategy, evaluation_step(model, centred))
        # Endless and read in whole passes: one iterator serves all epochs.
        self.iterator = iter(batches(source, Plan(batch_size), strategy))

    def __call__(self) -> tuple[float, float]:
        _, totals = self.advance(self.iterator, self.steps)
        loss, correct, count = (float(each) for each in totals)
        return loss / count, correct / count
