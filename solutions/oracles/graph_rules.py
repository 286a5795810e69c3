"""Rewriting a graph until it is in normal form: each rule keeps what is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from solutions.oracles.graph import Graph, Node, settings

#: ReLU may be computed before or after them.
_COMMUTE_WITH_RELU = frozenset(
    {"max_pool", "global_max", "zeros", "flatten", "dropout"}
)
_NEVER_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "softmax"})
_KEEP_THE_SIGN = frozenset(
    [
        "max_pool",
        "avg_pool",
        "global_avg",
        "global_max",
        "flatten",
        "dropout",
        "spatial_dropout",
        "zeros",
        "concat",
        "add",
        "slice",
        "reshape",
    ]
)


def normal(graph: Graph) -> Graph:
    """The graph with every rule applied until none applies any more."""
    graph = _sorted(graph)
    found: Graph | None = graph
    while found is not None:
        graph = found
        found = next(filter(None, (rule(graph) for rule in RULES)), None)
    return graph


def _sorted(graph: Graph) -> Graph:
    """Nodes that reach an output, each after those that feed it."""
    order: dict[str, Node] = {}
    waiting = [(key, False) for key in reversed(graph.outputs)]
    while waiting:
        key, ready = waiting.pop()
        if ready:
            order.setdefault(key, graph.nodes[key])
        elif key not in order:
            waiting.append((key, True))
            waiting += [(k, False) for k in reversed(graph.nodes[key].inputs)]
    return Graph(order, graph.outputs)


def _with(graph: Graph, **changed: Node) -> Graph:
    return _sorted(Graph({**graph.nodes, **changed}, graph.outputs))


def _without(graph: Graph, key: str) -> Graph:
    """The graph with the node's source in place of the node."""
    (source,) = graph.nodes[key].inputs
    nodes = {
        k: replace(n, inputs=tuple(source if i == key else i for i in n.inputs))
        for k, n in graph.nodes.items()
        if k != key
    }
    outputs = tuple(source if k == key else k for k in graph.outputs)
    return _sorted(Graph(nodes, outputs))


def _swapped(graph: Graph, key: str) -> Graph:
    """The graph with a node and its source in the other order."""
    node = graph.nodes[key]
    (below,) = node.inputs
    source = graph.nodes[below]
    shape = _shape(graph, source) if node.kind == "relu" else node.shape
    moved = replace(node, inputs=source.inputs, shape=shape)
    # Each keeps the key of its place, so that nothing else needs to change.
    after = replace(source, inputs=(below,), shape=node.shape)
    return _with(graph, **{below: moved, key: after})


def _shape(graph: Graph, node: Node) -> tuple[Any, ...]:
    return graph.nodes[node.inputs[0]].shape


def _alone(graph: Graph, key: str) -> bool:
    return len(graph.consumers(key)) == 1


def never_negative(graph: Graph, key: str) -> bool:
    """True if no output of the node can be below zero, whatever the weights."""
    node = graph.nodes[key]
    if node.kind in _NEVER_NEGATIVE:
        return True
    inputs = node.inputs
    kept = node.kind in _KEEP_THE_SIGN
    return kept and all(never_negative(graph, source) for source in inputs)


