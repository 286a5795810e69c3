"""Saliency: how much each pixel counts for a class (arXiv:1312.6034)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.training.visualisation._layers import batch, chosen_classes, logits
from shared.training.visualisation._panels import panels, stretched


def saliency(model: Any, x: Any, classes: Any = None) -> np.ndarray:
    """The size of the gradient of a class's score by each pixel.

    The score is the logit, also where the model ends in a softmax.

    Args:
        model: a Keras classifier; its first output counts.
        x: images `(N, H, W, C)`, as the model takes them.
        classes: one for each image or one for all; None for those predicted.

    Returns:
        `(N, H, W)`, the greatest absolute gradient over the channels.

    Raises:
        ValueError: images that do not fit, or a class out of range.
    """
    network = keras.Model(model.inputs[0], logits(model))
    x = tf.convert_to_tensor(batch(x, model))
    with tf.GradientTape() as tape:
        tape.watch(x)
        scores = network(x, training=False)
        wanted = chosen_classes(scores, classes)
        # Images do not meet: the gradient of the sum is each one's own.
        total = tf.reduce_sum(tf.gather(scores, wanted, axis=1, batch_dims=1))
    return np.abs(tape.gradient(total, x).numpy()).max(axis=-1)


def saliency_figure(model: Any, x: Any, classes: Any = None) -> Any:
    """Draws images and below each its saliency.

    Args:
        model, x, classes: as for `saliency`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    maps = saliency(model, x, classes)
    images = [stretched(image) for image in np.asarray(x)]
    return panels(
        [*images, *maps], columns=len(images), title="images and their saliency"
    )
