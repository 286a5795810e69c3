"""Writing down the graph that a student's model must have, with shapes by counting.

    net = Sketch((224, 224, 3))
    x = net.conv("input", 64, 3)
    x = net.max_pool(x, 2, 2, "valid")
    net.graph(net.dense(net.flatten(x), 10, "softmax"))

Every method takes keys of what feeds the node and returns the node's own key. Sizes
come from placing windows one by one, not from Keras.
"""

from __future__ import annotations

import math
from typing import Any

from solutions.oracles.graph import Graph, Node, settings
from solutions.oracles.graph_rules import normal


def windows(n: int, k: int, s: int, before: int, after: int, d: int = 1) -> int:
    """How many windows of `k` pixels, `d` apart, fit on a padded line of `n`."""
    count, last = 0, (k - 1) * d - before
    while last < n + after:
        count, last = count + 1, last + s
    return count


def padding_of(n: int, k: int, s: int, padding: Any, d: int = 1) -> tuple[int, int]:
    """Padding before and after for "valid", "same" or a number on each side."""
    if padding == "valid":
        return 0, 0
    if padding != "same":
        return padding, padding
    total = 0
    while windows(n, k, s, 0, total, d) < len(range(0, n, s)):
        total += 1
    return total // 2, total - total // 2


class Sketch:
    """A network that is being written down.

    Args:
        shape: of the input, `(H, W, C)`.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._nodes = {"input": Node("input", "input", (), (), tuple(shape))}

    def graph(self, *outputs: str) -> Graph:
        """The graph in its normal form."""
        return normal(Graph(dict(self._nodes), outputs))

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a node's output."""
        return self._nodes[key].shape

    def add_node(
        self, kind: str, fed: str | tuple[str, ...], shape: Any, **told: Any
    ) -> str:
        """Any other node."""
        key = f"{kind} {len(self._nodes)}"
        inputs = (fed,) if isinstance(fed, str) else tuple(fed)
        vector = len(shape) == 3 and tuple(shape[:2]) == (1, 1)
        shape = tuple(shape[2:] if vector else shape)
        self._nodes[key] = Node(key, kind, settings(**told), inputs, shape)
        return key

    def conv(
        self,
        x: str,
        filters: int,
        kernel: Any,
        strides: Any = 1,
        padding: Any = "same",
        *,
        groups: int = 1,
        dilation: int = 1,
        bias: bool = True,
        activation: str | None = "relu",
    ) -> str:
        """A convolution and its activation; `padding` may be a number."""
        kernel, strides = _pair(kernel), _pair(strides)
        before, size = self._window(x, kernel, strides, padding, dilation)
        key = self.add_node(
            "conv",
            x,
            (*size, filters),
            filters=filters,
            kernel=kernel,
            strides=strides,
            before=before,
            dilation=_pair(dilation),
            groups=groups,
            bias=bias,
        )
        return self.activation(key, activation)

    def dense(
        self, x: str, units: int, activation: str | None = "relu", *, bias: bool = True
    ) -> str:
        """A dense layer on a vector, and its activation."""
        key = self.add_node("dense", x, (units,), units=units, bias=bias)
        return self.activation(key, activation)

    def activation(self, x: str, kind: str | None) -> str:
        """An activation by name, or none."""
        return self.add_node(kind, x, self.shape(x)) if kind else x

    def max_pool(self, x: str, size: Any, strides: Any, padding: Any = "valid") -> str:
        """Max pooling; "same" pads with minus infinity."""
        size, strides = _pair(size), _pair(strides)
        before, out = self._window(x, size, strides, padding, 1)
        told = {"size": size, "strides": strides, "before": before}
        if padding == "same":
            told["fill"] = "-inf"
        return self.add_node("max_pool", x, (*out, self.shape(x)[-1]), **told)

    def avg_pool(self, x: str, size: Any, strides: Any, padding: Any = "valid") -> str:
        """Average pooling; what is padded is not averaged."""
        size, strides = _pair(size), _pair(strides)
        before, out = self._window(x, size, strides, padding, 1)
        shape = (*out, self.shape(x)[-1])
        told = {"size": size, "strides": strides, "before": before}
        return self.add_node("avg_pool", x, shape, **told)

    def global_avg(self, x: str) -> str:
        """Global average pooling, to a vector."""
        return self.add_node("global_avg", x, self.shape(x)[-1:])

    def flatten(self, x: str) -> str:
        """Maps to a vector; of a vector, the vector."""
        shape = self.shape(x)
        if len(shape) == 1:
            return x
        return self.add_node("flatten", x, (math.prod(shape),))

    def dropout(self, x: str, rate: float) -> str:
        """Dropout."""
        return self.add_node("dropout", x, self.shape(x), rate=rate)

    def batch_norm(self, x: str) -> str:
        """Batch normalisation with scale and centre."""
        return self.add_node("batch_norm", x, self.shape(x), center=True, scale=True)

    def add(self, *inputs: str) -> str:
        """A sum."""
        return self.add_node("add", inputs, self.shape(inputs[0]))

    def concat(self, *inputs: str) -> str:
        """Maps joined along their channels."""
        depth = sum(self.shape(x)[-1] for x in inputs)
        return self.add_node("concat", inputs, (*self.shape(inputs[0])[:-1], depth))

    def _window(self, x: str, k: Any, s: Any, padding: Any, d: int) -> Any:
        sizes = self.shape(x)[:2] if len(self.shape(x)) == 3 else (1, 1)
        pads = [
            padding_of(n, *w, padding, d) for n, *w in zip(sizes, k, s, strict=True)
        ]
        out = [
            windows(n, *w, *pad, d)
            for n, *w, pad in zip(sizes, k, s, pads, strict=True)
        ]
        return tuple(before for before, _ in pads), tuple(out)


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else tuple(value)
