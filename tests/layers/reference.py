"""Plain TensorFlow to compare blocks with, and the footprint of an output pixel."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from shared.walk import applications


def by_construction(layers: Any) -> list[Any]:
    """Layers that Keras has named, in the order in which they were made."""

    def number(layer: Any) -> int:
        tail = layer.name.rpartition("_")[2]
        return int(tail) if tail.isdigit() else 0

    return sorted(layers, key=number)


def leaves(block: Any, kind: type, size: tuple[int, int, int]) -> list[Any]:
    """The inner layers of a class, by order of construction."""
    found = {
        application.layer.name: application.layer
        for application in applications(block, size)
        if isinstance(application.layer, kind)
    }
    return by_construction(found.values())


def conv(
    x: Any, layer: keras.layers.Conv2D, strides: int = 1, padding: str = "SAME"
) -> Any:
    """`tf.nn.conv2d` with the layer's kernel and bias, and nothing else of it."""
    y = tf.nn.conv2d(x, layer.kernel.value, strides, padding)
    return y if layer.bias is None else y + layer.bias.value


def normalized(x: Any, layer: keras.layers.BatchNormalization, epsilon: float) -> Any:
    """Inference-mode batch normalisation by its formula."""
    scaled = (x - layer.moving_mean.value) / tf.sqrt(
        layer.moving_variance.value + epsilon
    )
    gamma = 1.0 if layer.gamma is None else layer.gamma.value
    return gamma * scaled + layer.beta.value


def randomize(block: Any, seed: int) -> None:
    """Draw all weights, moving averages included."""
    generator = np.random.default_rng(seed)
    for weight in block.weights:
        low, high = (
            (0.5, 1.5) if weight.name in ("gamma", "moving_variance") else (-1, 1)
        )
        weight.assign(generator.uniform(low, high, weight.shape).astype("float32"))


def footprint(block: Any, size: int, channel: slice = slice(None)) -> tuple[int, int]:
    """Height and width of the input window that the middle output pixel depends on.

    All weights are set to one and the input is positive, so that nothing cancels and
    no rectifier closes.
    """
    x = tf.Variable(
        np.random.default_rng(1).uniform(1, 2, (1, size, size, 3)), "float32"
    )
    if not block.built:
        block.build(x.shape)
    for weight in block.weights:
        weight.assign(np.ones(weight.shape, "float32"))
    with tf.GradientTape() as tape:
        y = block(tf.cast(x, "float32"), training=False)
        middle = tf.reduce_sum(y[0, y.shape[1] // 2, y.shape[2] // 2, channel])
    touched = np.abs(tape.gradient(middle, x).numpy()[0]).sum(axis=-1) > 0
    rows, columns = (
        np.nonzero(touched.any(axis=1))[0],
        np.nonzero(touched.any(axis=0))[0],
    )
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
