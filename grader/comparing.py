"""Whether two answers did the same: calls, results, dtypes, errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.errors import StudentError, StudentFault
from grader.handle import Handle
from grader.session import Call

_TOLERANCE = 1e-4
#: What tests forgive, relative to the largest number.
_ROUNDING = {"float64": 1e-10, "float32": 3e-5}
Equal = Callable[[Any, Any], bool]


def ends_in_an_error(log: Sequence[Call]) -> bool:
    """Whether an error is what a test failed with, as far as its calls tell."""
    return bool(log) and log[-1].error is not None


def sets_weights(call: Call) -> bool:
    """Whether a layer or model was given its weights."""
    return call.message.get("operation") == "set_weights"


def tells(call: Call) -> bool:
    """Whether something came back that can be compared."""
    return call.error is None and not isinstance(call.result, Handle)


def same_text(one: Call, other: Call) -> bool:
    """Whether two errors say the same, whatever the numbers in it."""
    return _text(one.error) == _text(other.error)


def _text(error: StudentFault | None) -> str:
    return re.sub(r"\d+", "0", getattr(error, "message", ""))


def same_call(one: Call, other: Call, equal: Equal) -> bool:
    """Whether two calls came to the same, values by `equal`."""
    if one.error is not None or other.error is not None:
        return (
            isinstance(one.error, StudentError)
            and isinstance(other.error, StudentError)
            and one.error.type_name == other.error.type_name
            and one.error.type_name != "NotImplementedError"
        )
    if one.message.get("operation") == "blueprint":
        return _same_model(one.result, other.result)
    if one.message.get("operation") == "save":  # a file has its date in it
        return all(_is_tuple(r, 3) for r in (one.result, other.result)) and equal(
            one.result[0], other.result[0]
        )
    if one.message["op"] != "call":
        return equal(one.result, other.result)
    both = all(_is_tuple(r, 2) for r in (one.result, other.result))
    if one.message.get("inputs_back") and both:
        results, inputs = zip(one.result, other.result, strict=True)
        return _same_values(*results, equal) and _same_values(*inputs, equal)
    return _same_values(one.result, other.result, equal)


def _same_model(one: Any, other: Any) -> bool:
    """Compares what the workers tell of two models: enough for a hint."""
    told = [r.get("summary") if isinstance(r, dict) else None for r in (one, other)]
    return bool(told[0]) and same(*told)


def _is_tuple(result: Any, length: int) -> bool:
    return isinstance(result, tuple) and len(result) == length


def _same_values(one: Any, other: Any, equal: Equal) -> bool:
    """As `equal`, save for what an answer keeps for a later one, e.g. a cache.

    In ``(out, cache)`` the form of the cache is the student's own affair.
    """
    parts = [isinstance(r, list | tuple) and len(r) > 1 for r in (one, other)]
    if not all(parts) or len(one) != len(other):
        return equal(one, other)
    if not (_is_value(one[0]) and _is_value(other[0])):
        return equal(one, other)
    pairs = zip(one, other, strict=True)
    return all(equal(a, b) for a, b in pairs if _is_value(a) and _is_value(b))


def _is_value(part: Any) -> bool:
    return isinstance(part, np.ndarray | np.generic | int | float | complex)


def same(one: Any, other: Any) -> bool:
    """True if two results are equal up to rounding; opaque objects count as equal."""
    return _same(one, other, lambda a, b: _close(a, b, _TOLERANCE))


def exactly(one: Any, other: Any) -> bool:
    """As `same`, with no more rounding than tests forgive."""
    return _same(one, other, lambda a, b: _close(a, b, max(_rounding(a), _rounding(b))))


def same_dtype(one: Any, other: Any) -> bool:
    """True for results of the same form whose numbers have the same dtypes."""
    return _same(one, other, lambda a, b: a.dtype == b.dtype)


def _same(
    one: Any, other: Any, arrays: Callable[[np.ndarray, np.ndarray], bool]
) -> bool:
    if isinstance(one, Handle) or isinstance(other, Handle):
        return isinstance(one, Handle) and isinstance(other, Handle)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(
            _same(a, b, arrays) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _same(one[k], other[k], arrays) for k in one
        )
    if one is None or isinstance(one, str | bytes):
        return type(one) is type(other) and bool(one == other)
    try:
        a, b = np.asarray(one), np.asarray(other)
        return a.shape == b.shape and arrays(a, b)
    except (TypeError, ValueError):
        return False


def _rounding(array: np.ndarray) -> float:
    return _ROUNDING.get(array.dtype.name, 0.0)


def _close(a: np.ndarray, b: np.ndarray, error: float) -> bool:
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return bool(np.array_equal(a, b))  # a count is right or wrong by one
    scale = float(np.max(np.abs(b), initial=0.0)) if np.isfinite(b).all() else 1.0
    return bool(np.allclose(a, b, rtol=error, atol=error * scale, equal_nan=True))
