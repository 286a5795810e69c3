"""What a test may do with a Keras layer or model that stays in the worker."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grader.worker import models


def keras_layer(name: str, config: dict[str, Any]) -> Any:
    """Returns ``keras.layers.<name>(**config)``."""
    return getattr(importlib.import_module("keras.layers"), name)(**config)


def _keras() -> Any:
    return importlib.import_module("keras")


def _tf() -> Any:
    return importlib.import_module("tensorflow")


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _weights(layer: Any) -> list[Any]:
    return list(layer.get_weights())


def _set_weights(layer: Any, weights: list[Any]) -> None:
    layer.set_weights(weights)


def _config(layer: Any) -> dict[str, Any]:
    return dict(layer.get_config())


def _clone(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _have_weights(layer: Any, x: Any) -> None:
    """Calls the layer, unless it has been called and thus built."""
    if not getattr(layer, "built", False):
        layer(x)


def _gradients(layer: Any, x: Any, upstream: Any) -> Any:
    """Gradients of ``sum(layer(x) * upstream)`` for `x` and each weight."""
    tf = _tf()
    x = tf.convert_to_tensor(x)
    _have_weights(layer, x)  # outside the tape
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(y * tf.cast(upstream, y.dtype))
    weights = [getattr(w, "value", w) for w in layer.trainable_weights]
    found = tape.gradient(loss, [x, *weights])
    arrays = [None if g is None else np.asarray(g) for g in found]
    return arrays[0], arrays[1:]


def _call_graph(layer: Any, x: Any) -> Any:
    """The output inside ``tf.function`` with unknown batch and spatial sizes."""
    tf = _tf()
    x = tf.convert_to_tensor(x)
    _have_weights(layer, x)
    shape = [None] * (len(x.shape) - 1) + [x.shape[-1]]
    traced = tf.function(
        lambda value: layer(value), input_signature=[tf.TensorSpec(shape, x.dtype)]
    )
    return traced(x)


def _output_shape(layer: Any, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(layer.compute_output_shape(tuple(shape)))


def _fit(
    layer: Any,
    x: Any,
    y: Any,
    classes: int = 10,
    steps: int = 30,
    batch: int = 32,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> list[float]:
    """Losses of a small classifier on top of `layer`, by SGD with momentum."""
    keras = _keras()
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layer,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(classes),
        ]
    )
    rng = np.random.default_rng(seed)
    size = min(batch, len(x))
    chosen = (rng.choice(len(x), size=size, replace=False) for _ in range(steps))
    velocities = [np.zeros(w.shape, np.float32) for w in model.trainable_weights]

    def momentum(_: int, index: int, gradient: Any) -> Any:
        velocities[index] = 0.9 * velocities[index] - learning_rate * gradient
        return velocities[index]

    return _trained(model, ((x[i], y[i]) for i in chosen), True, momentum)


def _train(
    model: Any,
    x: Any,
    y: Any,
    steps: int = 40,
    learning_rate: float = 0.002,
    logits: bool = False,
    enough: float = 0.0,
) -> list[float]:
    """Losses of a whole classifier, trained as it is with Adam on one batch."""
    means = [np.zeros(w.shape, np.float32) for w in model.trainable_weights]
    squares = [np.zeros(w.shape, np.float32) for w in model.trainable_weights]

    def adam(step: int, index: int, gradient: Any) -> Any:
        # In place: a dense layer's million weights are slow to allocate.
        mean, square = means[index], squares[index]
        change = gradient - mean
        change *= 0.1
        mean += change
        np.multiply(gradient, gradient, out=change)
        change -= square
        change *= 0.001
        square += change
        np.sqrt(square, out=change)
        change += 1e-7
        np.divide(mean, change, out=change)
        change *= -learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        return change

    return _trained(model, ((x, y) for _ in range(steps)), logits, adam, enough)


def _trained(
    model: Any,
    batches: Iterable[tuple[Any, Any]],
    logits: bool,
    change: Callable[[int, int, Any], Any],
    enough: float = 0.0,
) -> list[float]:
    """The losses, step by step.

    The optimizers are Keras's own, in NumPy: to trace those takes longer than a few
    dozen steps of a small model, and without a trace they are slower still.

    Args:
        change: of a weight, by the step's number, from 1, the weight's, and its
            gradient.
        enough: once the latest three losses are below it on average, no step follows.
    """
    tf = _tf()
    loss_of = _keras().losses.SparseCategoricalCrossentropy(from_logits=logits)
    weights = model.trainable_weights

    @tf.function  # type: ignore[untyped-decorator]
    def gradients(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        return loss, tape.gradient(loss, [w.value for w in weights])

    losses = []
    for step, batch in enumerate(batches, 1):
        loss, found = gradients(*map(tf.convert_to_tensor, batch))
        losses.append(float(loss))
        if np.mean(losses[-3:]) < enough and len(losses) >= 3:
            break
        for index, (weight, gradient) in enumerate(zip(weights, found, strict=True)):
            if gradient is not None:  # else the loss does not depend on it
                moved = weight.value + change(step, index, np.asarray(gradient))
                weight.assign(moved)
    return losses


def _save(layer: Any, x: Any) -> Any:
    """A model with `layer`: its output, its file, and the name of the layer's class."""
    keras = _keras()
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    before = np.asarray(model(x))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(str(path))
        return before, path.read_bytes(), type(layer).__name__


def load(classes: Mapping[str, type], saved: bytes, kind: str, x: Any) -> Any:
    """The output of a model that `_save` has saved.

    Args:
        classes: by name; that of the model's layer may be among them.
        saved: the file.
        kind: the name of the layer's class.
        x: the input.
    """
    known = {kind: classes[kind]} if kind in classes else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(saved)
        loaded = _keras().saving.load_model(str(path), custom_objects=known)
    return np.asarray(loaded(x))


OPERATIONS = {
    "call": _call,
    "weights": _weights,
    "set_weights": _set_weights,
    "config": _config,
    "clone": _clone,
    "gradients": _gradients,
    "call_graph": _call_graph,
    "output_shape": _output_shape,
    "fit": _fit,
    "train": _train,
    "save": _save,
    **models.OPERATIONS,
}
