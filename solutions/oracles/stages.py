"""A network without branches as a list of stages, whether in one piece or in towers.

AlexNet's two groups can be written as `Conv2D(groups=2)` or as two towers side by
side, cut apart with slices or never joined. All give the same stages: every channel is
followed from its filter to those that see it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from solutions.oracles.graph import Graph, Node

_WEIGHTS = ("conv", "dense")


@dataclass(frozen=True)
class Stage:
    """All filters (or units) that are equally deep, and what follows them.

    Attributes:
        kind: "conv" or "dense"; the input is the stage "input".
        window: kernel, strides, padding before, dilation; empty for dense layers.
        outputs: filters or units, of all towers.
        fan_in: channels (or numbers) that each of them is connected to.
        sees: how many outputs of each earlier stage can reach each of them.
        bias: whether it has biases.
        otherwise: words for what no layer here should be, e.g. "frozen".
        size: `(H, W)` of its maps.
        after: what follows, up to the next weights, in words.
    """

    kind: str
    window: tuple[Any, ...]
    outputs: int
    fan_in: int
    sees: tuple[int, ...]
    bias: bool
    otherwise: tuple[str, ...]
    size: tuple[Any, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        words = [f"dense, {self.outputs} units, each connected to {self.fan_in}"]
        if self.kind == "conv":
            kernel, strides, before, dilation = self.window
            words = [
                f"convolution {_times(kernel)}, {self.outputs} filters on "
                f"{self.fan_in} channels each",
                f"stride {_times(sorted({*strides}))}",
            ]
            if before != (0, 0):
                words.append(f"padding {_times(before)} before")
            if dilation != (1, 1):
                words.append(f"dilation {_times(dilation)}")
            words.append(f"maps of {_times(self.size)}")
        if self.kind == "input":
            words = [f"input {_times(self.size)}x{self.outputs}"]
        elif not self.bias:
            words.append("no bias")
        return ", ".join([*words, *self.otherwise, *self.after])


def _times(sizes: Iterable[Any]) -> str:
    return "x".join(map(str, sizes))


def stages(graph: Graph) -> list[Stage]:
    """The stages of a network, the input first.

    Raises:
        AssertionError: it is no chain of stages, in words for the student.
    """
    return _Tracer(graph).stages()


class _Tracer:
    """Follows channels. A channel is `(stage, index, what happened to it since)`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._channels: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
        self._nodes: dict[int, list[Node]] = {}
        self._fan_in: dict[int, set[int]] = {}
        self._sources: dict[int, list[frozenset[int]]] = {}
        self._after: dict[int, set[tuple[str, ...]]] = {}

    def stages(self) -> list[Stage]:
        for key, node in self._graph.nodes.items():
            self._channels[key] = self._visit(node)
        for key in self._graph.outputs:
            self._arrive(self._channels[key])
        return self._summed()

    def _visit(self, node: Node) -> list[tuple[int, int, tuple[str, ...]]]:
        fed = [self._channels[key] for key in node.inputs]
        if node.kind == "input":
            self._nodes[0] = [node]
            self._sources[0] = [frozenset()] * node.shape[-1]
            return [(0, index, ()) for index in range(node.shape[-1])]
        if node.kind in _WEIGHTS:
            return self._weights(node, fed[0])
        if node.kind == "concat" and not node.settings:
            depths = {depth for channels in fed for depth, _, _ in channels}
            assert len(depths) == 1, (
                f"your layer {node.name!r} joins maps of different depth: "
                "this network is a chain of layers"
            )
            return [channel for channels in fed for channel in channels]
        if node.kind == "slice":
            (channels,) = fed
            return channels[slice(node["start"], node["stop"], node["step"])]
        assert len(fed) == 1, (
            f"your layer {node.name!r} ({node.kind}) joins several inputs: this "
            "network is a chain of layers"
        )
        words = " ".join([node.kind.replace("_", " "), *_words(node)])
        return [(depth, index, (*past, words)) for depth, index, past in fed[0]]

    def _weights(self, node: Node, channels: list[Any]) -> list[Any]:
        depth = self._arrive(channels) + 1
        (source,) = self._graph.sources(node)
        groups = node.get("groups", 1)
        outputs = node.get("filters") or node.get("units")
        seen = np.array_split(np.array([index for _, index, _ in channels]), groups)
        numbers = source.shape[-1] // groups
        self._nodes.setdefault(depth, []).append(node)
        self._fan_in.setdefault(depth, set()).add(numbers)
        made = self._sources.setdefault(depth, [])
        start = len(made)
        for group in seen:
            made += [frozenset(group.tolist())] * (outputs // groups)
        return [(depth, start + index, ()) for index in range(outputs)]

    def _arrive(self, channels: list[Any]) -> int:
        """The stage that channels come from; notes what happened to them since."""
        (depth,) = {depth for depth, _, _ in channels}
        self._after.setdefault(depth, set()).update(past for _, _, past in channels)
        return depth

    def _summed(self) -> list[Stage]:
        found: list[Stage] = []
        reach: list[dict[frozenset[int], list[frozenset[int]]]] = []
        for depth, nodes in sorted(self._nodes.items()):
            names = ", ".join(repr(node.name) for node in nodes)
            for value in (self._fan_in.get(depth, {0}), self._after[depth]):
                assert len(value) == 1, f"your layers {names} must be alike"
            told = {(_window(node), node.get("otherwise")) for node in nodes}
            assert len(told) == 1, f"your layers {names} must be alike"
            sees = self._sees(depth, reach)
            assert len(set(sees)) == 1, (
                f"the filters of your layers {names} are not connected to equally many"
            )
            node = nodes[0]
            found.append(
                Stage(
                    node.kind,
                    _window(node),
                    len(self._sources[depth]),
                    next(iter(self._fan_in.get(depth, {0}))),
                    sees[0],
                    bool(node.get("bias")),
                    node.get("otherwise", ()),
                    node.shape[:-1],
                    next(iter(self._after[depth])),
                )
            )
        return found

    def _sees(self, depth: int, reach: list[Any]) -> list[tuple[int, ...]]:
        """For each set of sources, how many outputs of earlier stages reach it."""
        mine: dict[frozenset[int], list[frozenset[int]]] = {}
        for sources in set(self._sources[depth]):
            sets = [frozenset[int]()] * depth
            if depth:
                sets[depth - 1] = sources
                below = {self._sources[depth - 1][index] for index in sources}
                for earlier in range(depth - 1):
                    parts = (reach[depth - 1][s][earlier] for s in below)
                    sets[earlier] = frozenset().union(*parts)
            mine[sources] = sets
        reach.append(mine)
        used = frozenset().union(*mine) if depth else frozenset()
        total = len(self._sources[depth - 1]) if depth else 0
        assert len(used) == total, (
            f"{total - len(used)} of the {total} channels before your layer "
            f"{self._nodes[depth][0].name!r} are not used"
        )
        return [tuple(map(len, sets)) for sets in mine.values()]


def _window(node: Node) -> tuple[Any, ...]:
    if node.kind != "conv":
        return ()
    return node["kernel"], node["strides"], node["before"], node["dilation"]


def _words(node: Node) -> list[str]:
    told = dict(node.settings)
    otherwise = told.pop("otherwise", ())
    if "size" in told:
        words = [_times(told["size"]), f"stride {_times(sorted({*told['strides']}))}"]
        if told["before"] != (0, 0):
            words.append(f"padding {_times(told['before'])} before")
        return [*words, *otherwise, f"to {_times(node.shape[:-1])}"]
    return [*(f"{name} {value}" for name, value in told.items()), *otherwise]


def chains_agree(found: Graph, wanted: Graph, what: str) -> None:
    """Fails, in words, unless two chains have the same stages.

    Args:
        found: the student's.
        wanted: the right one.
        what: the call, for the message.
    """
    theirs = stages(wanted)
    try:
        ours = stages(found)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from None
    for number, (mine, right) in enumerate(zip(ours, theirs, strict=False)):
        name = f"layer {number} with weights" if number else "the input"
        assert mine == right, f"{what}: {name} must be: {right}; it is: {mine}"
    assert len(ours) == len(theirs), (
        f"{what} must have {len(theirs) - 1} layers with weights, "
        f"and it has {len(ours) - 1}"
    )
