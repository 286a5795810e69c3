"""A network as a graph in a normal form, to compare a student's with the right one.

    found = read(reference.rebuild(student.vgg("A")).layers())
    wanted = Sketch((224, 224, 3)) ...            # solutions.oracles.sketch
    agree(found, wanted, "vgg('A')")

The normal form forgets how a network was written: names, activations as an argument or
as a layer, "same" or explicit zeros, `Sequential` or functional, a depthwise layer or
one group per channel, a dense layer on maps or a 1x1 convolution, nested
concatenations, dropout before or after flattening. It keeps what is computed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Their inputs may come in any order.
_SYMMETRIC = frozenset({"add", "multiply", "average", "maximum", "minimum"})


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        name: the student's name for the layer that it comes from, for messages.
        kind: "input", "conv", "dense", "batch_norm", an activation's name ("relu"),
            "max_pool", "avg_pool", "global_avg", "global_max", "flatten", "dropout",
            "add", "multiply", "scale", "concat", "slice", "zeros", "reshape"; the
            Keras class for everything else.
        settings: what makes it compute something else, sorted by name. `otherwise`
            among them are words for what no layer here should be, e.g. "frozen".
        inputs: keys of the nodes that feed it, in order.
        shape: of its output, without the batch. A 1x1 map is a vector: `(C,)`.
        config: Keras's own settings of the layer, not compared.
    """

    name: str
    kind: str
    settings: tuple[tuple[str, Any], ...]
    inputs: tuple[str, ...]
    shape: tuple[Any, ...]
    config: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __getitem__(self, setting: str) -> Any:
        return dict(self.settings)[setting]

    def get(self, setting: str, default: Any = None) -> Any:
        return dict(self.settings).get(setting, default)


@dataclass(frozen=True)
class Graph:
    """Nodes by key, each after those that feed it, and the keys of the outputs."""

    nodes: Mapping[str, Node]
    outputs: tuple[str, ...]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def of(self, *kinds: str) -> list[Node]:
        """The nodes of some kinds, in the order of computation."""
        return [node for node in self if node.kind in kinds]

    def sources(self, node: Node) -> list[Node]:
        """The nodes that feed `node`."""
        return [self.nodes[key] for key in node.inputs]

    def consumers(self, key: str) -> list[str]:
        """Keys of the nodes that `key` feeds; a node that is fed twice is told twice.

        An output of the network counts as one more, `"output"`.
        """
        fed = [k for k, node in self.nodes.items() for i in node.inputs if i == key]
        return fed + ["output"] * self.outputs.count(key)


def settings(**values: Any) -> tuple[tuple[str, Any], ...]:
    """Settings in the order that `Node` wants."""
    return tuple(sorted(values.items()))


def parameters(graph: Graph) -> int:
    """Trained parameters; a layer that is called again counts once."""
    return sum(_parameters(graph, n) for n in graph if "@" not in n.name)


def _parameters(graph: Graph, node: Node) -> int:
    if node.kind == "batch_norm":
        return node.shape[-1] * (node["center"] + node["scale"])
    if node.kind == "conv":
        return _kernel(graph, node) + node["bias"] * node["filters"]
    if node.kind == "dense":
        return _kernel(graph, node) + node["bias"] * node["units"]
    return 0


def _kernel(graph: Graph, node: Node) -> int:
    (source,) = graph.sources(node)
    if node.kind == "dense":
        return source.shape[-1] * node["units"]
    depth = source.shape[-1] // node["groups"]
    return math.prod(node["kernel"]) * depth * node["filters"]


def multiply_adds(graph: Graph) -> int:
    """Products of the convolutions and dense layers, for one image."""
    return sum(
        _kernel(graph, node) * math.prod(node.shape[:-1])
        for node in graph.of("conv", "dense")
    )


