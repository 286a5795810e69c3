"""Calls and failures in the student's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.errors import (
    NotAllowed,
    StudentCrash,
    StudentError,
    StudentTimeout,
)
from grader.handle import Handle
from grader.printable import printable
from grader.results import NOT_ANSWERED, Outcome
from grader.session import Call, Ref

#: What a test makes for itself, or asks of a model in order to look at it.
_GIVEN = ("layer", "model", "copy", "blueprint", "layers", "shapes", "count_params")
#: What a test hands in, and what it is called in a report.
_HANDED_IN = {"affine_map": "f", "generator": "rng"}
_SMALL = 12


def describe_calls(log: Sequence[Call]) -> str:
    """Returns the calls that led to a failure, the last ones, one a line."""
    lines = [
        describe_call(call, log)
        for call in log
        if call.message.get("operation", call.message["op"]) not in _GIVEN
    ]
    return printable("\n".join(lines[-3:]))


def describe_call(call: Call, log: Sequence[Call]) -> str:
    """Returns one call, e.g. ``im2col(float64 array (2, 7, 5, 3), (3, 3), pad=1)``."""
    message = call.message
    if message["op"] in _HANDED_IN:
        return f"{_name_of(call, log)} = {_made(message, log)}"
    args = [_value(item, log) for item in message["args"]]
    args += [f"{key}={_value(item, log)}" for key, item in message["kwargs"].items()]
    name = str(message["name"])
    if message["op"] == "as_model":
        args[0] = f"keras.Input({args[0]})"
    if message["op"] == "load":
        name, args = "load_model", args[2:]
    if message["op"] == "operate":
        args = args[1:]
        operation = message["operation"]
        name = "layer" if operation == "call" else f"layer.{operation}"
    return f"{name}({', '.join(args)})"


def _name_of(call: Call, log: Sequence[Call]) -> str:
    """``rng``, or ``f1`` and ``f2`` where a test handed in several."""
    kind = call.message["op"]
    alike = [other for other in log if other.message["op"] == kind]
    number = [other is call for other in alike].index(True) + 1
    return _HANDED_IN[kind] + (str(number) if len(alike) > 1 else "")


def _made(message: Mapping[str, Any], log: Sequence[Call]) -> str:
    """What a test handed in, as one would write it."""
    if message["op"] == "generator":
        return f"np.random.default_rng({message['args'][0]})"
    matrix, bias, shape, *bend = (_value(item, log) for item in message["args"])
    values = f"{matrix} @ x.ravel() + {bias}"
    if bend:
        values = f"np.maximum({values}, 0)"
    return f"lambda x: ({values}).reshape({shape})"


def _value(value: Any, log: Sequence[Call]) -> str:
    if isinstance(value, Ref):
        source = log[value.call].message
        if source["op"] in _HANDED_IN:
            return _name_of(log[value.call], log)
        name = source.get("name") or "an earlier call"
        index = "".join(f"[{part!r}]" for part in value.path)
        return f"<{name}'s result{index}>"
    if isinstance(value, Handle):
        return repr(value)
    if isinstance(value, np.ndarray):
        if value.size <= _SMALL and value.ndim <= 2:
            return np.array2string(value, separator=", ", precision=4).replace("\n", "")
        return f"{value.dtype} array {value.shape}"
    if isinstance(value, list | tuple):
        inner = ", ".join(_value(item, log) for item in value[:6])
        inner += ", …" if len(value) > 6 else ""
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def describe_failure(error: BaseException, log: Sequence[Call]) -> tuple[Outcome, str]:
    """Returns the outcome and the message for an exception that ended a test.

    An exception that is neither an assertion nor the student's, after a student call
    returned, means that the test could not use what came back.
    """
    if isinstance(error, StudentTimeout):
        return Outcome.TIMEOUT, f"{error}: is there an endless or very slow loop?"
    if isinstance(error, StudentCrash):
        return Outcome.CRASHED, str(error)
    if isinstance(error, NotAllowed):
        return Outcome.FAILED, str(error)
    if isinstance(error, StudentError):
        return Outcome.ERROR, _raised(error)
    if isinstance(error, AssertionError):
        return Outcome.FAILED, str(error) or "the result is not as asked for"
    name = log[-1].message.get("name", "the function") if log else "the function"
    came_back = _kind(log[-1].result) if log else "nothing"
    if log and log[-1].result is None and log[-1].message["op"] == "call":
        return Outcome.FAILED, f"{name} returned None: is a `return` missing?"
    return Outcome.FAILED, (
        f"{name} returned {came_back}, which is not what was asked for "
        f"({type(error).__name__}: {error})"
    )


def _raised(error: StudentError) -> str:
    if error.type_name == "NotImplementedError":
        return NOT_ANSWERED
    lines = [str(error)]
    for cell, line, source in error.where[-2:]:
        lines.append(
            f"  {cell}, line {line}: {source}" if source else f"  {cell}, line {line}"
        )
    return "\n".join(lines)


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
