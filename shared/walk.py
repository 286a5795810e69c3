"""Walking a Keras model's graph with concrete shapes, without computing anything.

Nested models and the composite blocks of `shared.layers` are opened, so that every
convolution is met where it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.composite import CompositeLayer

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Application:
    """One use of one layer in the graph.

    A layer that is used twice (shared weights) has two applications: its parameters
    count once, its multiply-adds twice.

    Attributes:
        path: names of the enclosing blocks and of the layer, joined by "/"; the second
            use of a layer ends in ":2".
        layer: the layer or operation.
        inputs: shapes of its tensors, batch first.
        outputs: shapes of what it returns, batch first.
        sources: paths of the applications, or "input", that its tensors come from.
    """

    path: str
    layer: Any
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    sources: tuple[str, ...]


def _function(layer: Any) -> Any:
    """The graph inside a nested layer, or None for a layer that is a leaf."""
    if isinstance(layer, CompositeLayer):
        return layer.network
    if isinstance(layer, keras.Sequential):
        return layer._functional
    # Functional is not public; it is what has a graph to run.
    return layer if hasattr(layer, "_run_through_graph") else None


def applications(model: Any, input_shape: Shape | None = None) -> list[Application]:
    """All uses of layers in a model, in the order of computation, blocks opened.

    Args:
        model: a functional or sequential Keras model, or a built composite layer.
        input_shape: `(H, W, C)`, needed only where the model leaves sizes open.

    Raises:
        ValueError: the model is no graph, or its input size is open.
    """
    function = _function(model)
    if function is None:
        raise ValueError(
            f"model: {type(model).__name__} has no graph to walk; "
            "give a model made with keras.Model(inputs, outputs) or keras.Sequential"
        )
    tensors = []
    for tensor in function.inputs:
        shape = (1, *(input_shape or tensor.shape[1:]))
        if None in shape:
            raise ValueError(
                f"input_shape: the model leaves sizes open, {tensor.shape}; "
                "give input_shape=(H, W, C)"
            )
        tensors.append(keras.KerasTensor(shape, dtype=tensor.dtype))
    found: list[Application] = []
    uses: Counter[str] = Counter()
    # By identity: each tensor of this walk is a new object, kept alive by `alive`.
    origin = {id(tensor): "input" for tensor in tensors}
    alive: list[Any] = list(tensors)

    def walk(function: Any, tensors: list[Any], prefix: str) -> Any:
        def visit(operation: Any) -> Any:
            def apply(*args: Any, **kwargs: Any) -> Any:
                path = f"{prefix}{operation.name}"
                uses[path] += 1
                if uses[path] > 1:
                    path = f"{path}:{uses[path]}"
                given = list(_tensors((args, kwargs)))
                inner = _function(operation)
                if inner is not None:
                    return walk(inner, given, f"{path}/")
                outputs = operation.compute_output_spec(*args, **kwargs)
                made = list(_tensors(outputs))
                alive.extend(made)
                sources = tuple(origin.get(id(tensor), "input") for tensor in given)
                for tensor in made:
                    # An identity may hand its input through; keep the first origin.
                    origin.setdefault(id(tensor), path)
                found.append(
                    Application(
                        path,
                        operation,
                        tuple(tuple(tensor.shape) for tensor in given),
                        tuple(tuple(tensor.shape) for tensor in made),
                        sources,
                    )
                )
                return outputs

            return apply

        return function._run_through_graph(tensors, operation_fn=visit)

    walk(function, tensors, "")
    return found


def _tensors(structure: Any) -> Iterator[Any]:
    for leaf in keras.tree.flatten(structure):
        if isinstance(leaf, keras.KerasTensor):
            yield leaf
