"""Carry weights from one model to another that computes the same.

source = keras.applications.InceptionV3(weights="imagenet")
model = shared.models.build("inception_v3_slim")
copy_weights(source, model)
"""

from __future__ import annotations

from typing import Any

from shared.walk import applications


def weight_layers(model: Any) -> list[Any]:
    """The layers with weights, in an order that depends on the graph alone.

    Names, nesting and the order of construction play no part: layers come as a walk
    back from the outputs meets them, the inputs of a sum or concatenation in turn.

    Args:
        model: a functional or sequential Keras model with known input size.

    Returns:
        Each layer once.
    """
    found = applications(model)
    by_path: dict[str, Any] = {}
    for application in found:
        by_path.setdefault(application.path, application)
    read = {source for application in found for source in application.sources}
    pending = [path for path in reversed(by_path) if path not in read]
    order: list[Any] = []
    opened: set[str] = set()
    closed: set[str] = set()
    # Depth first without recursion: the searched networks are too deep for it.
    while pending:
        path = pending[-1]
        if path in closed or path not in by_path:
            pending.pop()
        elif path in opened:
            pending.pop()
            closed.add(path)
            layer = by_path[path].layer
            if getattr(layer, "weights", None):
                order.append(layer)
        else:
            opened.add(path)
            sources = by_path[path].sources
            pending.extend(path for path in reversed(sources) if path not in opened)
    return order


def copy_weights(source: Any, target: Any) -> None:
    """Give `target` the weights of `source`.

    Raises:
        ValueError: the two are not the same network; the first difference is named.
    """
    ours, theirs = weight_layers(target), weight_layers(source)
    for mine, other in zip(ours, theirs, strict=False):
        shapes = [tuple(weight.shape) for weight in mine.weights]
        expected = [tuple(weight.shape) for weight in other.weights]
        if shapes != expected:
            raise ValueError(
                f"source: layer {other.name!r} has weights {expected}, where the "
                f"target's {mine.name!r} has {shapes}: these are different networks"
            )
    if len(ours) != len(theirs):
        raise ValueError(
            f"source: {len(theirs)} layers with weights, where the target has "
            f"{len(ours)}: these are different networks"
        )
    for mine, other in zip(ours, theirs, strict=True):
        mine.set_weights(other.get_weights())
