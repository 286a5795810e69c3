"""Results made portable: plain values travel, everything else stays and is numbered."""

from __future__ import annotations

import contextlib
import hashlib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from grader.protocol import CodecError, Opaque, encode
from grader.protocol.codec import DTYPES

_MAX_DEPTH = 32
#: Codes of floats that do not travel, and those of the next shorter ones.
_LONGER = {"g": "d", "G": "D"}
#: What an array of objects may hold, such as ``np.frompyfunc`` returns.
_NUMBERS = frozenset({bool, int, float, np.float32, np.float64, np.int64, np.bool_})
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


_CONTAINERS = (tuple, list, dict)


class Objects:
    """The objects that stay in the worker, by number.

    What an answer keeps for a later call, such as the state of an optimiser, may be a
    namedtuple or a dict with attributes. It travels as a plain tuple or dict, whose
    parts tests may read; if it comes back unchanged, the answer gets its own again.
    """

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._count = 0
        self._plainer: dict[bytes, Any] = {}  # by the digest of what travelled

    def forget(self) -> None:
        """Lets go of all of them; their numbers are not given again."""
        self._objects.clear()
        self._plainer.clear()

    def resolve(self, value: Any) -> Any:
        """Replaces each `Opaque` in `value` by the object it stands for."""
        kind = type(value)
        if kind is Opaque:
            return self._objects[value.number]
        if kind in _CONTAINERS and self._plainer:
            own = self._plainer.get(_digest(value))
            if own is not None:
                return own
        if kind is list:
            return [self.resolve(item) for item in value]
        if kind is tuple:
            return tuple(self.resolve(item) for item in value)
        if kind is dict:
            return {key: self.resolve(item) for key, item in value.items()}
        return value

    def portable(self, value: Any, depth: int = 0) -> Any:
        """Returns `value` in types that the codec sends."""
        kind = type(value)
        if depth > _MAX_DEPTH:
            return self._keep(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        if _is_tensor(value):
            return self._array(np.asarray(value))
        if isinstance(value, _CONTAINERS):
            plain = self._container(value, depth)
            if kind not in _CONTAINERS and type(plain) in _CONTAINERS:
                with contextlib.suppress(CodecError):  # what cannot travel
                    self._plainer[_digest(plain)] = value
            return plain
        if isinstance(value, Fraction | Decimal):
            whole, parts = value.as_integer_ratio()
            return whole if parts == 1 else float(value)
        for plain in (bool, int, float, str):
            if isinstance(value, plain):
                return plain(value)
        return self._keep(value)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, tuple):
            return tuple(self.portable(item, depth + 1) for item in tuple(value))
        if isinstance(value, list):
            return [self.portable(item, depth + 1) for item in list(value)]
        if all(type(key) in _PLAIN for key in value):
            return {k: self.portable(v, depth + 1) for k, v in dict(value).items()}
        return self._keep(value)

    def _array(self, value: Any) -> Any:
        array = np.asarray(value)  # subclasses, matrices and masked arrays too
        if array.dtype.str not in DTYPES:
            if array.dtype.char in _LONGER:
                return array.astype(_LONGER[array.dtype.char])[()]
            if array.dtype.kind == "O" and all(type(n) in _NUMBERS for n in array.flat):
                numbers = np.array(array.tolist()).reshape(array.shape)
                return numbers if numbers.dtype.str in DTYPES else self._keep(value)
            if array.dtype.kind not in "OSUMm" and array.dtype.kind == "V":
                try:  # bfloat16 and other small floats of ml_dtypes
                    return array.astype(np.float32)
                except (TypeError, ValueError):
                    return self._keep(value)
            swapped = array.dtype.newbyteorder("=")
            if swapped.str not in DTYPES:
                return self._keep(value)
            array = array.astype(swapped)
        return array[()] if isinstance(value, np.generic) else array

    def _keep(self, value: Any) -> Opaque:
        self._count += 1
        self._objects[self._count] = value
        kind = type(value)
        return Opaque(self._count, f"{kind.__module__}.{kind.__qualname__}"[:150])


def _digest(plain: Any) -> bytes:
    """Tells one value that travels from another."""
    return hashlib.sha256(encode(plain)).digest()


def _is_tensor(value: Any) -> bool:
    """True for TensorFlow tensors and Keras variables that hold numbers."""
    root = type(value).__module__.split(".")[0]
    return (
        root in {"tensorflow", "keras"}
        and hasattr(value, "numpy")
        and hasattr(value, "shape")
        and hasattr(value, "dtype")
    )
