"""Feature visualisation by a deconvolution network (Zeiler & Fergus, arXiv:1311.2901).

A strong activation is projected back to the pixels that caused it: through the
transposed filters, through max pooling by the positions of its maxima, and at each
ReLU only what is positive of the signal goes on. That is a gradient with another rule
at the ReLUs: theirs asks which *inputs* were positive, this one which *signals* are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.training.visualisation._layers import batch, maps_model
from shared.training.visualisation._panels import panels, stretched

RULES = ("deconvolution", "guided")


def _rectifier(rule: str) -> Any:
    """A ReLU whose backward pass is that of the rule."""

    @tf.custom_gradient
    def rectify(x: tf.Tensor) -> tuple:
        def back(signal: tf.Tensor) -> tf.Tensor:
            kept = tf.nn.relu(signal)
            # Guided: both rules at once (arXiv:1412.6806).
            return kept * tf.cast(x > 0, x.dtype) if rule == "guided" else kept

        return tf.nn.relu(x), back

    return rectify


@contextlib.contextmanager
def _rectified(model: Any, rule: str) -> Iterator[None]:
    """Gives every ReLU of a model, blocks included, the rule's backward pass.

    In place, for blocks cannot be rebuilt around other layers; put back at the end.
    """
    rectify, undo = _rectifier(rule), []
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "activation", None) is keras.activations.relu:
            undo.append((layer, "activation", layer.activation))
            layer.activation = rectify
        elif isinstance(layer, keras.layers.ReLU):
            if layer.max_value is not None or layer.negative_slope or layer.threshold:
                raise ValueError(f"model: {layer.name!r} is no plain ReLU")
            undo.append((layer, "call", layer.call))
            object.__setattr__(layer, "call", rectify)
    try:
        yield
    finally:
        for layer, name, value in undo:
            object.__setattr__(layer, name, value)


def deconvolution(
    model: Any, x: Any, layer: str, channel: int, rule: str = "deconvolution"
) -> tuple[np.ndarray, np.ndarray]:
    """Projects each image's strongest activation in one map back to the pixels.

    Args:
        model: a Keras model whose nonlinearities are ReLUs.
        x: images `(N, H, W, C)`, as the model takes them.
        layer: a layer that gives maps.
        channel: which of its maps.
        rule: "deconvolution", or "guided" for guided backpropagation.

    Returns:
        The projections `(N, H, W, C)`, and each image's strongest activation `(N,)`.

    Raises:
        ValueError: no such layer, channel or rule; images that do not fit; a ReLU
            with a slope or a cap.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {RULES}, got {rule!r}")
    x = tf.convert_to_tensor(batch(x, model))
    maps = maps_model(model, layer)
    known = maps.outputs[0].shape[-1]
    if not 0 <= channel < known:
        raise ValueError(f"channel must be 0 to {known - 1}, got {channel}")
    with _rectified(maps, rule), tf.GradientTape() as tape:
        tape.watch(x)
        out = maps(x, training=False)[..., channel]
        flat = tf.reshape(out, (len(x), -1))
        strongest = tf.reduce_max(flat, axis=1)
        place = tf.argmax(flat, axis=1)
        # The signal that is sent back is the activation itself, alone on its map.
        picked = tf.gather(flat, place, axis=1, batch_dims=1)
        signal = tf.reduce_sum(0.5 * picked**2)
    return tape.gradient(signal, x).numpy(), strongest.numpy()


def deconvolution_figure(
    model: Any,
    x: Any,
    layer: str,
    channels: Sequence[int],
    *,
    top: int = 4,
    rule: str = "deconvolution",
) -> Any:
    """Draws, per channel, the images that excite it most, and what in them does.

    Args:
        model, layer, rule: as for `deconvolution`.
        x: images to choose from, `(N, H, W, C)`.
        channels: a row of the figure for each.
        top: images per channel.

    Returns:
        A `matplotlib.figure.Figure`, images left and projections right.
    """
    x = batch(x, model)
    top = min(top, len(x))
    shown, titles = [], []
    for channel in channels:
        projected, strength = deconvolution(model, x, layer, channel, rule)
        best = np.argsort(-strength, kind="stable")[:top]
        shown += [stretched(x[i]) for i in best]
        shown += [stretched(projected[i]) for i in best]
        titles += [f"map {channel}: {strength[i]:.2g}" for i in best] + [""] * top
    return panels(
        shown,
        titles,
        columns=2 * top,
        title=f"{layer}: strongest images, and the pixels that excite it",
    )
