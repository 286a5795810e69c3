"""Finding layers by name, and models that end at them."""

from __future__ import annotations

import difflib
from typing import Any

import keras
import numpy as np


def find(model: Any, layer: str) -> Any:
    """The layer of a model called `layer`.

    Raises:
        ValueError: there is none.
    """
    names = [each.name for each in model.layers]
    if layer not in names:
        near = difflib.get_close_matches(str(layer), names, n=3, cutoff=0.4)
        mend = f"did you mean {' or '.join(near)}?" if near else f"it has {names}"
        raise ValueError(f"layer: the model has no layer {layer!r}; {mend}")
    return model.get_layer(layer)


def _output(model: Any, layer: Any) -> Any:
    """What a layer gives in this model; it may be a layer of other models too."""
    graph = model._functional if isinstance(model, keras.Sequential) else model
    for nodes in graph._nodes_by_depth.values():
        for node in nodes:
            if node.operation is layer:
                outputs = node.outputs
                return outputs[0] if len(outputs) == 1 else outputs
    return None


def last_maps(model: Any) -> str:
    """The name of the last layer that gives maps `(N, H, W, C)`.

    Raises:
        ValueError: no layer does.
    """
    for layer in reversed(model.layers):
        output = _output(model, layer)
        is_input = isinstance(layer, keras.layers.InputLayer)
        if len(getattr(output, "shape", ())) == 4 and not is_input:
            return layer.name
    raise ValueError("model: no layer of it gives maps (N, H, W, C)")


def maps_model(model: Any, layer: str, *, end: bool = False) -> Any:
    """A model, of the same weights, from the images to the maps of `layer`.

    With `end`, its outputs are the maps and the logits.

    Raises:
        ValueError: no such layer, or it gives no maps.
    """
    output = _output(model, find(model, layer))
    if not hasattr(output, "shape") or len(output.shape) != 4:
        shape = getattr(output, "shape", "several outputs")
        raise ValueError(f"layer: {layer!r} gives {shape}, no maps (N, H, W, C)")
    outputs = [output, logits(model)] if end else output
    return keras.Model(model.inputs[0], outputs)


def batch(x: Any, model: Any) -> np.ndarray:
    """Images as the model takes them, float32 `(N, H, W, C)`.

    Raises:
        ValueError: not a batch of images.
    """
    x = np.asarray(x, np.float32)
    wanted = tuple(model.inputs[0].shape[1:])
    fits = x.ndim == len(wanted) + 1 == 4 and all(
        size in (None, given) for size, given in zip(wanted, x.shape[1:], strict=True)
    )
    if not fits or len(x) == 0:
        raise ValueError(
            f"x: the model takes images (N, {', '.join(map(str, wanted))}), "
            f"got shape {x.shape}"
        )
    return x


def logits(model: Any) -> Any:
    """The model's (first) output before a last softmax, as a Keras tensor.

    A softmax is flat where the model is sure, and its gradients vanish there.
    """
    output = model.outputs[0]
    history = output._keras_history
    last = history.operation
    before = last._inbound_nodes[history.node_index].input_tensors[0]
    if isinstance(last, keras.layers.Softmax):
        return before
    if getattr(last, "activation", None) is not keras.activations.softmax:
        return output
    linear = type(last).from_config({**last.get_config(), "activation": "linear"})
    output = linear(before)
    linear.set_weights(last.get_weights())
    return output


def chosen_classes(scores: Any, classes: Any) -> np.ndarray:
    """`classes` (N,), or where None is given the highest score of each image.

    Raises:
        ValueError: not one class per image, or one out of range.
    """
    count, known = scores.shape
    if classes is None:
        return np.asarray(scores).argmax(axis=1)
    classes = np.broadcast_to(np.asarray(classes), (count,))
    if not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(f"classes must be integers, got {classes.dtype}")
    if classes.min() < 0 or classes.max() >= known:
        raise ValueError(f"classes must be 0 to {known - 1}, got {classes.tolist()}")
    return classes
