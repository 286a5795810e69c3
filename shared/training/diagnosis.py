"""Where the first number that is not finite came from."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.training.steps import as_input, cross_entropy, gives_logits, outputs


def first_nonfinite(
    model: keras.Model, images: tf.Tensor, labels: tf.Tensor, centred: bool
) -> tuple[str | None, str]:
    """Runs a batch layer by layer until something is infinite or not a number.

    Args:
        model: as it was before the step.
        images: the step's batch `(n, H, W, C)`.
        labels: `(n,)`.
        centred: as in the recipe.

    Returns:
        The layer's name, or None, and what was found in words.
    """
    inputs = as_input(images, centred)
    if not _finite(inputs):
        bad = ~np.isfinite(inputs.numpy()).all(axis=(1, 2, 3))
        return None, f"{bad.sum()} of the step's images hold a value that is not finite"
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.Model):
            continue
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            if not _finite(weight.value):
                return layer.name, (
                    f"layer {layer.name!r} has a weight {weight.name!r} that is not "
                    "finite"
                )
    name = _first_output(model, inputs)
    if name is not None:
        return name, f"layer {name!r} has the first output that is not finite"
    name = _last_gradient(model, inputs, labels)
    if name is not None:
        return name, f"going back, layer {name!r} has the first gradient that is not"
    return None, "every layer's output and gradient is finite when computed again"


def _last_gradient(
    model: keras.Model, inputs: tf.Tensor, labels: tf.Tensor
) -> str | None:
    """The layer nearest to the loss with a non-finite gradient."""
    loss_of = cross_entropy(gives_logits(model))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loss_of(labels, outputs(model, inputs, False)[0]))
    variables = model.trainable_variables
    for variable, gradient in reversed(
        list(zip(variables, tape.gradient(loss, variables), strict=True))
    ):
        if gradient is not None and not _finite(gradient):
            return variable.path.split("/")[-2]
    return None


def _first_output(model: keras.Model, inputs: tf.Tensor) -> str | None:
    """The first layer, by the order of computation, with a non-finite output."""
    seen: list[str] = []
    layers = list(model._flatten_layers(include_self=False))
    original = [layer.call for layer in layers]

    def watched(layer: Any, call: Any) -> Any:
        def call_and_look(*args: Any, **kwargs: Any) -> Any:
            result = call(*args, **kwargs)
            if not all(_finite(each) for each in tf.nest.flatten(result)):
                seen.append(layer.name)
            return result

        return call_and_look

    # Batch normalisation moves its averages even here: they are put back.
    weights = model.get_weights()
    try:
        for layer, call in zip(layers, original, strict=True):
            layer.call = watched(layer, call)
        model(inputs, training=True)
    finally:
        for layer, call in zip(layers, original, strict=True):
            layer.call = call
        model.set_weights(weights)
    return seen[0] if seen else None


def _finite(value: Any) -> bool:
    value = tf.convert_to_tensor(value)
    if not value.dtype.is_floating:
        return True
    return bool(tf.reduce_all(tf.math.is_finite(value)))
