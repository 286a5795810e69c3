"""A clean process that forks workers.

It imports NumPy, and TensorFlow and Keras if asked, once; it executes no student
code, runs no TensorFlow operation (a fork after one would hang) and holds no secret:
no hidden test, no solution, no path to either. Requests come as JSON over a socket
whose other end is the grader's.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from grader.worker import kernels
from grader.worker.isolate import Limits, run_confined
from grader.worker.memory import descendants, private_mb
from grader.worker.mounts import View

#: Keras imports these where it finds them, for plots, notebooks, scikit-learn's
#: interface and data frames. It does without, and to import them takes as long as Keras
#: itself.
_SPARED = ("IPython", "matplotlib", "pandas", "scipy", "sklearn")
_POLL_S = 0.05
_START_S = 20.0
_END_S = 2.0
_CLEAR_S = 20.0  # for the keeper to clear the scratch folder


@dataclass
class Child:
    """One worker and the process that waits for it."""

    keeper: int  # waits for the worker; a direct child of the host
    pid: int
    status_pipe: int
    memory_mb: int
    control: socket.socket  # the grader that asked for it
    over_memory: bool = False


class Host:
    """Serves ``spawn``, ``kill`` and ``status`` requests, one at a time.

    ``connect`` brings the socket of another process of the same grader.
    """

    def __init__(self, control: socket.socket) -> None:
        self._controls = [control]
        self._children: dict[int, Child] = {}
        self._count = 0

    def serve(self) -> None:
        """Answers requests until the grader closes the socket."""
        while True:
            timeout = _POLL_S if self._children else None
            ready, _, _ = select.select(self._controls, [], [], timeout)
            self._watch_memory()
            for control in ready:
                try:
                    message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 2)
                except ConnectionError:  # gone, and has not read all it was sent
                    message, descriptors = b"", []
                if message:
                    self._answer(control, json.loads(message), descriptors)
                else:
                    self._disconnect(control)
            if not self._controls:
                break

    def _disconnect(self, control: socket.socket) -> None:
        """Ends the workers of a grader that has gone, and with the first all."""
        leaving = self._controls[:] if control is self._controls[0] else [control]
        for number, child in list(self._children.items()):
            if child.control in leaving:
                self._kill(number)
        for gone in leaving:
            self._controls.remove(gone)
            gone.close()

    def _answer(
        self, control: socket.socket, request: dict[str, Any], descriptors: list[int]
    ) -> None:
        if request["op"] == "connect":
            control = socket.socket(fileno=descriptors.pop())
            self._controls.append(control)
            reply: dict[str, Any] = {"ready": True}
        elif request["op"] == "spawn":
            reply = self._spawn(control, request, descriptors)
        elif request["op"] == "kill":
            reply = self._kill(request["worker"])
        else:
            reply = self._status(request["worker"])
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ConnectionError):  # noticed at the next turn
            control.send(json.dumps(reply).encode())

    def _spawn(
        self, control: socket.socket, request: dict[str, Any], descriptors: list[int]
    ) -> dict[str, Any]:
        self._count += 1
        if request["forbids"] and "tensorflow" in sys.modules:
            kernels.registered()  # once, for all workers that will ask
        reader, writer = os.pipe()
        keeper = os.fork()
        if keeper == 0:
            os.close(reader)
            self._in_child(request, descriptors[0], writer)
        os.close(writer)
        first = _read_line(reader, _START_S)
        if first is None or "pid" not in first:
            os.close(reader)
            os.kill(keeper, signal.SIGKILL)
            os.waitpid(keeper, 0)
            return first or {"error": "the worker did not start"}
        pid = first["pid"]
        self._children[self._count] = Child(
            keeper, pid, reader, request["memory_mb"], control
        )
        return {"worker": self._count}

    def _in_child(self, request: dict[str, Any], data: int, writer: int) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for control in self._controls:
            control.close()
        for child in self._children.values():
            with contextlib.suppress(OSError):
                os.close(child.status_pipe)

        def announce(message: dict[str, Any]) -> None:
            if "pid" in message:
                os.close(data)  # the worker's end must close when the worker ends
            os.write(writer, json.dumps(message).encode() + b"\n")

        def work() -> None:
            os.close(writer)
            from grader.worker.serve import serve

            serve(socket.socket(fileno=data))

        run_confined(
            request["level"],
            View(tuple(request["visible"]), tuple(request["covered"])),
            Limits(
                request["memory_mb"],
                request["address_space"],
                programs=not request["forbids"],
                compiles=request["compiles"],
            ),
            os.getpid(),
            announce,
            work,
        )

    def _kill(self, number: int) -> dict[str, Any]:
        child = self._children.get(number)
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        return self._status(number)

    def _status(self, number: int) -> dict[str, Any]:
        """How the worker ended; waits a moment for one that is just ending."""
        child = self._children.get(number)
        if child is None:
            return {"status": None, "over_memory": False}
        last: dict[str, Any] = {}
        deadline = time.monotonic() + _END_S
        # One that has only closed its socket could use this time to take memory.
        while not _readable(child.status_pipe, _POLL_S) and time.monotonic() < deadline:
            self._watch_memory()
        if _readable(child.status_pipe, 0):
            last = _read_line(child.status_pipe, _END_S) or {}
        del self._children[number]
        _collect(child)
        os.close(child.status_pipe)
        return {"status": last.get("status"), "over_memory": child.over_memory}

    def _watch_memory(self) -> None:
        for child in self._children.values():
            family = descendants(child.keeper)  # orphans, too
            if sum(map(private_mb, family)) > child.memory_mb:
                child.over_memory = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)


def _collect(child: Child) -> None:
    """Kills whatever the worker started, then collects its keeper."""
    # In a PID namespace all ended with the worker. Elsewhere orphans, whatever
    # session they are in, belong to the keeper.
    started = time.monotonic()
    below: list[int] = []
    while time.monotonic() - started < (_END_S if below else _CLEAR_S):
        below = descendants(child.keeper)
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not below and os.waitpid(child.keeper, os.WNOHANG)[0]:
            return
        time.sleep(0.001)
    os.kill(child.keeper, signal.SIGKILL)
    os.waitpid(child.keeper, 0)


def _readable(descriptor: int, timeout_s: float) -> bool:
    return bool(select.select([descriptor], [], [], timeout_s)[0])


def _read_line(descriptor: int, timeout_s: float) -> dict[str, Any] | None:
    ready = _readable(descriptor, timeout_s)
    line = b""
    while ready and not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            return None
        line += byte
    return dict(json.loads(line)) if line else None


@contextlib.contextmanager
def _not_found(packages: tuple[str, ...]) -> Iterator[None]:
    """While it is active, these cannot be imported; an answer may import them later."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def main() -> None:
    """Entry point: ``control socket's descriptor, packages to import``."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the grader decides
    gc.disable()  # nothing that an import makes is garbage
    with _not_found(_SPARED):
        for package in sys.argv[2:]:
            importlib.import_module(package)
    # Imported before the fork, so that no worker needs to see these files.
    importlib.import_module("grader.worker.serve")
    # What is there now is there for good. A worker that searched it for garbage would
    # first have to copy it all, page by page.
    gc.freeze()
    gc.enable()
    control.send(b'{"ready": true}')
    Host(control).serve()


if __name__ == "__main__":
    main()
