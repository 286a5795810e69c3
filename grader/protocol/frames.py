"""Length-prefixed frames over a Unix socket, each side with a deadline."""

from __future__ import annotations

import socket
import struct
import time

MAX_FRAME_BYTES = 512 * 2**20
_LENGTH = struct.Struct(">Q")
_CHUNK = 1 << 20


class FrameError(Exception):
    """The peer does not keep to the protocol."""


class ConnectionLost(Exception):
    """The peer is gone."""


class Connection:
    """One end of a framed conversation; owns its socket."""

    def __init__(self, sock: socket.socket, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._sock = sock
        self._max_bytes = max_bytes

    def fileno(self) -> int:
        """The socket's file descriptor."""
        return self._sock.fileno()

    def close(self) -> None:
        """Closes the socket; the peer sees the end of the conversation."""
        self._sock.close()

    def send(self, payload: bytes, timeout_s: float | None = None) -> None:
        """Sends one frame.

        Raises:
            FrameError: if the payload is over the limit.
            ConnectionLost: if the peer has closed.
            TimeoutError: if it was not taken within `timeout_s` seconds.
        """
        if len(payload) > self._max_bytes:
            raise FrameError(
                f"{len(payload) >> 20} MB in one message; "
                f"the limit is {self._max_bytes >> 20} MB"
            )
        deadline = _deadline(timeout_s)
        try:
            for part in (_LENGTH.pack(len(payload)), payload):
                self._send_all(memoryview(part), deadline)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def receive(self, timeout_s: float | None = None) -> bytes:
        """Returns the next frame.

        Raises:
            FrameError: if its announced length is over the limit.
            ConnectionLost: if the peer closed, also in the middle of a frame.
            TimeoutError: if it was not complete within `timeout_s` seconds.
        """
        deadline = _deadline(timeout_s)
        (length,) = _LENGTH.unpack(self._receive_exactly(_LENGTH.size, deadline))
        if length > self._max_bytes:
            raise FrameError(f"a message of {length} bytes")
        return self._receive_exactly(length, deadline)

    def has_data(self) -> bool:
        """True if something has arrived that nobody asked for."""
        self._sock.settimeout(0)
        try:
            return bool(self._sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _send_all(self, view: memoryview, deadline: float | None) -> None:
        while view:
            self._sock.settimeout(_remaining(deadline))
            view = view[self._sock.send(view[:_CHUNK]) :]

    def _receive_exactly(self, size: int, deadline: float | None) -> bytes:
        # Grows with what arrives: an announced length alone reserves nothing.
        data = bytearray()
        while len(data) < size:
            self._sock.settimeout(_remaining(deadline))
            try:
                chunk = self._sock.recv(min(size - len(data), _CHUNK))
            except TimeoutError:
                raise
            except OSError as error:
                raise ConnectionLost(str(error)) from None
            if not chunk:
                raise ConnectionLost("closed by the other side")
            data += chunk
        return bytes(data)


def _deadline(timeout_s: float | None) -> float | None:
    return None if timeout_s is None else time.monotonic() + timeout_s


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
