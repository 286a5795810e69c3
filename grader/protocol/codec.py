"""Plain values and NumPy arrays to bytes and back.

The receiver trusts nothing: an array is rebuilt from a dtype of a fixed list, a
shape whose product must match the bytes, and the bytes. No class name ever
travels, so nothing can be instantiated by a message.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import msgpack
import numpy as np

_ARRAY, _TUPLE, _OPAQUE, _SCALAR, _COMPLEX, _BIG_INT = range(1, 7)

#: Numbers only: no objects, strings, records or dates.
DTYPES = frozenset(
    np.dtype(code).str
    for code in ("?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "F", "D")
)
MAX_DIMS = 32
#: Lists, tuples and dicts inside each other; who works on a value may use recursion.
MAX_DEPTH = 64
#: Values in one message, arrays counted as one: a byte of a message can ask for a
#: list of 56, so its size alone bounds nothing.
MAX_ITEMS = 1_000_000
_MAX_INT_BYTES = 1024


_CONTAINERS = frozenset({list, tuple, dict})


class CodecError(Exception):
    """A value that cannot be sent, or bytes that are not a value."""


@dataclass(frozen=True)
class Opaque:
    """Stands for an object that stays in the worker; only its number travels."""

    number: int
    kind: str = "object"


def encode(value: Any) -> bytes:
    """Returns the bytes of `value`.

    Args:
        value: ``None``, numbers, strings, bytes, lists, tuples, dicts, NumPy
            arrays and scalars of the dtypes in ``DTYPES``, and `Opaque`.

    Raises:
        CodecError: for anything else, with the type's name.
    """
    try:
        return _pack(value, 0)
    except (ValueError, OverflowError, RecursionError) as error:
        raise CodecError(str(error)) from None


def decode(data: bytes) -> Any:
    """Returns the value that `encode` turned into `data`.

    Raises:
        CodecError: if the bytes are not such a value.
    """
    return _Decoder(len(data)).unpack(data, 0)


def _pack(value: Any, depth: int) -> bytes:
    if depth > MAX_DEPTH:
        raise CodecError("nested too deeply")

    def special(item: Any) -> msgpack.ExtType:
        return _pack_special(item, depth)

    packed: bytes = msgpack.packb(value, default=special, strict_types=True)
    return packed


def _pack_special(value: Any, depth: int) -> msgpack.ExtType:
    # Exact types only: a subclass could override what it looks like.
    kind = type(value)
    if kind is tuple:
        return msgpack.ExtType(_TUPLE, _pack(list(value), depth + 1))
    if kind is np.ndarray:
        return msgpack.ExtType(_ARRAY, _pack_array(value))
    if kind is Opaque:
        return msgpack.ExtType(_OPAQUE, _pack([value.number, value.kind], depth + 1))
    if kind is complex:
        return msgpack.ExtType(_COMPLEX, np.complex128(value).tobytes())
    if kind is int:  # msgpack itself takes 64 bits
        size = value.bit_length() // 8 + 1
        if size > _MAX_INT_BYTES:
            raise CodecError("an integer of more than 8192 bits")
        return msgpack.ExtType(_BIG_INT, value.to_bytes(size, "big", signed=True))
    if isinstance(value, np.generic) and value.dtype.str in DTYPES:
        return msgpack.ExtType(
            _SCALAR, _pack([value.dtype.str, value.tobytes()], depth)
        )
    raise CodecError(f"cannot send a {kind.__module__}.{kind.__qualname__}")


def _pack_array(array: np.ndarray[Any, Any]) -> bytes:
    if array.dtype.str not in DTYPES:
        raise CodecError(f"cannot send an array of dtype {array.dtype}")
    layout, order = _layout(array)
    packed: bytes = msgpack.packb(
        [array.dtype.str, list(array.shape), layout, array.tobytes(order=order)]
    )
    return packed


def _layout(array: np.ndarray[Any, Any]) -> tuple[str, Any]:
    if array.flags.c_contiguous:
        return "C", "C"
    if array.flags.f_contiguous:
        return "F", "F"
    return "strided", "C"


class _Decoder:
    """Decodes one message with a bound on what all of it together may ask for."""

    def __init__(self, size: int) -> None:
        self._items_left = MAX_ITEMS
        # Of the containers made so far, by identity; a flat one is not noted.
        self._depths: dict[int, int] = {}
        # Every level of nesting copies what is inside it.
        self._bytes_left = 8 * size + (16 << 20)

    def unpack(self, data: bytes, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CodecError("nested too deeply")

        def special(code: int, payload: bytes) -> Any:
            return self._special(code, payload, depth + 1)

        return self._msgpack(data, special)

    def _plain(self, data: bytes) -> Any:
        """Like `unpack`, but with no tuples, arrays or handles inside."""

        def special(code: int, payload: bytes) -> NoReturn:
            _malformed("message")

        return self._msgpack(data, special)

    def _msgpack(self, data: bytes, special: Any) -> Any:
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise CodecError("nested too deeply")
        try:
            return msgpack.unpackb(
                data,
                ext_hook=special,
                list_hook=self._counted,
                object_hook=self._counted,
                strict_map_key=False,
                timestamp=1,  # as a number: a date is no plain value
                max_array_len=MAX_ITEMS,
                max_map_len=MAX_ITEMS,
            )
        except CodecError:
            raise
        except Exception as error:
            # msgpack raises many kinds for malformed bytes; all mean the same here.
            raise CodecError(f"not a message: {type(error).__name__}") from None

    def _counted(self, items: Any) -> Any:
        self._items_left -= len(items) + 1
        if self._items_left < 0:
            raise CodecError(f"more than {MAX_ITEMS} values in one message")
        self._nested(items, items.values() if type(items) is dict else items)
        return items

    def _nested(self, container: Any, items: Any) -> None:
        """Notes how deep `container` is, with `items` inside it."""
        if _CONTAINERS.isdisjoint(map(type, items)):
            # One that is gone may have had the same identity.
            self._depths.pop(id(container), None)
            return
        depth = 1 + max(self._depths.get(id(item), 1) for item in items)
        if depth > MAX_DEPTH:
            raise CodecError("nested too deeply")
        self._depths[id(container)] = depth

    def _special(self, code: int, payload: bytes, depth: int) -> Any:
        if code == _ARRAY:
            return _array(self._plain(payload))
        if code == _TUPLE:
            items = self.unpack(payload, depth)
            if not isinstance(items, list):
                _malformed("tuple")
            made = tuple(items)
            self._nested(made, made)
            return made
        if code == _OPAQUE:
            parts = self._plain(payload)
            if not (
                isinstance(parts, list)
                and [type(part) for part in parts] == [int, str]
                and len(parts[1]) < 200
            ):
                _malformed("handle")
            return Opaque(parts[0], parts[1])
        if code == _SCALAR:
            parts = self._plain(payload)
            if not (isinstance(parts, list) and len(parts) == 2):
                _malformed("scalar")
            return _from_bytes(parts[0], [], parts[1])[()]
        if code == _COMPLEX:
            return complex(_from_bytes(np.dtype("D").str, [], payload)[()])
        if code == _BIG_INT:
            if len(payload) > _MAX_INT_BYTES:
                _malformed("integer")
            return int.from_bytes(payload, "big", signed=True)
        raise CodecError(f"unknown extension type {code}")


def _array(parts: Any) -> np.ndarray[Any, Any]:
    if not (isinstance(parts, list) and len(parts) == 4):
        _malformed("array")
    dtype, shape, layout, data = parts
    if layout == "F":
        return _from_bytes(dtype, shape, data, "F")
    array = _from_bytes(dtype, shape, data)
    if layout != "strided" or array.ndim == 0:
        return array
    # A view that is contiguous in no order, as the sender's array was.
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1] + 1), array.dtype)
    view: np.ndarray[Any, Any] = wide[..., 1::2]
    view[...] = array
    return view


def _from_bytes(
    dtype: Any, shape: Any, data: Any, order: Any = "C"
) -> np.ndarray[Any, Any]:
    if not (isinstance(dtype, str) and dtype in DTYPES):
        raise CodecError("an array of a dtype that is not a number")
    if not (
        isinstance(shape, list)
        and len(shape) <= MAX_DIMS
        and all(type(size) is int and 0 <= size < 2**40 for size in shape)
        and isinstance(data, bytes)
    ):
        _malformed("array")
    if math.prod(shape) * np.dtype(dtype).itemsize != len(data):
        raise CodecError("an array whose shape does not match its data")
    flat = np.frombuffer(data, dtype)
    if dtype == "|b1" and len(flat) and flat.view(np.uint8).max() > 1:
        _malformed("boolean array")
    return flat.reshape(shape, order=order).copy(order=order)


def _malformed(what: str) -> NoReturn:
    raise CodecError(f"a malformed {what}")