def _relu_comes_first(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        if node.kind == "relu" and not node.settings:
            (below,) = node.inputs
            if never_negative(graph, below):
                return _without(graph, key)
            movable = graph.nodes[below].kind in _COMMUTE_WITH_RELU
            if movable and _alone(graph, below):
                return _swapped(graph, key)
    return None


def _relu_enters_a_concatenation(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        if node.kind != "relu" or node.settings:
            continue
        (below,) = node.inputs
        source = graph.nodes[below]
        if source.kind == "concat" and _alone(graph, below):
            parts = {
                f"{key}|{index}": replace(
                    node, inputs=(part,), shape=graph.nodes[part].shape
                )
                for index, part in enumerate(source.inputs)
            }
            joined = replace(source, inputs=tuple(parts))
            return _with(graph, **parts, **{key: joined})
    return None


def _dropout_after_flatten(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        if node.kind == "flatten":
            (below,) = node.inputs
            source = graph.nodes[below]
            whole = source.kind == "dropout" and not source.get("noise_shape")
            if whole and _alone(graph, below):
                return _swapped(graph, key)
    return None


def _zeros_join_the_window(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        if node.kind not in ("conv", "max_pool"):
            continue
        (below,) = node.inputs
        zeros = graph.nodes[below]
        if zeros.kind != "zeros" or "same" in node["before"]:
            continue
        (top, _), (left, _) = zeros["pads"]
        told = dict(node.settings)
        told["before"] = (told["before"][0] + top, told["before"][1] + left)
        if node.kind == "max_pool":
            if told.get("fill") and not never_negative(graph, below):
                continue  # some zeros, some minus infinity
            told["fill"] = "0"
        joined = replace(node, inputs=zeros.inputs, settings=settings(**told))
        return _with(graph, **{key: joined})
    return None


def _fill_does_not_matter(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        filled = node.kind == "max_pool" and node.get("fill")
        if filled and never_negative(graph, node.inputs[0]):
            told = dict(node.settings)
            del told["fill"]
            return _with(graph, **{key: replace(node, settings=settings(**told))})
    return None


def _one_window_has_no_stride(graph: Graph) -> Graph | None:
    """Where one window fits, the stride is never used; nor is a 1x1's dilation."""
    for key, node in graph.nodes.items():
        if node.kind not in ("conv", "max_pool", "avg_pool"):
            continue
        told = dict(node.settings)
        shape = node.shape if len(node.shape) == 3 else (1, 1, *node.shape)
        told["strides"] = tuple(
            1 if n == 1 else s for n, s in zip(shape, told["strides"], strict=False)
        )
        if node.kind == "conv":
            told["dilation"] = tuple(
                1 if k == 1 else d
                for k, d in zip(told["kernel"], told["dilation"], strict=True)
            )
        if settings(**told) != node.settings:
            return _with(graph, **{key: replace(node, settings=settings(**told))})
    return None


def _convolution_is_dense(graph: Graph) -> Graph | None:
    """A 1x1 kernel on one pixel, or a kernel as large as its maps."""
    for key, node in graph.nodes.items():
        if node.kind != "conv" or node["groups"] != 1 or node["before"] != (0, 0):
            continue
        source = graph.nodes[node.inputs[0]]
        size = source.shape[:-1] or (1, 1)
        if node["kernel"] != size or (1 in size and node["dilation"] != (1, 1)):
            continue
        told = {"units": node["filters"], "bias": node["bias"]}
        if node.get("otherwise"):
            told["otherwise"] = node["otherwise"]
        dense = replace(
            node, kind="dense", settings=settings(**told), shape=node.shape[-1:]
        )
        if len(source.shape) == 1:
            return _with(graph, **{key: dense})
        numbers = source.shape[0] * source.shape[1] * source.shape[2]
        flat = Node(node.name, "flatten", (), node.inputs, (numbers,))
        dense = replace(dense, inputs=(f"{key}|flat",))
        return _with(graph, **{f"{key}|flat": flat, key: dense})
    return None


def _one_window_of_everything_is_global(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        if node.kind not in ("max_pool", "avg_pool") or len(node.shape) != 1:
            continue
        whole = graph.nodes[node.inputs[0]].shape[:-1]
        usual = node["before"] == (0, 0) and not node.get("otherwise")
        if node["size"] == whole and usual:
            kind = f"global_{node.kind[:3]}"
            return _with(graph, **{key: replace(node, kind=kind, settings=())})
    return None


def _joins_are_flat(graph: Graph) -> Graph | None:
    """A join of joins is one join; a sum that is used elsewhere too stays."""
    for key, node in graph.nodes.items():
        if node.kind not in ("concat", "add"):
            continue
        if len(node.inputs) == 1:
            return _without(graph, key)
        for place, below in enumerate(node.inputs):
            source = graph.nodes[below]
            alike = (source.kind, source.settings) == (node.kind, node.settings)
            if alike and (node.kind == "concat" or _alone(graph, below)):
                rest = node.inputs[place + 1 :]
                inputs = (*node.inputs[:place], *source.inputs, *rest)
                return _with(graph, **{key: replace(node, inputs=inputs)})
    return None


def _whole_slices_vanish(graph: Graph) -> Graph | None:
    for key, node in graph.nodes.items():
        whole = node.kind == "slice" and node.shape == _shape(graph, node)
        if whole and node["step"] == 1:
            return _without(graph, key)
    return None


RULES: tuple[Callable[[Graph], Graph | None], ...] = (
    _joins_are_flat,
    _whole_slices_vanish,
    _relu_comes_first,
    _relu_enters_a_concatenation,
    _dropout_after_flatten,
    _zeros_join_the_window,
    _fill_does_not_matter,
    _one_window_of_everything_is_global,
    _one_window_has_no_stride,
    _convolution_is_dense,
)
