"""`train`: any Keras classifier, on any images, by a recipe, on any strategy."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from shared.training.batches import Augment
from shared.training.errors import DataError
from shared.training.evaluation import Evaluator
from shared.training.examples import Examples, check, examples
from shared.training.hooks import Hook, Hooks
from shared.training.placement import place, precision
from shared.training.recipe_type import Recipe
from shared.training.recipe_type import recipe as find_recipe
from shared.training.run import Options, Run
from shared.training.schedules import depends_on_length
from shared.training.state import Row


@dataclass(frozen=True)
class Result:
    """What a run gives.

    Attributes:
        model: the trained model; the very object that was passed, if one was.
        history: a row per epoch: epoch (from 1), loss (mean cross-entropy in nats,
            label smoothing and auxiliary outputs included, weight decay not),
            accuracy (share of 1), val_loss and val_accuracy with validation,
            learning_rate (of the last step), seconds.
        recipe: what was trained by, changes included.
    """

    model: keras.Model
    history: list[Row]
    recipe: Recipe


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
    augment: Augment | None = None,
    checkpoint_dir: str | os.PathLike | None = None,
    checkpoint_every: int | None = None,
    log_dir: str | os.PathLike | None = None,
    tensorboard: bool = False,
    progress: bool = True,
    early_stop: int | None = None,
    callbacks: Sequence[Hook] = (),
    jit_compile: bool = False,
    mixed_precision: bool | str = False,
    sync_batch_norm: bool = False,
) -> Result:
    """Trains a classifier.

    The same seed gives the same run; on several replicas, the same weights up to
    rounding, if no layer draws random numbers and batch normalisation is
    synchronised.

    Args:
        model: a Keras model, or a function without arguments that builds one.
        data: `(x, y)`: images `(N, H, W, C)`, uint8 (scaled as the recipe says) or
            float (taken as they are), and integer labels `(N,)`; or a
            `tf.data.Dataset` of such `(image, label)`.
        recipe: a recipe or the name of one.
        strategy: where to train, see `shared.training.strategy`; by default the
            strategy in whose scope this is called, or one device.
        validation: evaluated after each epoch; like `data`.
        epochs, batch_size, augment: instead of the recipe's. `batch_size` is over all
            replicas; `recipe.scaled(batch_size)` fits the learning rate to it.
        seed: of the order of the images, of augmentation and, if `model` is a
            function, of Keras before it is called.
        checkpoint_dir: save after each epoch, on ctrl-C and on SIGTERM, and go on
            from what is there: the result is that of a run that never stopped.
        checkpoint_every: also after so many steps.
        log_dir: write `history.csv` here, a row per epoch.
        tensorboard: write TensorBoard's events there too.
        progress: show a bar.
        early_stop: stop after so many epochs without a lower validation loss (without
            validation: training loss).
        callbacks: functions of an epoch's row, and Keras callbacks, of which the
            methods for batches are not called.
        jit_compile: compile the steps with XLA.
        mixed_precision: compute in bfloat16 or float16, keep weights in float32. True
            chooses; or a Keras policy, such as "mixed_float16".
        sync_batch_norm: take batch statistics over all replicas.

    Raises:
        TrainingError: a request that makes no sense, see `shared.training.errors`.
        NonFiniteLossError: the loss or the gradient became infinite or not a number.
            The model keeps the trainable weights it had before that step.
        KeyboardInterrupt: ctrl-C; the model has its weights, the checkpoint is saved.
    """
    chosen = _changed(find_recipe(recipe), epochs, batch_size, augment)
    strategy = strategy or tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    if chosen.batch_size < replicas:
        raise DataError(
            f"batch_size {chosen.batch_size} leaves some of the {replicas} replicas "
            "without an image; it must be at least as large"
        )
    _positive(checkpoint_every=checkpoint_every, early_stop=early_stop)
    source = examples(data)
    held_out = None if validation is None else examples(validation, "validation")
    policy = precision(mixed_precision)
    with strategy.scope():
        placed = place(model, strategy, seed, policy, sync_batch_norm and replicas > 1)
    check(source, placed.model)
    evaluator = None
    if held_out is not None:
        check(held_out, placed.model, "validation")
        evaluator = Evaluator(
            placed.model,
            held_out,
            strategy,
            centred=chosen.centred,
            batch_size=max(chosen.batch_size, 256),
        )
    options = Options(
        checkpoint_dir=checkpoint_dir,
        checkpoint_every=checkpoint_every,
        log_dir=log_dir,
        tensorboard=tensorboard,
        progress=progress,
        early_stop=early_stop,
        jit_compile=jit_compile,
    )
    run = Run(placed.model, source, chosen, strategy, seed, evaluator, options)
    run.resume(_identity(chosen, source, seed, placed.model))
    try:
        run.go(Hooks(callbacks, placed.model))
    finally:
        trained = placed.give_back()
    return Result(trained, run.state.history, chosen)


def _changed(
    chosen: Recipe, epochs: int | None, batch_size: int | None, augment: Any
) -> Recipe:
    changes = {"epochs": epochs, "batch_size": batch_size, "augment": augment}
    given = {key: value for key, value in changes.items() if value is not None}
    return dataclasses.replace(chosen, **given)


def _positive(**counts: int | None) -> None:
    for name, count in counts.items():
        if count is not None and count < 1:
            raise DataError(f"{name} must be 1 or more, or None; got {count}")


def _identity(
    chosen: Recipe, source: Examples, seed: int, model: keras.Model
) -> dict[str, str]:
    """What must not change between the parts of an interrupted run."""
    identity = {
        "seed": str(seed),
        "number of images": str(source.size),
        "number of weights": str(model.count_params()),
    }
    told_apart = ("name", "about", "model", "dataset", "model_options")
    for attribute in dataclasses.fields(chosen):
        value = getattr(chosen, attribute.name)
        if attribute.name in told_apart:
            continue
        if attribute.name == "epochs" and not depends_on_length(chosen.schedule):
            continue
        # A function's repr has its address, which changes from run to run.
        plain = getattr(value, "__qualname__", None)
        identity[attribute.name] = plain or repr(value)
    return identity
