"""Keras models as data: described, rebuilt from their description, and opened up."""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

_NOT_TOLD = frozenset({"name", "trainable", "dtype", "build_config"})
#: What a summary tells of a layer: what makes it compute something else.
_TELLING = (
    *("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups"),
    *("depth_multiplier", "pool_size", "units", "use_bias", "rate", "axis", "epsilon"),
    *("momentum", "target_shape", "center", "scale"),
)
#: Keras's names for TensorFlow's functions whose own names it does not know.
_OF_TENSORFLOW = {
    "exp": "exponential",
    "identity": "linear",
    "log_softmax_v2": "log_softmax",
    "softmax_v2": "softmax",
    "swish": "silu",
}
_ACTIVATION_LAYERS = ("Activation", "ReLU", "Relu", "Softmax", "Sigmoid", "Tanh")


def _keras() -> Any:
    return importlib.import_module("keras")


#: By id; one that has gone has no entry, so that its id can be another's.
_without_weights: WeakValueDictionary[int, Any] = WeakValueDictionary()


def from_function(function: Callable[..., Any], shape: Any, kwargs: Any) -> Any:
    """Returns the model ``x -> function(x, **kwargs)`` for inputs ``(N, *shape)``."""
    keras = _keras()
    inputs = keras.Input(tuple(shape), name="input")
    return keras.Model(inputs, function(inputs, **kwargs))


def from_rows(shape: Sequence[Any], rows: Sequence[Sequence[Any]], seed: int) -> Any:
    """Returns a functional model with random weights.

    Args:
        shape: of the input, without the batch.
        rows: ``(kind, config)``, fed by the row before, or ``(name, kind, config,
            inputs)``; the input's name is ``"input"``; the last row is the output.
        seed: of the weights.
    """
    keras = _keras()
    tensors = {"input": keras.Input(tuple(shape), name="input")}
    last = "input"
    for row in rows:
        name, kind, config, inputs = row if len(row) == 4 else (None, *row, [last])
        config = {key: _listed(value) for key, value in config.items()}
        if name:
            config["name"] = name
        layer = getattr(keras.layers, kind)(**config)
        fed = [tensors[source] for source in inputs]
        last = layer.name
        tensors[last] = layer(fed if len(fed) > 1 else fed[0])
    model = keras.Model(tensors["input"], tensors[last])
    _draw_weights(model, np.random.default_rng(seed))
    return model


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _draw_weights(model: Any, rng: np.random.Generator) -> None:
    """Random everywhere: a zero bias or a unit variance would hide mistakes."""
    for weight in model.weights:
        role = weight.path.rsplit("/", 1)[-1]
        shape = tuple(weight.shape)
        noise = rng.standard_normal(shape)
        if role == "gamma":
            noise = 1 + 0.2 * noise
        elif role == "moving_variance":
            noise = rng.uniform(0.5, 1.5, shape)
        elif "kernel" in role:
            noise *= np.sqrt(2 / max(1, np.prod(shape[:-1])))
        elif noise.dtype.kind == "f" and "seed" not in role:
            noise *= 0.2
        if weight.dtype.startswith("float"):
            weight.assign(noise)


def from_blueprint(text: str, weights: Sequence[Any] | None = None) -> Any:
    """Returns the model that `blueprint` described, with `weights` if given.

    Otherwise it gets weights when `draw_weights` is called: those of VGG-16 take
    seconds, and most models are only looked at.
    """
    keras = _keras()
    if weights is None:
        scope = keras.StatelessScope(initialize_variables=False)
    else:
        scope = contextlib.nullcontext()
    with scope:
        model = keras.models.model_from_json(text)
    if _has_graph(model):
        _functional(model)  # or it says that it is not built
    if weights is not None:
        model.set_weights(list(weights))
    else:
        # Keras would draw the weights of all of these at the next occasion.
        state = importlib.import_module("keras.src.backend.common.global_state")
        state.set_global_attribute("uninitialized_variables", [])
        _without_weights[id(model)] = model
    return model


def draw_weights(model: Any) -> None:
    """Gives a rebuilt model the weights that it was built without, if it was."""
    if _without_weights.pop(id(model), None) is not None:
        for variable in model.variables:
            if variable._value is None:
                variable._deferred_initialize()


def blueprint(model: Any) -> dict[str, Any]:
    """Returns the configuration of `model`, and a summary to know it again by."""
    if not hasattr(model, "to_json"):
        kind = type(model).__name__
        raise TypeError(f"a Keras model is wanted, and this is a {kind}")
    told = model.to_json()
    if isinstance(told, str):  # else it is refused where it arrives
        told = json.dumps(_as_built(json.loads(told)))
    return {"config": told, "summary": _summary(model)}


