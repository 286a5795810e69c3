"""Bytes that are no message, and streams that are no frames."""

from __future__ import annotations

import struct

import msgpack
import numpy as np
from hypothesis import strategies as st

from grader.protocol import (
    CodecError,
    Connection,
    ConnectionLost,
    FrameError,
    Opaque,
    decode,
    encode,
)
from grader.protocol.codec import DTYPES, MAX_DEPTH
from tests.fuzz.harness import fuzz
from tests.grader.test_codec import VALUES, same

#: Heads that announce more than follows: arrays, maps, texts, extensions.
LARGE = (b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9", b"\xdc", b"\xde", b"\xc8\x7f")
COUNTS = st.sampled_from([0, 1, 2, 56, 2**16 - 1, 4_999_999, 2**31, 2**32 - 1])
ANNOUNCED = st.builds(
    lambda heads, count, tail: (heads + struct.pack(">I", count)) + tail,
    st.sampled_from(LARGE),
    COUNTS,
    st.binary(max_size=8),
)
#: Real extension codes round anything, also each other.
WRAPPED = st.recursive(
    st.binary(max_size=12) | ANNOUNCED | VALUES.map(encode),
    lambda inner: st.one_of(
        st.builds(
            lambda code, data: msgpack.packb(msgpack.ExtType(code, data)),
            st.integers(0, 9),
            inner,
        ),
        st.lists(inner, max_size=3).map(
            lambda parts: bytes([0x90 + len(parts)]) + b"".join(parts)
        ),
        st.builds(lambda n, data: b"\x91" * n + data, st.integers(1, 1100), inner),
    ),
    max_leaves=6,
)


def forged(dtype, shape, layout, data):
    """An array as a worker might claim it."""
    return msgpack.packb(
        msgpack.ExtType(1, msgpack.packb([dtype, shape, layout, data]))
    )


SIZES = st.sampled_from([-1, 0, 1, 2, 3, 2**31, 2**39, 2**40, 2**63, True, 1.0, None])
ARRAYS = st.builds(
    forged,
    st.sampled_from([*sorted(DTYPES), "O", "|V8", "<U4", "<M8[s]", "", None, 3]),
    st.lists(SIZES, max_size=33) | st.none(),
    st.sampled_from(["C", "F", "strided", "", None, 5]),
    st.binary(max_size=32) | st.none() | st.text(max_size=3),
)


def accept(data: bytes) -> None:
    """Asserts that `data` is a plain value or is refused."""
    try:
        value = decode(data)
    except CodecError:
        return
    assert_plain_value(value, 0)


def assert_plain_value(value, depth):
    """Asserts that nothing but data came out, and not too deep."""
    assert depth <= MAX_DEPTH
    kind = type(value)
    if kind in (list, tuple):
        for item in value:
            assert_plain_value(item, depth + 1)
    elif kind is dict:
        for key, item in value.items():
            hash(key)
            assert_plain_value(item, depth + 1)
    elif isinstance(value, np.ndarray | np.generic):
        assert value.dtype.str in DTYPES
        assert kind is np.ndarray or kind.__module__ == "numpy"
    else:
        plain = (type(None), bool, int, float, complex, str, bytes, Opaque)
        assert kind in plain, kind


@fuzz("codec: any bytes", cases=350, data=st.binary(max_size=200) | ANNOUNCED)
def test_any_bytes(data):
    accept(data)


@fuzz("codec: any bytes", cases=400, data=WRAPPED)
def test_wrapped(data):
    accept(data)


@fuzz("codec: any bytes", cases=300, data=ARRAYS)
def test_forged_arrays(data):
    accept(data)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["put", "insert", "cut", "drop", "repeat"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=5) | ANNOUNCED,
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits) -> bytes:
    for kind, where, odd in edits:
        at = int(where * len(data))
        if kind == "put":
            data = data[:at] + odd + data[at + len(odd) :]
        elif kind == "insert":
            data = data[:at] + odd + data[at:]
        elif kind == "cut":
            data = data[:at]
        elif kind == "drop":
            data = data[:at] + data[at + len(odd) :]
        else:
            data = data[:at] + data[max(0, at - 16) : at] * len(odd) + data[at:]
    return data


@fuzz("codec: damaged messages", cases=700, value=VALUES, edits=EDITS)
def test_damaged_messages(value, edits):
    accept(edited(encode(value), edits))


@fuzz("codec: round trips", cases=400, value=VALUES)
def test_round_trips(value):
    data = encode(value)
    assert same(decode(data), value)
    assert encode(decode(data)) == data


class Trickle:
    """A socket whose bytes come in pieces of the given sizes, then end."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def settimeout(self, seconds):
        assert seconds is None or seconds > 0

    def recv(self, most):
        size = min(most, self._sizes.pop() if self._sizes else most)
        piece, self._data = self._data[:size], self._data[size:]
        return piece


@fuzz(
    "frames",
    cases=350,
    values=st.lists(VALUES, max_size=3),
    sizes=st.lists(st.integers(1, 40), max_size=30),
    lost=st.integers(0, 12),
)
def test_splits(values, sizes, lost):
    """However a stream is cut into pieces, the same frames come out of it."""
    frames = [encode(value) for value in values]
    stream = b"".join(struct.pack(">Q", len(frame)) + frame for frame in frames)
    kept = stream[: len(stream) - lost]
    connection = Connection(Trickle(kept, sizes), max_bytes=1 << 20)
    came = []
    try:
        while True:
            came.append(connection.receive(5))
    except ConnectionLost:
        pass
    assert came == frames[: len(came)]
    whole = 0
    for frame in frames:
        if len(kept) < (end := whole + 8 + len(frame)):
            break
        whole = end
    assert sum(8 + len(frame) for frame in came) == whole


@fuzz(
    "frames",
    cases=350,
    data=st.lists(
        st.binary(max_size=20)
        | st.integers(0, 2**64 - 1).map(lambda n: struct.pack(">Q", n))
        | st.integers(0, 30).map(lambda n: struct.pack(">Q", n)),
        max_size=5,
    ).map(b"".join),
    sizes=st.lists(st.integers(1, 9), max_size=20),
)
def test_any_stream(data, sizes):
    connection = Connection(Trickle(data, sizes), max_bytes=1 << 20)
    left = len(data)
    try:
        while True:
            came = connection.receive(5)
            left -= 8 + len(came)
            accept(came)
    except (FrameError, ConnectionLost):
        pass
    assert left >= 0
