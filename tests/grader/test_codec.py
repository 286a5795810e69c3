"""What travels between the grader and a worker, and what must not."""

from __future__ import annotations

import contextlib
import pickle
import struct

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.protocol import CodecError, Opaque, codec, decode, encode

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
NUMBERS = st.sampled_from([np.dtype(code) for code in sorted(codec.DTYPES)])
ARRAYS = NUMBERS.flatmap(
    lambda dtype: hnp.arrays(
        dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0)
    )
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.builds(Opaque, st.integers(0, 99), st.text(max_size=9)),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    ),
    max_leaves=12,
)


def same(one, other):
    """Equal in value, type, dtype and structure; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        bits = one.dtype == other.dtype and one.shape == other.shape
        return bits and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    return one == other


@QUICK
@given(VALUES)
def test_everything_comes_back_as_it_went(value):
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize("code", sorted(codec.DTYPES))
def test_numpy_scalars_keep_their_type(code):
    value = np.dtype(code).type(1)
    assert type(decode(encode(value))) is type(value)


def test_tuples_and_lists_stay_apart():
    value = ([1, (2, [3, ()])], {"a": ([], ((),))})
    assert repr(decode(encode(value))) == repr(value)


@pytest.mark.parametrize("bits", [63, 64, 65, 1000, 8000])
@pytest.mark.parametrize("sign", [1, -1])
def test_large_integers(bits, sign):
    value = sign * (2**bits + 12345)
    assert decode(encode(value)) == value


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "every other column": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "axes moved": lambda a: np.ascontiguousarray(a.transpose(1, 0, 2)).transpose(
        1, 0, 2
    ),
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "int64", "complex128", "bool"])
def test_layout_is_kept(layout, dtype):
    sent = layout((np.arange(2 * 3 * 5) % 7).reshape(2, 3, 5).astype(dtype))
    came = decode(encode(sent))
    np.testing.assert_array_equal(came, sent)
    assert came.dtype == sent.dtype
    for flag in ("c_contiguous", "f_contiguous"):
        assert getattr(came.flags, flag) == getattr(sent.flags, flag)
    assert came.flags.writeable


def test_a_received_array_owns_its_numbers():
    came = decode(encode(np.zeros(3)))
    came[0] = 1  # frombuffer alone would be read-only
    assert came.tolist() == [1, 0, 0]


class Sub(np.ndarray):
    """An array that could lie about itself."""


class Int(int):
    """An integer that could lie about itself."""


CANNOT_BE_SENT = {
    "object array": np.array([None, {}], dtype=object),
    "strings": np.array(["a", "b"]),
    "records": np.zeros(2, dtype=[("a", "i4")]),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "foreign byte order": np.zeros(2, dtype=np.dtype("f8").newbyteorder()),
    "set": {1, 2},
    "function": len,
    "class": Sub,
    "array subclass": np.zeros(2).view(Sub),
    "integer subclass": Int(3),
    "huge integer": 1 << 9000,
    "surrogate": "\ud800",
    "object inside": [1, (2, {"a": object()})],
    "array as key": {(1, 2): 3, np.float64: 4},
}


@pytest.mark.parametrize("value", CANNOT_BE_SENT.values(), ids=CANNOT_BE_SENT)
def test_what_cannot_be_sent(value):
    with pytest.raises(CodecError):
        encode(value)


def test_a_list_that_holds_itself_cannot_be_sent():
    loop: list[object] = []
    loop.append((loop,))
    with pytest.raises(CodecError):
        encode(loop)


def ext(code, *parts):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(list(parts))))


ARRAY, TUPLE, OPAQUE, SCALAR, COMPLEX, BIG_INT = range(1, 7)
MALFORMED = {
    "nothing": b"",
    "two values": encode(1) + encode(2),
    "cut off": encode("hello")[:-1],
    "pickle": pickle.dumps([1, 2]),
    "unknown extension": ext(99, 1),
    "object dtype": ext(ARRAY, "|O", [1], "C", b"12345678"),
    "string dtype": ext(ARRAY, "<U2", [1], "C", b"12345678"),
    "record dtype": ext(ARRAY, "i4,i4", [1], "C", b"12345678"),
    "dtype no text": ext(ARRAY, 8, [1], "C", b"12345678"),
    "too few bytes": ext(ARRAY, "<f8", [2], "C", b"12345678"),
    "too many bytes": ext(ARRAY, "<f8", [], "C", b"1234567890123456"),
    "negative size": ext(ARRAY, "<f8", [-1], "C", b"12345678"),
    "two negative sizes": ext(ARRAY, "<f8", [-1, -1], "C", b"12345678"),
    "huge size": ext(ARRAY, "<f8", [2**62], "C", b"12345678"),
    "sizes that overflow": ext(ARRAY, "<f8", [2**32, 2**32, 0], "C", b""),
    "strided and huge": ext(ARRAY, "<f8", [2**39, 2**39, 0], "strided", b""),
    "boolean size": ext(ARRAY, "<f8", [True], "C", b"12345678"),
    "fraction as size": ext(ARRAY, "<f8", [1.0], "C", b"12345678"),
    "too many axes": ext(ARRAY, "<f8", [1] * 33, "C", b"12345678"),
    "text as data": ext(ARRAY, "|u1", [2], "C", "ab"),
    "a boolean of 7": ext(ARRAY, "|b1", [1], "C", b"\x07"),
    "three parts": ext(ARRAY, "<f8", [1], b"12345678"),
    "array within array": ext(ARRAY, "<f8", [], "C", msgpack.ExtType(ARRAY, b"\xc0")),
    "tuple that is a map": msgpack.packb(msgpack.ExtType(TUPLE, msgpack.packb({}))),
    "handle with a text number": ext(OPAQUE, "1", "x"),
    "handle with a true number": ext(OPAQUE, True, "x"),
    "handle with a long name": ext(OPAQUE, 1, "x" * 500),
    "scalar of two": ext(SCALAR, "<f8", b"1234567890123456"),
    "complex of 3 bytes": msgpack.packb(msgpack.ExtType(COMPLEX, b"123")),
    "integer of 1 MB": msgpack.packb(msgpack.ExtType(BIG_INT, b"1" * 2**20)),
    "list as key": b"\x81\x90\x01",
    "lists without end": b"\x91" * 5000,
    "list of 4 billion": b"\xdd\xff\xff\xff\xff",
    "map of 4 billion": b"\xdf\xff\xff\xff\xff",
    "bytes not there": b"\xc6\xff\xff\xff\xff",
    "text not UTF-8": b"\xa2\xff\xfe",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_messages(data):
    with pytest.raises(CodecError):
        decode(data)


def test_a_date_is_a_number():
    assert decode(msgpack.packb(msgpack.Timestamp(1, 500_000_000))) == 1.5


def nested(code, depth):
    data = msgpack.packb([])
    for _ in range(depth):
        data = msgpack.packb([msgpack.ExtType(code, data)])
    return data


@pytest.mark.parametrize("code", [ARRAY, TUPLE, OPAQUE, SCALAR])
@pytest.mark.parametrize("depth", [100, 3000])
def test_extensions_within_extensions_end(code, depth):
    # Each level takes some 40 KB of C stack: without a bound the grader would die.
    with pytest.raises(CodecError):
        decode(nested(code, depth))


def test_nesting_costs_no_memory():
    # A tuple in a tuple in a tuple around 4 MB, each level a copy of what it holds.
    wrapped = msgpack.packb([b"x" * (4 << 20)])
    for _ in range(40):
        inner = b"\x91" + msgpack.packb(msgpack.ExtType(TUPLE, wrapped))
        wrapped = inner
    with pytest.raises(CodecError, match="nested too deeply"):
        decode(wrapped)


TOO_MANY = {
    "in one list": [None] * 1001,
    "in lists": [[None] * 40] * 30,
    "empty lists": [[]] * 600,
    "in a map": {i: None for i in range(1001)},
    "in tuples": (((None,) * 400,) * 2,) * 2,
}


@pytest.mark.parametrize("value", TOO_MANY.values(), ids=TOO_MANY)
def test_a_short_message_cannot_ask_for_many_objects(monkeypatch, value):
    monkeypatch.setattr(codec, "MAX_ITEMS", 1000)
    assert len(decode(encode([[]] * 400))) == 400
    data = encode(value)
    with pytest.raises(CodecError):
        decode(data)


@settings(QUICK, max_examples=1500)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_quietly(data):
    with contextlib.suppress(CodecError):
        decode(data)


@settings(QUICK, max_examples=600)
@given(VALUES, st.data())
def test_damaged_messages_are_refused_quietly(value, data):
    good = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(good) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "insert", "repeat"]))
        if kind == "set":
            good[place] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del good[place : place + data.draw(st.integers(1, 4))]
        elif kind == "insert":
            good[place:place] = data.draw(st.binary(min_size=1, max_size=5))
        else:
            good += good[place:]
        if not good:
            break
    with contextlib.suppress(CodecError):
        decode(bytes(good))


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {"a": x}])
def test_nothing_nests_deeper_than_a_function_that_calls_itself_can_go(wrap):
    value = 0
    for _ in range(codec.MAX_DEPTH):
        value = wrap(value)
    assert same(decode(encode(value)), value)
    with pytest.raises(CodecError, match="nested too deeply"):
        decode(encode(wrap(value)))
    mixed = 0
    for _ in range(codec.MAX_DEPTH // 2):
        mixed = ([mixed], 1)
    assert same(decode(encode(mixed)), mixed)
    with pytest.raises(CodecError, match="nested too deeply"):
        decode(encode({"a": mixed}))
