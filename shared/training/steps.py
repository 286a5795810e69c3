"""What is computed in a graph: steps of training and of evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from shared.training.optimizers import is_kernel
from shared.training.recipe_type import Recipe


def sums(
    loss: tf.Tensor, hits: tf.Tensor, weights: tf.Tensor, sound: tf.Tensor
) -> tf.Tensor:
    """`(4,)`: loss, hits and number of one replica's images, and whether unsound.

    An image of weight 0 does not count.
    """
    real = tf.cast(weights > 0, tf.float32)
    return tf.stack(
        [
            tf.reduce_sum(loss * real),
            tf.reduce_sum(hits * real),
            tf.reduce_sum(real),
            tf.cast(~sound, tf.float32),
        ]
    )


def as_input(images: tf.Tensor, centred: bool, dtype: Any = tf.float32) -> tf.Tensor:
    """What the network reads: uint8 becomes 0 to 1 or, centred, -1 to 1."""
    if images.dtype != tf.uint8:
        return tf.cast(images, dtype)
    images = tf.cast(images, tf.float32)
    return images / 127.5 - 1 if centred else images / 255.0


def outputs(model: keras.Model, images: tf.Tensor, training: bool) -> list[tf.Tensor]:
    """The model's outputs in float32: the main one, then auxiliary ones."""
    result = model(images, training=training)
    if isinstance(result, dict):
        result = list(result.values())
    elif not isinstance(result, list | tuple):
        result = [result]
    return [tf.cast(each, tf.float32) for each in result]


def gives_logits(model: keras.Model) -> bool:
    """Whether the last layer has no softmax."""
    last = getattr(model, "layers", [None])[-1]
    while isinstance(last, keras.Model) and last.layers:
        last = last.layers[-1]
    if isinstance(last, keras.layers.Softmax):
        return False
    activation = getattr(last, "activation", None)
    return activation is not keras.activations.softmax


def cross_entropy(logits: bool, smoothing: float = 0.0) -> Callable[..., tf.Tensor]:
    """`(labels, outputs)` to the loss of each image, `(n,)`."""
    if not smoothing:
        return lambda y, out: keras.ops.sparse_categorical_crossentropy(
            y, out, from_logits=logits
        )

    def smoothed(y: tf.Tensor, out: tf.Tensor) -> tf.Tensor:
        classes = out.shape[-1]
        target = tf.one_hot(
            y, classes, 1 - smoothing + smoothing / classes, smoothing / classes
        )
        return keras.ops.categorical_crossentropy(target, out, from_logits=logits)

    return smoothed


def hits(y: tf.Tensor, out: tf.Tensor) -> tf.Tensor:
    """1 where the highest output is the label's, `(n,)` float32."""
    return tf.cast(tf.argmax(out, -1, tf.int32) == y, tf.float32)


def training_step(
    model: keras.Model,
    optimizer: Any,
    recipe: Recipe,
    replicas: int,
    jit_compile: bool,
) -> Callable[..., tf.Tensor]:
    """One replica's step: `(images, labels, weights)` to its sums.

    If its loss or its gradient is not finite, the gradient counts as zero: the weights
    stay as they were when it happened, for the diagnosis and for whoever goes on from
    them. (The loss alone does not tell: a ReLU makes 0 of what is not a number.)
    """
    loss_of = cross_entropy(gives_logits(model), recipe.label_smoothing)
    variables = model.trainable_variables
    decay = 0.0 if recipe.decoupled else recipe.weight_decay / replicas
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)

    def gradients(x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tuple:
        with tf.GradientTape() as tape:
            main, *auxiliary = outputs(model, as_input(x, recipe.centred), True)
            each = loss_of(y, main)
            for other in auxiliary:
                each += recipe.auxiliary_weight * loss_of(y, other)
            loss = tf.reduce_sum(weights * each)
            if model.losses:
                loss += tf.cast(tf.add_n(model.losses), tf.float32) / replicas
            objective = optimizer.scale_loss(loss) if scaled else loss
        grads = tape.gradient(objective, variables)
        sound = tf.math.is_finite(loss)
        if not scaled:  # where the loss is scaled, the optimizer deals with these
            total = tf.add_n([tf.reduce_sum(g) for g in grads if g is not None])
            sound &= tf.math.is_finite(total)
        grads = [
            g if g is None else tf.where(sound, g, tf.zeros_like(g)) for g in grads
        ]
        return grads, sums(each, hits(y, main), weights, sound)

    def with_decay(grads: list) -> list:
        if not decay:
            return grads
        factor = optimizer.scale_loss(decay) if scaled else decay
        return [
            g + factor * v if g is not None and is_kernel(v) else g
            for g, v in zip(grads, variables, strict=True)
        ]

    def clipped(grads: list) -> list:
        """Clip the sum over the replicas; the optimizer would clip each one's part."""
        there = [g for g in grads if g is not None]
        context = tf.distribute.get_replica_context()
        there = context.all_reduce(tf.distribute.ReduceOp.SUM, there)
        longest = tf.constant(recipe.clip_norm)
        longest = optimizer.scale_loss(longest) if scaled else longest
        there, _ = tf.clip_by_global_norm(there, longest)
        # The optimizer sums again.
        parts = iter([g / replicas for g in there])
        return [g if g is None else next(parts) for g in grads]

    def step(x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        grads, result = gradients(x, y, weights)
        grads = with_decay(grads)
        if recipe.clip_norm is not None:
            grads = clipped(grads)
        optimizer.apply(grads, variables)
        return result

    if jit_compile and replicas == 1:
        return tf.function(step, jit_compile=True)
    if jit_compile:
        # The sum over the replicas cannot be part of a compiled step.
        gradients = tf.function(gradients, jit_compile=True)
    return step


def advancer(
    strategy: tf.distribute.Strategy, step: Callable[..., tf.Tensor]
) -> Callable[..., tuple]:
    """A function that makes up to `count` steps in one call.

    It returns the steps made and the totals of their sums; it stops early after an
    unsound step. Calling Python once for many steps is what makes
    small networks fast.
    """

    @tf.function(reduce_retracing=True)
    def advance(iterator: Any, count: tf.Tensor) -> tuple:
        made = tf.constant(0, tf.int64)
        totals = tf.zeros(4, tf.float64)
        sound = tf.constant(True)
        while tf.logical_and(made < count, sound):
            row = strategy.run(step, args=next(iterator))
            row = strategy.reduce(tf.distribute.ReduceOp.SUM, row, axis=None)
            made += 1
            totals += tf.cast(row, tf.float64)
            sound = tf.equal(row[3], 0.0)
        return made, totals

    return advance


def evaluation_step(model: keras.Model, centred: bool) -> Callable[..., tf.Tensor]:
    """One replica's totals without training."""
    loss_of = cross_entropy(gives_logits(model))

    def step(x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        main = outputs(model, as_input(x, centred), False)[0]
        loss = loss_of(y, main)
        return sums(loss, hits(y, main), weights, tf.constant(True))

    return step
