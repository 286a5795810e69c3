"""Workers that answer whatever they are told to, on a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from grader.protocol import CodecError, Connection, ConnectionLost, decode, encode
from grader.sandbox import Worker


class FakeHost:
    """Tells how a worker ended, as the real host does."""

    def __init__(self, end: dict[str, Any]) -> None:
        self._end = end

    def ask(self, request: dict[str, Any], descriptors: Sequence[int]) -> Any:
        return self._end if request["op"] == "status" else {}


class FakeHosts:
    """Stands for ``Hosts``: its workers give the answers of a script, in order.

    Args:
        script: ``(kind, value)``: ``ok`` and ``error`` are replies to the request at
            hand, ``reply`` a whole reply, ``bytes`` a frame, ``twice`` two frames,
            ``stream`` bytes outside any frame, and ``close`` ends the conversation.
            Begins again when it is over.
        end: what the host says of a worker that is gone.
    """

    level = "isolated"

    def __init__(
        self, script: Sequence[tuple[str, Any]], end: dict[str, Any] | None = None
    ) -> None:
        self._script = list(script)
        self._host = FakeHost(end or {"status": None})
        self._threads: list[threading.Thread] = []
        self._workers: list[Worker] = []
        self._given = 0

    def prepare(self, packages: Sequence[str]) -> None:
        pass

    def worker(self, settings: Any, packages: Any, memory_mb: int) -> Worker:
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(theirs,), daemon=True)
        thread.start()
        self._threads.append(thread)
        worker = Worker(self._host, 1, Connection(ours), memory_mb)  # type: ignore[arg-type]
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """Ends all conversations."""
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _answers(self) -> Iterator[tuple[str, Any]]:
        while True:
            yield self._script[self._given % len(self._script)]
            self._given += 1

    def _serve(self, sock: socket.socket) -> None:
        connection, answers = Connection(sock), self._answers()
        with sock, contextlib.suppress(ConnectionLost, OSError):
            while True:
                request = decode(connection.receive(30))
                # Definitions and seeds are answered as they should be now and then,
                # so that the calls behind them are reached.
                kind, value = next(answers)
                if kind == "close":
                    return
                if kind == "stream":
                    sock.sendall(value)
                    return
                if kind in ("ok", "error"):
                    value = {"id": request["id"], kind: value}
                elif kind == "reply" and isinstance(value, dict):
                    value = {"id": request["id"], **value}
                frames = [value] if kind == "bytes" else [_encoded(value)]
                for frame in frames * (2 if kind == "twice" else 1):
                    connection.send(frame, 30)


def _encoded(value: Any) -> bytes:
    try:
        return encode(value)
    except CodecError:
        return encode(None)
