"""How the trusted side and a worker talk: msgpack frames over a socket, no pickle."""

from grader.protocol.codec import CodecError, Opaque, decode, encode
from grader.protocol.frames import (
    MAX_FRAME_BYTES,
    Connection,
    ConnectionLost,
    FrameError,
)

__all__ = [
    "MAX_FRAME_BYTES",
    "CodecError",
    "Connection",
    "ConnectionLost",
    "FrameError",
    "Opaque",
    "decode",
    "encode",
]
