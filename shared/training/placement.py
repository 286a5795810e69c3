"""A model where the strategy needs it, in the precision that is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.training.errors import TrainingError

POLICIES = ("mixed_bfloat16", "mixed_float16")


@dataclass
class Placed:
    """The model that is trained, and the caller's own, if that is another."""

    model: keras.Model
    original: keras.Model

    def give_back(self) -> keras.Model:
        """The caller's model, with the trained weights."""
        if self.original is not self.model:
            self.original.set_weights(self.model.get_weights())
        return self.original


def place(
    model: keras.Model | Callable[[], keras.Model],
    strategy: tf.distribute.Strategy,
    seed: int,
    policy: str | None = None,
    sync_batch_norm: bool = False,
) -> Placed:
    """Builds the model, or rebuilds it, in the strategy's scope; to be called there.

    A function is called, after seeding Keras. A model that was made outside the scope,
    or in another precision, is made again from its config, with its weights.

    Raises:
        TrainingError: no model, or one that cannot be made again.
    """
    if isinstance(model, keras.Model):
        placed = _again(model, strategy, seed, policy, sync_batch_norm)
    elif callable(model):
        keras.utils.set_random_seed(seed)
        with _policy(policy):
            built = model()
        if not isinstance(built, keras.Model):
            raise TrainingError(
                f"model() must return a keras.Model, got {type(built).__name__}"
            )
        placed = Placed(built, built)
    else:
        raise TrainingError(
            "model must be a keras.Model or a function that builds one, "
            f"got {type(model).__name__}"
        )
    if not placed.model.built:
        raise TrainingError(
            f"model {placed.model.name!r} has no weights yet; begin it with "
            "keras.Input((H, W, C)), or call it once"
        )
    if sync_batch_norm:
        for layer in placed.model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
    return placed


def precision(mixed: bool | str) -> str | None:
    """The Keras dtype policy for `mixed_precision`.

    True is bfloat16, which needs no loss scaling, except on a GPU that lacks it.

    Raises:
        TrainingError: not a policy of mixed precision.
    """
    if not mixed:
        return None
    if mixed is True:
        for gpu in tf.config.list_physical_devices("GPU"):
            details = tf.config.experimental.get_device_details(gpu)
            if details.get("compute_capability", (8, 0)) < (8, 0):
                return "mixed_float16"
        return "mixed_bfloat16"
    if mixed not in POLICIES:
        raise TrainingError(
            f"mixed_precision must be True, False or one of {', '.join(POLICIES)}, "
            f"got {mixed!r}"
        )
    return mixed


def _again(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    seed: int,
    policy: str | None,
    changed: bool,
) -> Placed:
    here = all(
        strategy.extended.variable_created_in_scope(variable.value)
        for variable in model.variables
    )
    if here and policy is None and not changed:
        return Placed(model, model)
    ends = {id(layer) for layer in _last_layers(model)}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if policy is not None and id(layer) not in ends:
            config["dtype"] = policy
        return layer.__class__.from_config(config)

    try:
        # Seeded because a dropout without a seed takes one when it is made.
        keras.utils.set_random_seed(seed)
        with _policy(policy):
            again = keras.models.clone_model(model, clone_function=clone)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise TrainingError(
            f"model {model.name!r} was built outside the strategy and cannot be built "
            f"again from its config; pass a function that builds it ({error})"
        ) from error
    weights = model.get_weights()
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        weights = [_chief(weight) for weight in weights]
    again.set_weights(weights)
    for ours, theirs in zip(
        again._flatten_layers(), model._flatten_layers(), strict=True
    ):
        ours.trainable = theirs.trainable
    return Placed(again, model)


def _last_layers(model: keras.Model) -> list[Any]:
    """The layers whose outputs are the model's: they stay in float32."""
    if not getattr(model, "outputs", None):
        return model.layers[-1:]
    return [output._keras_history.operation for output in model.outputs]


def _chief(weight: np.ndarray) -> np.ndarray:
    """The weight as the first worker has it: creating a variable broadcasts it."""
    return tf.Variable(weight, trainable=False).numpy()


@contextlib.contextmanager
def _policy(policy: str | None) -> Iterator[None]:
    before = keras.config.dtype_policy()
    if policy is not None:
        keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
