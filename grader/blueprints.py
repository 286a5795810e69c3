"""Descriptions of Keras models that come from a student's worker.

A model says nothing about itself that counts: its configuration is checked here, and
rebuilt and measured in a process that never ran student code.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from grader.errors import NotAllowed, StudentError

_MAX_TEXT = 8_000_000
#: Where the parts of a model may come from.
_MODULES = (
    "keras.layers",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.ops",
    "keras.src.ops",
    "keras.src.activations",
    "keras.src.models",
)
_PACKAGES = tuple(f"{module}." for module in _MODULES)
_KERAS = frozenset({"DTypePolicy", "Functional", "Model", "Sequential"})
#: Marks of the format itself, which name no class.
_MARKS = frozenset({"__keras_tensor__", "__tensor__", "__ellipsis__", "__slice__"})
#: These would run code, or load it from elsewhere.
_REFUSED = frozenset(
    {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
)

_MAKERS = frozenset({"serialize", "deserialize", "get"})


@dataclass(frozen=True)
class Layer:
    """One call of a layer or operation in a model.

    Attributes:
        name: unique in the model.
        kind: the class, e.g. ``"Conv2D"``; of an operation, e.g. ``"Add"``.
        config: its settings as plain values; initialisers and the like as
            ``{"kind": "HeNormal", ...}``.
        inputs: the names of what feeds it, in order; ``"split:1"`` is the second
            output of ``split``.
        output_shape: None for the batch.
        params: its weights' elements; of a shared layer, told at each call.
        trainable_params: those that training changes.
        weight_shapes: in Keras's order.
    """

    name: str
    kind: str
    config: dict[str, Any]
    inputs: tuple[str, ...]
    output_shape: tuple[Any, ...]
    params: int
    trainable_params: int
    weight_shapes: tuple[tuple[int, ...], ...]


def checked(reply: Any, forbid: Collection[str] = ()) -> str:
    """Returns the configuration in a worker's description of a model.

    Args:
        reply: what the worker sent.
        forbid: dotted names of layers that may not be in it.

    Raises:
        StudentError: if it is none, or holds what is not Keras's own.
    """
    text = reply.get("config") if isinstance(reply, dict) else None
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise _refusal("what the model says of itself is not a configuration")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        raise _refusal("the model's configuration is not JSON") from None
    if not (isinstance(config, dict) and isinstance(config.get("module"), str)):
        raise _refusal("the model's configuration names no model")
    refused = {name.rpartition(".")[2] for name in forbid}
    for part in _parts(config):
        _check(part)
        if part["class_name"] in refused:
            raise NotAllowed(f"{part['class_name']} is not allowed in this model")
    return text


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in `config` that names a class; without recursion."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "class_name" in item or "module" in item or "registered_name" in item:
                yield item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _check(part: dict[str, Any]) -> None:
    name, module = part.get("class_name"), part.get("module")
    if not isinstance(name, str) or name in _REFUSED:
        raise _refusal(
            f"{name} is not accepted in a model that is graded: use layers that need "
            "no code of your own"
        )
    if name in _MARKS and module is None:
        return
    if name.startswith("__"):
        raise _refusal(f"{name} is no layer")
    if module == "keras" and name in _KERAS:
        return
    if name == "function":
        return _check_function(part)
    if not isinstance(module, str) or not f"{module}.".startswith(_PACKAGES):
        raise _refusal(
            f"{name} is not one of Keras's own layers: build the model from "
            "keras.layers, with keras.Sequential or keras.Model(inputs, outputs)"
        )
    if part.get("registered_name") not in (None, name):
        raise _refusal(f"{part.get('registered_name')} stands for Keras's {name}")


def _check_function(part: dict[str, Any]) -> None:
    """A function of Keras's computes; a class, or what would make one, does not."""
    name, module = part.get("config"), part.get("module")
    own = isinstance(module, str) and f"{module}.".startswith((*_PACKAGES, "builtins."))
    if not (own and isinstance(name, str) and name.islower()) or name in _MAKERS:
        raise _refusal(f"{name} is not one of Keras's own functions")
    if part.get("registered_name") not in (None, "function", part.get("config")):
        raise _refusal("a function of your own is part of the model")


def _refusal(message: str) -> StudentError:
    return StudentError("TypeError", message, [])
