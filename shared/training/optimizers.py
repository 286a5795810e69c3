"""A recipe's optimizer, with its schedule, as a Keras object."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from shared.training.recipe_type import Recipe
from shared.training.schedules import Plateau, RunSchedule

_CLASSES = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adadelta": keras.optimizers.Adadelta,
}


def optimizer(
    recipe: Recipe, model: keras.Model, steps_per_epoch: int
) -> tuple[Any, RunSchedule]:
    """The optimizer of a run, built for a model, and the schedule it follows.

    To be called in the strategy's scope. In float16 the loss is scaled, so that small
    gradients do not vanish (arXiv:1710.03740).
    """
    variables = model.trainable_variables
    factor = None
    if isinstance(recipe.schedule, Plateau):
        factor = tf.Variable(1.0, trainable=False, name="plateau_factor")
    schedule = RunSchedule(
        recipe.schedule,
        recipe.learning_rate,
        steps_per_epoch * recipe.epochs,
        steps_per_epoch,
        round(recipe.warmup_epochs * steps_per_epoch),
        factor,
    )
    made = _CLASSES[recipe.optimizer](
        learning_rate=schedule,
        weight_decay=recipe.weight_decay if recipe.decoupled else None,
        **recipe.options,
    )
    if recipe.decoupled and recipe.weight_decay:
        made.exclude_from_weight_decay(
            var_list=[v for v in variables if not is_kernel(v)]
        )
    if any(layer.compute_dtype == "float16" for layer in model._flatten_layers()):
        made = keras.optimizers.LossScaleOptimizer(made)
    made.build(variables)
    return made, schedule


def is_kernel(variable: Any) -> bool:
    """Whether weight decay applies: to kernels, not to biases, gammas and betas."""
    return len(variable.shape) > 1
