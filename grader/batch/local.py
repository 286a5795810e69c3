"""The local engine: a few trusted processes, each with warm workers of its own."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.batch.tasks import Result, Task
from grader.errors import GraderFault
from grader.gradebook import State
from grader.manifest import ROOT
from grader.protocol import (
    CodecError,
    Connection,
    ConnectionLost,
    FrameError,
    decode,
    encode,
)

_BOOT = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from grader.batch.worker import main; main()"
)


@dataclass
class _Process:
    process: subprocess.Popen[bytes]
    socket: socket.socket
    connection: Connection
    task: Task

    @classmethod
    def start(cls, task: Task) -> _Process:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        made = cls(process, ours, Connection(ours), task)
        made.give(task)
        return made

    def give(self, task: Task) -> None:
        self.task = task
        self.connection.send(encode(dict(task.__dict__)))

    def result(self) -> Result:
        found = decode(self.connection.receive())
        return Result(**{**found, "state": State(found["state"])})

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()


def run(tasks: Iterable[Task], jobs: int | None = None) -> Iterator[Result]:
    """Grades `tasks` in `jobs` processes; yields results as they come.

    A process that dies takes one task with it: that is tried once more, in a new
    process, before it is given up.

    Args:
        tasks: taken one at a time, so that they need not all be in memory.
        jobs: as many as there are processors if None.
    """
    jobs = jobs or len(os.sched_getaffinity(0))
    waiting = iter(tasks)
    again: deque[Task] = deque()
    tried: set[int] = set()
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                while len(selector.get_map()) < jobs:
                    task = again.popleft() if again else next(waiting, None)
                    if task is None:
                        break
                    _add(selector, _Process.start(task))
                if not selector.get_map():
                    return
                for event, _ in selector.select():
                    process: _Process = event.data
                    try:
                        result = process.result()
                    except (ConnectionLost, FrameError, CodecError, OSError):
                        lost = process.task
                        _remove(selector, process)
                        if lost.index in tried:
                            yield Result(lost.index, fault="its process died, twice")
                        else:
                            tried.add(lost.index)
                            again.append(lost)
                        continue
                    task = again.popleft() if again else next(waiting, None)
                    if task is None:
                        _remove(selector, process)
                    else:
                        _give(selector, process, task, again)
                    yield result
        finally:
            for event in list(selector.get_map().values()):
                event.data.end()


def _give(
    selector: selectors.BaseSelector, process: _Process, task: Task, again: deque[Task]
) -> None:
    try:
        process.give(task)
    except (ConnectionLost, OSError):
        _remove(selector, process)
        again.append(task)
    except CodecError as error:
        raise GraderFault(f"{task.label}: cannot be sent: {error}") from None


def _add(selector: selectors.BaseSelector, process: _Process) -> None:
    selector.register(process.socket, selectors.EVENT_READ, process)


def _remove(selector: selectors.BaseSelector, process: _Process) -> None:
    selector.unregister(process.socket)
    process.end()
