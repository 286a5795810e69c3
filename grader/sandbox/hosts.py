"""Starts host processes and asks them for workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, Any

from grader.errors import (
    GraderFault,
    HostLost,
    NotSendable,
    StudentCrash,
    StudentTimeout,
    WorkerFault,
)
from grader.manifest import ROOT
from grader.protocol import (
    CodecError,
    Connection,
    ConnectionLost,
    FrameError,
    decode,
    encode,
)
from grader.sandbox import view
from grader.sandbox.levels import candidates, refusal

_HOST_START_S = 300.0  # a cold disk and TensorFlow
_REPLY_S = 60.0
_KEPT = ("PATH", "LANG", "CXX", "NVCC")
_SETTLE_S = 30.0  # for the worker to confine itself and read its settings


class Hosts:
    """The host processes of one grading, at most one per set of packages.

    Args:
        sandbox: ``"auto"`` or one level.
        guarded: what runs is not the course's own and hidden tests judge it: then
            ``"auto"`` takes nothing but the best level.
    """

    def __init__(self, sandbox: str = "auto", guarded: bool = False) -> None:
        self._wanted = sandbox
        self._candidates = candidates(sandbox, guarded)
        self._hosts: dict[tuple[str, ...], _Host] = {}
        self._level: str | None = None

    @property
    def level(self) -> str:
        """The level in force, or the one that will be tried first."""
        return self._level or self._candidates[0]

    def prepare(self, packages: tuple[str, ...]) -> None:
        """Starts the host that will have imported `packages`; does not wait for it."""
        if packages not in self._hosts:
            self._hosts[packages] = _Host.start(packages)

    def worker(
        self,
        settings: dict[str, Any],
        packages: tuple[str, ...],
        memory_mb: int,
    ) -> Worker:
        """Returns a fresh worker, confined at the best level that works here.

        Args:
            settings: what the worker is told; see ``grader.worker.serve``.
            packages: what its host has imported.
            memory_mb: limit for the worker and its children together.

        Raises:
            WorkerFault: if no worker can be started.
            HostLost: if the process that makes them has ended.
        """
        self.prepare(packages)
        host = self._hosts[packages]
        allow = tuple(settings["allow"])
        request = {
            "op": "spawn",
            "visible": [*view.visible(), *view.shared_folder(allow)],
            "covered": view.covered(allow),
            "memory_mb": memory_mb,
            "forbids": bool(settings["forbid"]),
            "compiles": bool(settings.get("files")),
            # A sanitizer, too, reserves more of it than there is memory.
            "address_space": packages == ("numpy",) and not settings.get("files"),
        }
        levels = (self._level,) if self._level else self._candidates
        reason = ""
        for level in levels:
            ours, theirs = socket.socketpair()
            try:
                with theirs:
                    reply = host.ask(request | {"level": level}, [theirs.fileno()])
            except WorkerFault:
                ours.close()
                raise
            if "worker" in reply:
                self._level = level
                worker = Worker(host, reply["worker"], Connection(ours), memory_mb)
                worker.greet(settings)
                return worker
            ours.close()
            reason = reply.get("error", "")
        raise WorkerFault(refusal(self._wanted, levels, reason))

    def branch(self) -> Hosts:
        """Returns what another process can use the same host processes by.

        It may be sent to a process that is being started. Close it here then.
        """
        branch = Hosts()
        branch._wanted, branch._candidates = self._wanted, self._candidates
        branch._level = self._level
        branch._hosts = {names: host.branch() for names, host in self._hosts.items()}
        return branch

    def close(self) -> None:
        """Ends all hosts and with them all workers; of a branch, its workers."""
        for host in self._hosts.values():
            host.stop()
        self._hosts.clear()


@dataclass
class _Host:
    process: subprocess.Popen[bytes] | None  # None: another process has started it
    control: socket.socket
    errors: IO[bytes] | None
    ready: bool = False

    @classmethod
    def start(cls, packages: tuple[str, ...]) -> _Host:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - kept
        boot = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
            "from grader.worker.host import main; main()"
        )
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", boot, str(theirs.fileno()), *packages],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[theirs.fileno()],
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        return cls(process, ours, errors)

    def branch(self) -> _Host:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                # The answer comes to the new socket; this one's are not disturbed.
                request = b'{"op": "connect"}'
                socket.send_fds(self.control, [request], [theirs.fileno()])
        except OSError:
            ours.close()
            raise HostLost(self._obituary()) from None
        return _Host(None, ours, None)

    def ask(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        if not self.ready:
            self._receive(_HOST_START_S)
            self.ready = True
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], descriptors)
        except OSError:
            raise HostLost(self._obituary()) from None
        return self._receive(_REPLY_S)

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        self.control.settimeout(timeout_s)
        try:
            message = self.control.recv(1 << 20)
        except OSError:
            message = b""
        if not message:
            raise HostLost(self._obituary())
        return dict(json.loads(message))

    def _obituary(self) -> str:
        lines = []
        if self.errors is not None:
            self.errors.seek(0)
            last = self.errors.read()[-2000:].decode(errors="replace")
            lines = last.strip().splitlines()
        return "the host of the workers ended: " + (lines[-1] if lines else "no reason")

    def stop(self) -> None:
        self.control.close()
        if self.process is not None:
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.errors is not None:
            self.errors.close()


@dataclass
class Worker:
    """One confined process with one submission's code in it."""

    host: _Host
    number: int
    connection: Connection
    memory_mb: int
    _requests: int = field(default=0)
    _closed: bool = field(default=False)

    def greet(self, settings: dict[str, Any]) -> None:
        """Tells the worker its rules; nothing of the student's has run yet."""
        try:
            self.connection.send(encode(settings), _SETTLE_S)
            decode(self.connection.receive(_SETTLE_S))
        except (TimeoutError, ConnectionLost, FrameError, CodecError) as error:
            self.close()
            raise GraderFault(f"a worker did not answer: {error}") from None

    def request(self, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Sends a request and returns the reply.

        Raises:
            StudentTimeout: if no reply came in time; the worker is killed.
            StudentCrash: if the worker died or broke the protocol; it is killed.
        """
        self._requests += 1
        if self.connection.has_data():
            self.close()
            raise StudentCrash("the process answered before it was asked")
        try:
            payload = encode(message | {"id": self._requests})
        except CodecError as error:
            raise NotSendable(f"a test passes what cannot be sent: {error}") from None
        try:
            deadline = time.monotonic() + timeout_s
            self.connection.send(payload, timeout_s)
            reply = decode(
                self.connection.receive(max(deadline - time.monotonic(), 0.01))
            )
        except TimeoutError:
            self.close()
            raise StudentTimeout(f"no answer within {timeout_s:.0f} s") from None
        except ConnectionLost:
            raise StudentCrash(self._cause_of_death()) from None
        except (FrameError, CodecError) as error:
            self.close()
            raise StudentCrash(f"the process sent {error}") from None
        if not isinstance(reply, dict) or not self._answers(reply.get("id")):
            self.close()
            raise StudentCrash("the process sent something that is not an answer")
        return reply

    def _answers(self, id: Any) -> bool:
        return type(id) is int and id == self._requests  # an array compares otherwise

    def close(self) -> None:
        """Kills the worker and everything it started."""
        if not self._closed:
            self._closed = True
            self.connection.close()
            with contextlib.suppress(GraderFault):
                self.host.ask({"op": "kill", "worker": self.number}, [])

    def _cause_of_death(self) -> str:
        end = self.host.ask({"op": "status", "worker": self.number}, [])
        self._closed = True
        self.connection.close()
        if end.get("over_memory"):
            return f"it used more than {self.memory_mb} MB of memory and was stopped"
        status = end.get("status")
        if status is None:
            return "the process ended without an answer"
        if os.WIFSIGNALED(status):
            return f"the process was ended by {_signal_name(os.WTERMSIG(status))}"
        return f"the process exited with code {os.WEXITSTATUS(status)}"


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        name = signal.Signals(number).name
        return "SIGSEGV (segmentation fault)" if name == "SIGSEGV" else name
    return f"signal {number}"


def _environment() -> dict[str, str]:
    """A small environment: no secrets, no noise, no GPU."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "KERAS_HOME": "/dev/null/keras",  # nobody's settings are read or written
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # It prepares every new shape for minutes of training; a test calls it once.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
    }
