"""From a model's layers, as the grader tells them, to nodes of a graph.

A record has `.name .kind .config .inputs .output_shape .params .trainable_params`. One
record may give several nodes: zeros, a convolution, an activation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from solutions.chain import RELU_AS_USUAL
from solutions.oracles.graph import Graph, Node, settings
from solutions.oracles.graph_rules import normal

_ACTIVATIONS = frozenset(
    [
        "relu",
        "relu6",
        "softmax",
        "sigmoid",
        "hard_sigmoid",
        "tanh",
        "elu",
        "selu",
        "gelu",
        "silu",
        "softplus",
        "softsign",
        "leaky_relu",
        "hard_silu",
        "exponential",
        "mish",
    ]
)
_SAME = frozenset({"Identity"})
_MERGES = {
    "Add": "add",
    "Multiply": "multiply",
    "Average": "average",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Subtract": "subtract",
}


def read(layers: Sequence[Any]) -> Graph:
    """The normal form of a model, from `model.layers()`."""
    nodes: dict[str, Node] = {}
    end: dict[str, str] = {}  # a layer's name to the key of its last node
    shapes: dict[str, tuple[Any, ...]] = {}
    for record in layers:
        outputs = record.output_shape
        several = bool(outputs) and isinstance(outputs[0], tuple)
        for index, shape in enumerate(outputs if several else [outputs]):
            shapes[f"{record.name}:{index}" if index else record.name] = shape[1:]
        fed = [end[name] for name in record.inputs]
        into = [shapes[name] for name in record.inputs]
        if several:
            for index, node in enumerate(_parts(record, into[0], fed[0])):
                key = f"{record.name}:{index}" if index else record.name
                nodes[key], end[key] = node, key
            continue
        made = _told_otherwise(record, _nodes(record, into))
        for index, (kind, told, shape) in enumerate(made):
            key = record.name if index == len(made) - 1 else f"{record.name}#{index}"
            nodes[key] = Node(
                record.name, kind, told, tuple(fed), _vector(shape), record.config
            )
            fed = [key]
        end[record.name] = fed[0]
    used = {key for node in nodes.values() for key in node.inputs}
    return normal(Graph(nodes, tuple(key for key in nodes if key not in used)))


def _vector(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return shape[2:] if len(shape) == 3 and shape[:2] == (1, 1) else tuple(shape)


Made = tuple[str, tuple[tuple[str, Any], ...], tuple[Any, ...]]
#: Of what a record gives, these follow its settings; the rest only its activation's.
_OF_THE_LAYER = frozenset(
    [
        *("conv", "dense", "batch_norm", "dropout", "spatial_dropout"),
        *("max_pool", "avg_pool", "global_max", "global_avg"),
    ]
)


def _told_otherwise(record: Any, made: list[Made]) -> list[Made]:
    """The nodes with what makes their layer work in another way than it should."""
    config, words = record.config, []
    if config.get("training"):  # fixed by the call: it trains where a model answers
        words.append("called with training=True")
    if config.get("renorm"):
        words.append("with renorm")
    if config.get("data_format") == "channels_first":
        words.append("channels first")
    if _frozen(record):
        words.append("frozen")
    if not words:
        return made
    return [
        (kind, settings(**dict(told), otherwise=tuple(words)), shape)
        if kind in _OF_THE_LAYER
        else (kind, told, shape)
        for kind, told, shape in made
    ]


def _frozen(record: Any) -> bool:
    """Whether training leaves weights alone that such a layer learns."""
    learned = record.params
    if record.kind == "BatchNormalization":
        vectors = record.config["center"] + record.config["scale"]
        learned = vectors * record.output_shape[_axis(record.config)]
    return bool(record.trainable_params < learned)


def _nodes(record: Any, into: list[tuple[Any, ...]]) -> list[Made]:
    kind, config, shape = record.kind, record.config, record.output_shape[1:]
    first = into[0] if into else ()
    if kind == "InputLayer":
        return [("input", (), shape)]
    if kind in _SAME or (kind == "Dropout" and not config["rate"]):
        return []
    if kind == "Split":  # into one part
        return []
    if kind in ("Conv2D", "DepthwiseConv2D"):
        return [_conv(config, first, shape, kind), *_activation(config, shape)]
    if kind == "SeparableConv2D":
        inner = (*shape[:2], first[-1] * config["depth_multiplier"])
        depth = _conv(config | {"use_bias": False}, first, inner, "DepthwiseConv2D")
        one = config | {"kernel_size": 1, "strides": 1, "dilation_rate": 1}
        point = _conv(one, inner, shape, "Conv2D")
        return [depth, point, *_activation(config, shape)]
    if kind == "Dense":
        return [_dense(config, first), *_activation(config, shape)]
    if kind == "BatchNormalization":
        center, scale = bool(config["center"]), bool(config["scale"])
        axis = _axis(config)
        told = settings(center=center, scale=scale)
        if axis % (len(shape) + 1) != len(shape):
            told = settings(center=center, scale=scale, axis=axis)
        return [("batch_norm", told, shape)]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return [_pool(config, first, shape, kind[:3].lower())]
    if kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        pooled = "global_avg" if "Average" in kind else "global_max"
        return [(pooled, (), (shape[-1],))]
    if kind == "Mean" and len(first) == 3 and _axes(config.get("axis")) == (1, 2):
        return [("global_avg", (), (first[-1],))]
    if kind in ("Flatten", "Reshape"):
        return _reshaped(first, shape)
    if kind in ("Dropout", "SpatialDropout2D"):
        return [_dropout(kind, config, shape)]
    if kind == "ZeroPadding2D":
        return [("zeros", settings(pads=_pads(config["padding"])), shape)]
    factor = _factor(kind, config, into)
    if factor is not None:
        return [("scale", settings(factor=factor), shape)]
    if kind in _MERGES and len(into) > 1:
        return [(_MERGES[kind], (), shape)]
    if kind == "Concatenate":
        last = config.get("axis", -1) in (-1, len(shape))
        return [("concat", () if last else settings(axis=config["axis"]), shape)]
    if kind == "GetItem":
        cut = _cut(config.get("arguments", ""), first)
        if cut:
            return [("slice", settings(start=cut[0], stop=cut[1], step=cut[2]), shape)]
    return _activation_layer(kind, config, shape)


def _axis(config: Any) -> int:
    axis = config["axis"]
    return int(axis[0] if isinstance(axis, tuple) else axis)


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _before(
    into: Any, out: Any, kernel: Any, strides: Any, dilation: Any, padding: str
) -> tuple[Any, ...]:
    """Rows and columns of padding in front; those behind follow from the sizes."""
    found = []
    for n, m, k, s, d in zip(into, out, kernel, strides, dilation, strict=False):
        if padding != "same":
            found.append(0)
        elif n is None or m is None:
            found.append("same")
        else:
            found.append(max((m - 1) * s + (k - 1) * d + 1 - n, 0) // 2)
    return tuple(found)


def _conv(config: Any, into: Any, out: Any, kind: str) -> Made:
    kernel, strides = _pair(config["kernel_size"]), _pair(config["strides"])
    dilation = _pair(config["dilation_rate"])
    filters, groups = config.get("filters"), config.get("groups", 1)
    if kind == "DepthwiseConv2D":
        filters, groups = out[-1], into[-1]
    told = settings(
        filters=filters,
        kernel=kernel,
        strides=strides,
        before=_before(into, out, kernel, strides, dilation, config["padding"]),
        dilation=dilation,
        groups=groups,
        bias=bool(config["use_bias"]),
    )
    return "conv", told, out


def _dense(config: Any, into: Any) -> Made:
    units, bias = config["units"], bool(config["use_bias"])
    if len(into) == 3 and into[:2] != (1, 1):  # on maps it is a 1x1 convolution
        plain = {"filters": units, "kernel_size": 1, "strides": 1, "dilation_rate": 1}
        shape = (*into[:-1], units)
        return _conv(
            plain | {"padding": "valid", "use_bias": bias}, into, shape, "Conv2D"
        )
    return "dense", settings(units=units, bias=bias), (*into[:-1], units)


def _pool(config: Any, into: Any, out: Any, kind: str) -> Made:
    size, strides = _pair(config["pool_size"]), config["strides"]
    strides = size if strides is None else _pair(strides)
    kind = {"ave": "avg"}.get(kind, kind)
    before = _before(into, out, size, strides, (1, 1), config["padding"])
    told = {"size": size, "strides": strides, "before": before}
    if kind == "max" and _padded(into, out, size, strides, before):
        told["fill"] = "-inf"
    return f"{kind}_pool", settings(**told), out


def _padded(into: Any, out: Any, size: Any, strides: Any, before: Any) -> bool:
    ends = zip(into, out, size, strides, before, strict=False)
    return any(
        b == "same" or b > 0 or (m - 1) * s + k - b > n for n, m, k, s, b in ends
    )


def _dropout(kind: str, config: Any, shape: Any) -> Made:
    """With a noise shape units share their fate; "spatial" is that of whole maps."""
    told = {"rate": config["rate"]}
    if kind == "SpatialDropout2D":
        return "spatial_dropout", settings(**told), shape
    noise = config.get("noise_shape") or (None,) * (len(shape) + 1)
    shared = [
        n is not None and n != m for n, m in zip(noise, (None, *shape), strict=True)
    ]
    if shared == [False, True, True, False]:
        return "spatial_dropout", settings(**told), shape
    if any(shared):
        told["noise_shape"] = tuple(noise)
    return "dropout", settings(**told), shape


def _factor(kind: str, config: Any, into: list[Any]) -> float | None:
    """The number that everything is multiplied by, if that is what a layer does."""
    if kind == "Rescaling" and not config["offset"]:
        return config["scale"]
    told = re.fullmatch(r"\[([-+.e\d]+)\]", config.get("arguments", ""))
    alone = kind == "Multiply" and len(into) == 1
    return float(told[1]) if alone and told else None


def _pads(padding: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    rows, columns = _pair(padding)
    return _pair(rows), _pair(columns)


def _axes(axis: Any) -> tuple[int, ...]:
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(a % 4 for a in axes if isinstance(a, int)))


def _reshaped(into: Any, out: Any) -> list[Made]:
    if _vector(into) == _vector(out):
        return []
    if len(out) == 1:
        return [("flatten", (), out)]
    return [("reshape", settings(shape=out), out)]


def _activation(config: Any, shape: Any) -> list[Made]:
    called = config.get("activation") or "linear"
    return [] if called == "linear" else _activation_layer(called, {}, shape)


def _activation_layer(kind: Any, config: Any, shape: Any) -> list[Made]:
    if kind == "Activation":
        return _activation(config, shape)
    if isinstance(kind, dict):  # an activation layer as an argument
        about = ("kind", "name", "trainable", "dtype")
        config, kind = {k: v for k, v in kind.items() if k not in about}, kind["kind"]
        return _activation_layer(kind, config, shape)
    if kind == "ReLU" and config.get("max_value") == 6:
        kind, config = "relu6", {**config, "max_value": None}
    # LeakyReLU, Relu, relu: one spelling.
    name = kind.replace("LU", "lu")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if name not in _ACTIVATIONS:
        return [(kind, _plain(config), shape)]
    told = {
        k: v
        for k, v in config.items()
        if v is not None and v != RELU_AS_USUAL.get(k, None)
    }
    if name == "softmax" and told.get("axis") in (-1, len(shape)):
        told.pop("axis")
    return [(name, _plain(told), shape)]


def _plain(config: Any) -> tuple[tuple[str, Any], ...]:
    """Settings that can be compared, whatever they hold."""
    told = {k: v for k, v in config.items() if "initializer" not in k}
    return settings(**{k: _hashable(v) for k, v in told.items()})


def _hashable(value: Any) -> Any:
    return repr(value) if isinstance(value, dict | list) else value


def _parts(record: Any, into: Any, fed: str) -> list[Node]:
    """The outputs of a layer that has several: of a split, slices."""
    shapes = [shape[1:] for shape in record.output_shape]
    made, start = [], 0
    rank = len(into)
    axis = record.config.get("axis")
    along = record.kind == "Split" and (axis is None or axis in (-1, rank))
    for index, shape in enumerate(shapes):
        told = settings(start=start, stop=start + shape[-1], step=1)
        kind = "slice" if along and shape[:-1] == into[:-1] else f"{record.kind}"
        told = told if kind == "slice" else settings(output=index)
        made.append(Node(record.name, kind, told, (fed,), _vector(shape)))
        start += shape[-1]
    return made


def _cut(arguments: str, into: Any) -> tuple[int, int, int] | None:
    """Start, stop and step of `x[..., start:stop]`, or None for another index."""
    found = re.findall(r"slice\(([^)]*)\)|(Ellipsis)|(-?\d+)", arguments)
    if not found or any(number for _, _, number in found):
        return None
    cuts = [cut for cut, ellipsis, _ in found if not ellipsis]
    if any(cut != "None, None, None" for cut in cuts[:-1]) or not cuts:
        return None
    if len(cuts) < len(into) + 1 and not any(ellipsis for _, ellipsis, _ in found):
        return None
    bounds = [None if p == "None" else int(p) for p in cuts[-1].split(", ")]
    start, stop, step = slice(*bounds).indices(math.prod(into[-1:]))
    return start, stop, step
