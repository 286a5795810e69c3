"""Grades variants of a solution, in this process or in several at once."""

from __future__ import annotations

import contextlib
import heapq
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from grader.authoring import Variant, solution_cells, solution_files, substituted
from grader.errors import GraderError, GraderFault
from grader.explain import Explainer
from grader.grade import Grading, grade
from grader.manifest import Manifest
from grader.proxies import References
from grader.results import Report, TestResult
from grader.sandbox import Hosts
from grader.submission import Submission

#: Proofs are repeatable: the same inputs every time.
SEED = 4
#: Below this it takes longer to start processes than they save.
_WORTH_PROCESSES = 12
_MOST_PROCESSES = 4


@dataclass(frozen=True)
class Job:
    """One grading.

    Attributes:
        variant: what stands in for an answer; None to grade the solution itself.
        recognise: whether to stop at the first test that recognises the variant.
        first: names of tests in the order to run them.
    """

    variant: Variant | None
    recognise: bool = False
    first: tuple[str, ...] = ()


class Judge:
    """Grades one job after the other, and keeps what the next one needs too."""

    def __init__(self, manifest: Manifest, hosts: Hosts) -> None:
        self._manifest = manifest
        self._hosts = hosts
        self._solution = solution_cells(manifest)
        self._explainer = Explainer(manifest, hosts)
        self._references = References(manifest, hosts)

    def grade(self, job: Job) -> Report:
        """Grades the solution, or a variant of it in its own question."""
        if job.variant is None:
            how = Grading(seed=SEED, explain=False, hosts=self._hosts)
            return grade(self._manifest, self._submission(None), how)
        variant = job.variant

        def recognised(tests: Sequence[TestResult]) -> bool:
            return any(test.misconception == variant.name for test in tests)

        how = Grading(
            seed=SEED,
            only=(variant.question,),
            explain=self._explainer if job.recognise else False,
            hosts=self._hosts,
            enough=recognised if job.recognise else None,
            references=self._references,
            first=job.first,
        )
        return grade(self._manifest, self._submission(variant), how)

    def close(self) -> None:
        """Ends its workers."""
        self._explainer.close()
        self._references.close()

    def _submission(self, variant: Variant | None) -> Submission:
        if variant is None:
            files = solution_files(self._manifest)
            return Submission.from_cells(self._solution, files=files)
        return substituted(self._manifest, self._solution, variant)


class Judges:
    """As many judges as asked for, each in a process of its own.

    Args:
        manifest: the assignment.
        hosts: where answers run; all judges use the same host processes.
        processes: how many; 0 to judge in this process.
    """

    def __init__(self, manifest: Manifest, hosts: Hosts, processes: int) -> None:
        self._own = None if processes else Judge(manifest, hosts)
        self._waiting: list[tuple[int, int, Job]] = []
        self._count = 0
        self._idle: list[Connection] = []
        self._busy: dict[Connection, int] = {}
        self._done: dict[int, Report | GraderError] = {}
        self._processes = []
        # Not forked: the caller may have threads.
        context = multiprocessing.get_context("spawn")
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
        heapq.heappush(self._waiting, (priority, self._count, job))
        self._assign()
        return self._count

    def report(self, number: int) -> Report:
        """Returns the report of a job that was queued.

        Raises:
            GraderError: what the judge raised.
        """
        while number not in self._done:
            if self._own is not None:
                _, index, job = heapq.heappop(self._waiting)
                self._done[index] = _attempt(self._own, job)
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

    def _assign(self) -> None:
        while self._waiting and self._idle:
            judge = self._idle.pop()
            _, number, job = heapq.heappop(self._waiting)
            self._busy[judge] = number
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


def _attempt(judge: Judge, job: Job) -> Report | GraderError:
    try:
        return judge.grade(job)
    except GraderError as error:
        return error


def _serve(jobs: Connection, manifest: Manifest, hosts: Hosts) -> None:
    """What a judge's process does, until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it decides
    judge = Judge(manifest, hosts)
    try:
        while True:
            jobs.send(_attempt(judge, jobs.recv()))
    except (EOFError, BrokenPipeError):
        pass
    finally:
        judge.close()
        hosts.close()