def _as_built(item: Any) -> Any:
    """A configuration without what a model was compiled for.

    That says nothing of what it computes, and names optimisers and losses. An
    activation such as ``tf.nn.softmax`` gets the name that Keras has for it.
    """
    if isinstance(item, list):
        return [_as_built(part) for part in item]
    if not isinstance(item, dict):
        return item
    if item.get("class_name") == "function" and item.get("module") == "builtins":
        name = str(item.get("config"))
        if name in _OF_TENSORFLOW:
            return _OF_TENSORFLOW[name]
        if not hasattr(_keras().activations, name):
            raise _of_your_own(name)
    activation = item.get("activation")
    if isinstance(activation, dict) and "class_name" not in activation:
        raise _of_your_own("a lambda")  # of which Keras keeps the code
    return {k: _as_built(v) for k, v in item.items() if k != "compile_config"}


def _of_your_own(name: str) -> TypeError:
    return TypeError(
        f"{name} is a function of your own in the model: use Keras's, by its name "
        'such as "tanh" or as a layer'
    )


def _summary(model: Any) -> list[str]:
    """Lines that are the same for models that compute the same, however written.

    Those of a chain are in its order; branches may be written in any.
    """
    try:
        nodes = list(_nodes(_flat(model)))
    except Exception:  # a model without a graph, or not yet built
        return []
    lines = []
    for node in nodes:
        config = _config(node.operation)
        kind = type(node.operation).__name__
        shape = _shape(node.outputs[0])
        told = {k: config[k] for k in _TELLING if config.get(k) is not None}
        told |= _plain_arguments(node)
        told |= {} if getattr(node.operation, "trainable", True) else {"frozen": True}
        if kind in _ACTIVATION_LAYERS:
            called = config.get("activation") or kind
            lines.append(f"{called} {shape}".lower())
            continue
        lines.append(f"{kind} {shape} {told}")
        if config.get("activation") not in (None, "linear"):
            lines.append(f"{config['activation']} {shape}".lower())
    return lines if _is_chain(nodes) else sorted(lines)


def _is_chain(nodes: Sequence[Any]) -> bool:
    """Whether each call is fed by the one before it, and by nothing else."""
    return all(
        [id(t) for t in node.arguments.keras_tensors] == [id(before.outputs[0])]
        for before, node in pairwise(nodes)
    )


def layers(model: Any) -> list[dict[str, Any]]:
    """Returns one record for each call of a layer, nested models opened up."""
    flat = _flat(model)
    names: dict[int, str] = {}
    records: list[dict[str, Any]] = []
    for node in _nodes(flat):
        operation = node.operation
        name = _unused(operation.name, {record["name"] for record in records})
        for index, tensor in enumerate(node.outputs):
            names[id(tensor)] = f"{name}:{index}" if index else name
        weights = list(getattr(operation, "weights", []))
        trainable = getattr(operation, "trainable_weights", [])
        outputs = [_shape(tensor) for tensor in node.outputs]
        records.append(
            {
                "name": name,
                "kind": type(operation).__name__,
                "config": _config(operation) | _plain_arguments(node),
                "inputs": tuple(names[id(t)] for t in node.arguments.keras_tensors),
                "output_shape": outputs[0] if len(outputs) == 1 else tuple(outputs),
                "params": sum(int(np.prod(w.shape)) for w in weights),
                "trainable_params": sum(int(np.prod(w.shape)) for w in trainable),
                "weight_shapes": tuple(tuple(w.shape) for w in weights),
            }
        )
    return records


def count_params(model: Any) -> tuple[int, int]:
    """Returns the numbers of trainable and of other parameters."""
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    other = sum(int(np.prod(w.shape)) for w in model.non_trainable_weights)
    return trainable, other


def shapes(model: Any) -> tuple[Any, Any]:
    """Returns the shapes of the input and of the output, None for the batch.

    Of a model that returns a dict, the output's stand with their names.
    """
    graph = _functional(model)
    outputs: tuple[Any, ...]
    inputs, outputs = (
        _shape(part[0]) if len(part) == 1 else tuple(map(_shape, part))
        for part in (graph.inputs, graph.outputs)
    )
    named = getattr(graph, "_outputs_struct", None)
    if isinstance(named, dict):
        outputs = tuple((str(name), _shape(t)) for name, t in named.items())
    return inputs, outputs