def describe(graph: Graph, node: Node) -> str:
    """One line about a node, in words: what it is and which shapes it maps."""
    told = dict(node.settings)
    otherwise = told.pop("otherwise", ())
    words = [node.kind.replace("_", " ")]
    if node.kind == "conv":
        words = [f"convolution {_times(told['kernel'])}, {told['filters']} filters"]
        words += _geometry(told)
        if told["groups"] > 1:
            words.append(f"{told['groups']} groups")
        if told["dilation"] != (1, 1):
            words.append(f"dilation {_times(told['dilation'])}")
        if not told["bias"]:
            words.append("no bias")
    elif node.kind == "dense":
        words = [f"dense, {told['units']} units"]
        if not told["bias"]:
            words.append("no bias")
    elif node.kind in ("max_pool", "avg_pool"):
        words = [f"{node.kind[:3]} pooling {_times(told['size'])}", *_geometry(told)]
    elif told:
        words += [f"{name} {value}" for name, value in told.items()]
    words += otherwise
    shapes = [_times(source.shape) for source in graph.sources(node)]
    if node.kind in _SYMMETRIC or node.kind == "concat":
        shapes.sort()
    into = " and ".join(shapes[:4])
    more = " …" if len(node.inputs) > 4 else ""
    return f"{', '.join(words)}: {into}{more} → {_times(node.shape)}"


def _geometry(told: dict[str, Any]) -> list[str]:
    words = [f"stride {told['strides'][0]}"]
    if told["strides"][0] != told["strides"][1]:
        words = [f"strides {_times(told['strides'])}"]
    if told["before"] not in ((0, 0), None):
        words.append(f"padding {_times(told['before'])} before")
    return words


def _times(sizes: Any) -> str:
    return "x".join(map(str, sizes))


def agree(found: Graph, wanted: Graph, what: str, *, ordered: bool = False) -> None:
    """Fails, in words, unless two graphs compute the same function of their weights.

    Args:
        found: the student's.
        wanted: the right one.
        what: the call, for the message.
        ordered: whether the order of what is concatenated counts.
    """
    told = difference(found, wanted, ordered=ordered)
    assert told is None, f"{what}: {told}"


def difference(found: Graph, wanted: Graph, *, ordered: bool = False) -> str | None:
    """The first difference of two graphs in words, or None if there is none."""
    lines = [[describe(g, node) for node in g] for g in (found, wanted)]
    extra, missing = Counter(lines[0]), Counter(lines[1])
    extra, missing = extra - missing, missing - extra
    if extra or missing:
        return _unlike(found, lines, extra, missing)
    numbers: dict[Any, int] = {}
    ours = _identities(found, numbers, ordered)
    theirs = _identities(wanted, numbers, ordered)
    rest = Counter(theirs.values()) - Counter(ours.values())
    if rest or sorted(ours[k] for k in found.outputs) != sorted(
        theirs[k] for k in wanted.outputs
    ):
        return _miswired(found, ours, wanted, theirs)
    return None


def _unlike(
    found: Graph, lines: list[list[str]], extra: Counter[str], missing: Counter[str]
) -> str:
    parts = []
    for count, among, words in (
        (missing, lines[1], "missing"),
        (extra, lines[0], "not wanted"),
    ):
        if count:
            first = next(line for line in among if line in count)
            times = f" ({count[first]} of them)" if count[first] > 1 else ""
            others = sum(count.values()) - count[first]
            more = f"; and {others} more" if others else ""
            parts.append(f"{words}: {first}{times}{more}")
    if extra:
        names = [node.name for node in found if describe(found, node) in extra]
        parts.append(f"see your layer {names[0]!r}")
    return "; ".join(parts)


def _identities(graph: Graph, numbers: dict[Any, int], ordered: bool) -> dict[str, int]:
    """A number for each node: equal for nodes that compute the same."""
    found: dict[str, int] = {}
    for key, node in graph.nodes.items():
        fed = [found[source] for source in node.inputs]
        if node.kind in _SYMMETRIC or (node.kind == "concat" and not ordered):
            fed.sort()
        told = (node.kind, node.settings, node.shape, tuple(fed))
        found[key] = numbers.setdefault(told, len(numbers))
    return found


def _miswired(
    found: Graph, ours: dict[str, int], wanted: Graph, theirs: dict[str, int]
) -> str:
    known = Counter(theirs.values())
    for key, number in ours.items():
        if known[number]:
            known[number] -= 1
            continue
        node = found.nodes[key]
        line = describe(found, node)
        fed = [f"{s.name!r} ({s.kind})" for s in found.sources(node)]
        rivals = [
            " and ".join(describe(wanted, s) for s in wanted.sources(other))
            for k, other in wanted.nodes.items()
            if describe(wanted, other) == line and theirs[k] not in ours.values()
        ]
        should = f"; it must be fed by: {rivals[0]}" if rivals else ""
        return (
            f"the layers are right, their wiring is not: your layer {node.name!r} "
            f"({line}) is fed by {' and '.join(fed) or 'nothing'}{should}"
        )
    return "the layers are right, but the model's outputs are not the right ones"
