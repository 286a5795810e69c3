"""Grad-CAM: which region made the network say a class (arXiv:1610.02391)."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from shared.training.visualisation._layers import (
    batch,
    chosen_classes,
    last_maps,
    maps_model,
)
from shared.training.visualisation._panels import overlay


def grad_cam(
    model: Any, x: Any, layer: str | None = None, classes: Any = None
) -> np.ndarray:
    """Weighs a layer's maps by their mean gradient, sums, keeps what is positive.

    Args:
        model: a Keras classifier; its first output counts.
        x: images `(N, H, W, C)`, as the model takes them.
        layer: whose maps; None for the last that gives any.
        classes: one for each image or one for all; None for those predicted.

    Returns:
        `(N, h, w)` at the layer's resolution, not negative, not scaled.

    Raises:
        ValueError: no such layer, images that do not fit, or a class out of range.
    """
    layer = last_maps(model) if layer is None else layer
    both = maps_model(model, layer, end=True)
    x = tf.convert_to_tensor(batch(x, model))
    with tf.GradientTape() as tape:
        # Watching the images makes the tape follow a frozen model too.
        tape.watch(x)
        maps, scores = both(x, training=False)
        wanted = chosen_classes(scores, classes)
        total = tf.reduce_sum(tf.gather(scores, wanted, axis=1, batch_dims=1))
    gradient = tape.gradient(total, maps)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()


def grad_cam_figure(
    model: Any,
    x: Any,
    layer: str | None = None,
    classes: Any = None,
    names: Any = None,
) -> Any:
    """Draws each image under its Grad-CAM, enlarged to its size.

    Args:
        model, x, layer, classes: as for `grad_cam`.
        names: of the classes, for the titles; without them, their numbers.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    x = batch(x, model)
    if classes is None:
        outputs = model(x, training=False)
        outputs = outputs[0] if isinstance(outputs, list | tuple) else outputs
        classes = np.asarray(outputs).argmax(axis=1)
    heats = grad_cam(model, x, layer, classes)[..., None]
    heats = tf.image.resize(heats, x.shape[1:3], "bilinear").numpy()[..., 0]
    figure = Figure(figsize=(1.6 * len(x) + 0.4, 2.2), layout="constrained")
    axes = figure.subplots(1, len(x), squeeze=False)[0]
    shown = np.broadcast_to(np.asarray(classes), (len(x),))
    for axis, image, heat, label in zip(axes, x, heats, shown, strict=True):
        overlay(axis, image, heat)
        axis.set_title(str(label if names is None else names[label]), fontsize=9)
    return figure
