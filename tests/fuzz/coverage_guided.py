"""Atheris drives the codec and the frames by what they execute: a program of its own.

``python -m tests.fuzz.coverage_guided CORPUS -runs=20000`` ends with 0 if nothing but
the documented errors came out; libFuzzer's own options follow the corpus. It ends the
process that it runs in, which is why it is none of the tests'.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["grader.protocol"]):
    from grader.protocol import (
        CodecError,
        Connection,
        ConnectionLost,
        FrameError,
        decode,
        encode,
    )

_MAX_BYTES = 1 << 20


class Stream:
    """A socket that has these bytes and no more; the first says how they come."""

    def __init__(self, data: bytes) -> None:
        self._size, self._data = 1 + (data[0] if data else 0), data[1:]

    def settimeout(self, seconds: float | None) -> None:
        """Nothing here waits."""

    def recv(self, most: int) -> bytes:
        """Returns the next piece; nothing at the end."""
        size = min(most, self._size)
        piece, self._data = self._data[:size], self._data[size:]
        return piece


def one_input(data: bytes) -> None:
    """Reads `data` as a message, and as a stream of messages."""
    _message(data)
    connection = Connection(Stream(data), max_bytes=_MAX_BYTES)  # type: ignore[arg-type]
    try:
        while True:
            _message(connection.receive(5))
    except (FrameError, ConnectionLost):
        pass


def _message(data: bytes) -> None:
    try:
        value = decode(data)
    except CodecError:
        return
    # What can be read can be written, and is then the same to the byte.
    once = encode(value)
    assert encode(decode(once)) == once


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
