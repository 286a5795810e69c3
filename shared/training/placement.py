"""A model where the strategy needs it: its variables created in the scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from shared.training.errors import TrainingError


@dataclass
class Placed:
    """A model in the strategy's scope, and the caller's own, if it is another."""

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
) -> Placed:
    """Builds the model, or rebuilds it, in the strategy's scope.

    A function is called, after seeding Keras. A model that was made elsewhere is made
    again from its config, with its weights.

    Raises:
        TrainingError: no model, or one that cannot be made again.
    """
    if not isinstance(model, keras.Model):
        if not callable(model):
            raise TrainingError(
                "model must be a keras.Model or a function that builds one, "
                f"got {type(model).__name__}"
            )
        keras.utils.set_random_seed(seed)
        built = model()
        if not isinstance(built, keras.Model):
            raise TrainingError(
                f"model() must return a keras.Model, got {type(built).__name__}"
            )
        return Placed(built, built)
    if all(
        strategy.extended.variable_created_in_scope(variable.value)
        for variable in model.variables
    ):
        return Placed(model, model)
    try:
        keras.utils.set_random_seed(seed)
        again = keras.models.clone_model(model)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise TrainingError(
            f"model {model.name!r} was built outside the strategy and cannot be built "
            f"again from its config ({error}); pass a function that builds it"
        ) from error
    again.set_weights([_chief(weight) for weight in model.get_weights()])
    return Placed(again, model)


def _chief(weight: np.ndarray) -> np.ndarray:
    """The weight as the first worker has it: creating a variable broadcasts it."""
    return tf.Variable(weight, trainable=False).numpy()