def activations(model: Any, x: Any, names: Sequence[str], training: bool) -> list[Any]:
    """Returns the outputs of the named layers (names as in `layers`) for `x`."""
    flat = _flat(model)
    known = {}
    for node, record in zip(_nodes(flat), layers(flat), strict=True):
        known[record["name"]] = node.outputs[0]
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(f"no layer {missing[0]!r} among {', '.join(known)}")
    probe = _keras().Model(flat.inputs, [known[name] for name in names])
    return [np.asarray(out) for out in probe(x, training=training)]


def _flat(model: Any) -> Any:
    """Returns `model` with the models inside it opened up; the weights are shared."""
    functional = _functional(model)
    if not any(_has_graph(node.operation) for node in _nodes(functional)):
        return functional
    keras = _keras()
    inputs = [keras.Input(batch_shape=t.shape, dtype=t.dtype) for t in model.inputs]
    outputs = _run(functional, inputs)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0])


def _run(functional: Any, inputs: Sequence[Any], fixed: bool = False) -> list[Any]:
    """Calls everything in `functional` anew on `inputs`, inner models part by part.

    Args:
        fixed: whether the model around it calls it with ``training=True``.
    """
    found = {id(t): new for t, new in zip(functional.inputs, inputs, strict=True)}
    for node in _nodes(functional):
        if node.is_input:
            continue
        if _has_graph(node.operation):
            fed = [found[id(tensor)] for tensor in node.arguments.keras_tensors]
            given = fixed or _fixed(node)
            outputs = _run(_functional(node.operation), fed, given)
        else:
            args, kwargs = node.arguments.fill_in(_Table(found))
            if fixed and getattr(node.operation, "_call_has_training_arg", False):
                kwargs["training"] = True
            made = node.operation(*args, **kwargs)
            outputs = list(made) if isinstance(made, list | tuple) else [made]
        found |= {id(t): new for t, new in zip(node.outputs, outputs, strict=True)}
    return [found[id(tensor)] for tensor in functional.outputs]


class _Table:
    """What Keras asks for the value of a tensor when it fills in a call."""

    def __init__(self, found: dict[int, Any]) -> None:
        self._found = found

    def get(self, number: int, default: Any = None) -> Any:
        return self._found.get(number, default)

    def __getitem__(self, number: int) -> Any:
        return self._found[number]


def _has_graph(operation: Any) -> bool:
    return hasattr(operation, "_nodes_by_depth") or hasattr(operation, "_functional")


def _functional(model: Any) -> Any:
    """The graph of a functional or sequential model."""
    graph = getattr(model, "_functional", None) or model
    if not hasattr(graph, "_nodes_by_depth"):
        raise ValueError(
            "the model is not built: begin with keras.Input, or give input_shape"
        )
    return graph


def _nodes(functional: Any) -> Iterator[Any]:
    """The calls in a graph, each after those that feed it."""
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        yield from functional._nodes_by_depth[depth]


def _shape(tensor: Any) -> tuple[Any, ...]:
    return tuple(tensor.shape)


def _unused(name: str, taken: set[str]) -> str:
    """A layer that is called again gets ``name@2``."""
    count, found = 1, name
    while found in taken:
        count += 1
        found = f"{name}@{count}"
    return found


def _config(operation: Any) -> dict[str, Any]:
    config = operation.get_config()
    return {k: _plain(v) for k, v in config.items() if k not in _NOT_TOLD}


def _plain(value: Any) -> Any:
    """Settings as plain values; an initialiser as ``{"kind": "HeNormal", …}``."""
    if isinstance(value, dict):
        if "class_name" in value:
            inner = value.get("config")
            if not isinstance(inner, dict):
                return _plain(inner)
            return {"kind": value["class_name"], **_plain(inner)}
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return repr(value)


def _plain_arguments(node: Any) -> dict[str, Any]:
    """What a call was given beside tensors, e.g. the slice of ``x[..., :3]``.

    ``training=True`` as well: so called, a layer drops units whenever the model is
    not told otherwise. False is what Keras itself notes for some layers.
    """
    tensors = {id(tensor) for tensor in node.arguments.keras_tensors}
    told = [a for a in node.arguments.args if not _holds(a, tensors)]
    given: dict[str, Any] = {"arguments": repr(told)} if told else {}
    return given | {"training": True} if _fixed(node) else given


def _fixed(node: Any) -> bool:
    return node.arguments.kwargs.get("training") is True


def _holds(argument: Any, tensors: set[int]) -> bool:
    if isinstance(argument, list | tuple):
        return any(_holds(item, tensors) for item in argument)
    return id(argument) in tensors


#: For these a model's weights need no values.
WITHOUT_WEIGHTS = frozenset({"blueprint", "count_params", "layers", "shapes"})
OPERATIONS = {
    "blueprint": blueprint,
    "layers": layers,
    "count_params": count_params,
    "shapes": shapes,
    "activations": activations,
}
