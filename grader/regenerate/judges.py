"""Several judges at once, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection, wait

from grader.errors import GraderError, GraderFault
from grader.manifest import Manifest
from grader.regenerate.judge import Job, Judge
from grader.results import Report
from grader.sandbox import Hosts

#: Below this it takes longer to start processes than they save.
_WORTH_PROCESSES = 12
_MOST_PROCESSES = 4


class Judges:
    """As many judges as asked for.

    Args:
        manifest: the assignment.
        hosts: where answers run; all judges use the same host processes.
        processes: how many; 0 to judge in this process.
    """

    def __init__(self, manifest: Manifest, hosts: Hosts, processes: int) -> None:
        self._own = None if processes else Judge(manifest, hosts)
        self._waiting: dict[int, tuple[int, Job]] = {}  # number: priority, job
        self._count = 0
        self._idle: list[Connection] = []
        self._busy: dict[Connection, int] = {}
        self._at: dict[Connection, str] = {}  # each judge's latest question
        self._done: dict[int, Report | GraderError] = {}
        self._processes = []
        # Not forked from this one, which may have threads, but all from another, which
        # has imported what they need once, for every assignment's judges.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, "grader.plugin"])
        for _ in range(processes):
            ours, theirs = context.Pipe()
            branch = hosts.branch()
            process = context.Process(
                target=_serve, args=(theirs, manifest, branch), daemon=True
            )
            process.start()
            theirs.close()
            branch.close()
            self._idle.append(ours)
            self._processes.append(process)

    def submit(self, job: Job, priority: int = 0) -> int:
        """Queues a job, before all of a higher number; returns its own number."""
        self._count += 1
        self._waiting[self._count] = priority, job
        self._assign()
        return self._count

    def report(self, number: int) -> Report:
        """Returns the report of a job that was queued.

        Raises:
            GraderError: what the judge raised.
        """
        while number not in self._done:
            if self._own is not None:
                self._judge_here(self._own)
            else:
                self._collect()
                self._assign()
        found = self._done.pop(number)
        if isinstance(found, GraderError):
            raise found
        return found

    def close(self) -> None:
        """Ends the processes."""
        if self._own is not None:
            self._own.close()
        for judge in [*self._idle, *self._busy]:
            judge.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()
                process.join()

    def _judge_here(self, judge: Judge) -> None:
        taken: list[int] = []
        question = ""

        def take() -> Job | None:
            nonlocal question
            if not self._waiting:
                return None
            taken.append(self._next(question, set()))
            _, job = self._waiting.pop(taken[-1])
            question = job.question
            return job

        def give(found: Report | GraderError) -> None:
            self._done[taken[-1]] = found

        judge.work(take, give)

    def _next(self, question: str, elsewhere: set[str]) -> int:
        """The number of the job to do next where one about `question` was done.

        Of those that are equally urgent rather one about the same question, for which
        workers are there, than one about a question that another judge is at.
        """

        def place(number: int) -> tuple[int, int, int]:
            priority, job = self._waiting[number]
            here = job.question == question
            return priority, 0 if here else 1 + (job.question in elsewhere), number

        return min(self._waiting, key=place)

    def _assign(self) -> None:
        while self._waiting and self._idle:
            judge = self._idle.pop()
            elsewhere = {self._at.get(other, "") for other in self._busy}
            number = self._next(self._at.get(judge, ""), elsewhere)
            _, job = self._waiting.pop(number)
            self._busy[judge], self._at[judge] = number, job.question
            with contextlib.suppress(BrokenPipeError):  # said when it is waited for
                judge.send(job)

    def _collect(self) -> None:
        for ready in wait(list(self._busy)):
            assert isinstance(ready, Connection)
            number = self._busy.pop(ready)
            try:
                self._done[number] = ready.recv()
            except (EOFError, ConnectionError):
                raise GraderFault("a process that graded has ended") from None
            self._idle.append(ready)


def processes_for(jobs: int) -> int:
    """How many judges are worth starting for so many jobs."""
    if jobs < _WORTH_PROCESSES or not hasattr(os, "sched_getaffinity"):
        return 0
    processors = len(os.sched_getaffinity(0))
    return min(processors, _MOST_PROCESSES) if processors > 1 else 0


def _serve(jobs: Connection, manifest: Manifest, hosts: Hosts) -> None:
    """What a judge's process does, until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it decides
    judge = Judge(manifest, hosts)

    def take() -> Job | None:
        try:
            job = jobs.recv()
        except (EOFError, ConnectionError):
            return None
        assert isinstance(job, Job)
        return job

    def give(found: Report | GraderError) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody waits any more
            jobs.send(found)

    try:
        judge.work(take, give)
    finally:
        judge.close()
        hosts.close()
