"""The pytest plugin: tests run here, on the trusted side; student code elsewhere."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.comparing import ends_in_an_error
from grader.describe import describe_calls, describe_failure
from grader.errors import GraderFault, StudentFault, WorkerFault
from grader.explain import Explainer
from grader.manifest import Manifest, Question
from grader.printable import printable
from grader.proxies import Reference, References, Student
from grader.replays import size
from grader.results import NOT_ANSWERED, Outcome, TestResult
from grader.sandbox import Hosts
from grader.session import WITH_KERAS, Call, Session
from grader.task import Task

#: A question with many failures needs no more hints than this.
_MOST_EXPLAINED = 3
_ENOUGH = "enough is known"
#: Of calls that are kept, to tell what an error comes from.
_MOST_BYTES = 2**26


class GraderPlugin:
    """Gives tests ``student``, ``reference`` and ``rng``; collects their outcomes.

    The tests are collected once and run for one task after the other.

    Args:
        manifest: the assignment.
        hosts: where the submissions' code runs.
        tasks: what to grade; the next is asked for when the one before is done.
    """

    def __init__(self, manifest: Manifest, hosts: Hosts, tasks: Iterable[Task]) -> None:
        self.faults: list[str] = []
        self._manifest = manifest
        self._hosts = hosts
        self._tasks = tasks
        self._task: Task
        self._explainer: Explainer | None = None
        self._references: References
        self._session: Session | None = None
        self._started = 0.0
        self._tests: list[list[Call]] = []  # the calls of each test of the question
        self._bytes = 0
        self._by_error: list[tuple[int, list[Call]]] = []  # their results' places

    # -- fixtures ---------------------------------------------------------------

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        """The graded names of the submission, by proxy."""
        return Student(self._session_for(request.node))

    @pytest.fixture
    def reference(self, request: pytest.FixtureRequest) -> Reference:
        """Keras in a clean process that never saw student code."""
        question = self._manifest.question(self._question_of(request.node))
        session = self._references.session(question)
        session.begin_test(self._seed_of(request.node))
        return Reference(session)

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random numbers that follow from the run's seed and the test's name."""
        return np.random.default_rng(self._seed_of(request.node))

    # -- hooks ------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        """Registers the marker that public tests carry."""
        config.addinivalue_line("markers", "question(id): the question a test is for")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Finds tests that are for no question."""
        for item in items:
            if self._question_of(item) not in self._manifest.ids:
                asked = self._question_of(item)
                self.faults.append(f"{item.nodeid}: there is no question {asked!r}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that cannot be imported is the grader's fault."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines() or ["unknown"]
            self.faults.append(f"{report.nodeid}: {lines[-1]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs the tests of every task; nothing if they could not be collected."""
        for task in () if self.faults else self._tasks:
            self._begin(task)
            try:
                self._run(self._chosen(session.items))
            finally:
                self._end()
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Tells the progress display; skips what a dead worker cannot answer."""
        question = self._question_of(item)
        self._task.progress(question)
        session = self._session
        if session is not None and session.question.id != question:
            self._close()
            session = None
        if session is not None:
            session.begin_test(self._seed_of(item))
            if session.broken is not None:
                pytest.skip("the worker of this question has ended")
        if self._enough(question):
            pytest.skip(_ENOUGH)
        self._started = time.perf_counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Any:
        """Turns what happened into a `TestResult`."""
        report = yield
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            self._record(item, call.excinfo.value if call.excinfo else None)
        return report

    # ---------------------------------------------------------------------------

    def _begin(self, task: Task) -> None:
        self._task = task
        if task.explain is True:
            self._explainer = Explainer(self._manifest, self._hosts)
        else:
            self._explainer = task.explain or None
        self._references = task.references or References(self._manifest, self._hosts)
        self._references.renew()

    def _end(self) -> None:
        """Ends the last workers."""
        self._close()
        if self._explainer:
            self._explainer.forget()
            if self._task.explain is True:
                self._explainer.close()
        if self._task.references is None:
            self._references.close()

    def _chosen(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """The tests of the task's questions: as in the manifest, then as asked for."""
        ranks = {name: rank for rank, name in enumerate(self._task.first)}

        def place(item: pytest.Item) -> tuple[int, int]:
            question = self._manifest.ids.index(self._question_of(item))
            return question, ranks.get(_readable(item), len(ranks))

        wanted = self._task.only
        chosen = [item for item in items if self._question_of(item) in wanted]
        if any("reference" in getattr(item, "fixturenames", ()) for item in chosen):
            # Started now: TensorFlow loads while other tests run.
            self._hosts.prepare(WITH_KERAS)
        return sorted(chosen, key=place)

    def _run(self, items: Sequence[pytest.Item]) -> None:
        for item, following in zip(items, [*items[1:], None], strict=False):
            if self._task.no_worker:
                return
            # Many tests of many wrong answers: pytest takes a while to skip one. The
            # last of a file it must see, to end what the file has set up.
            if following is not None and following.path == item.path:
                question = self._question_of(item)
                if self._enough(question):
                    found = TestResult(_readable(item), Outcome.NOT_RUN, _ENOUGH)
                    self._task.outcomes.setdefault(question, []).append(found)
                    continue
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _enough(self, question: str) -> bool:
        enough = self._task.enough
        return bool(enough and enough(self._task.outcomes.get(question, [])))

    def _record(self, item: pytest.Item, error: BaseException | None) -> None:
        question = self._question_of(item)
        seconds = time.perf_counter() - self._started
        results = self._task.outcomes.setdefault(question, [])
        name = _readable(item)
        log = list(self._session.log) if self._session else []
        self._keep(log)
        if error is None:
            results.append(TestResult(name, Outcome.PASSED, seconds=seconds))
            return
        if isinstance(error, pytest.skip.Exception):
            results.append(TestResult(name, Outcome.NOT_RUN, str(error.msg)))
            return
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return
        if isinstance(error, WorkerFault):
            self._task.no_worker = error
            return
        if isinstance(error, GraderFault) or not (
            log or isinstance(error, StudentFault)
        ):
            # Before any student call: the test itself is at fault.
            fault = f"{item.nodeid}: {type(error).__name__}: {error}"
            self._task.faults.append(fault)
            results.append(TestResult(name, Outcome.NOT_RUN, "the grader is at fault"))
            return
        outcome, message = describe_failure(error, log)
        called = describe_calls(log)
        misconception = hint = ""
        explained = sum(test.outcome is not Outcome.PASSED for test in results)
        if (
            self._explainer
            and outcome in (Outcome.FAILED, Outcome.ERROR)
            and explained < _MOST_EXPLAINED
            and message != NOT_ANSWERED
        ):
            misconception, hint = self._explained(question, log)
            if ends_in_an_error(log):
                self._by_error.append((len(results), log))
        results.append(
            TestResult(
                name, outcome, printable(message), hint, called, misconception, seconds
            )
        )

    def _keep(self, log: list[Call]) -> None:
        """Keeps a test's calls until those of the others are known."""
        if self._explainer:
            self._bytes += sum(size(call.result) + size(call.message) for call in log)
            if self._bytes <= _MOST_BYTES:
                self._tests.append(log)

    def _explained(self, question: str, log: list[Call]) -> tuple[str, str]:
        """Name and hint of the misconception that a test failed with, or empty."""
        unsure = self._bytes > _MOST_BYTES and ends_in_an_error(log)
        if self._explainer is None or unsure:
            return "", ""
        found = self._explainer.explain(question, log, self._tests)
        return (found.name, found.hint) if found else ("", "")

    def _explain_errors(self, question: str) -> None:
        """Gives hints for errors again, now that every test is known."""
        results = self._task.outcomes.get(question, [])
        for place, log in self._by_error:
            name, hint = self._explained(question, log)
            told = replace(results[place], misconception=name, hint=hint)
            results[place] = told
        self._tests, self._bytes, self._by_error = [], 0, []

    def _seed_of(self, item: pytest.Item) -> int:
        """A number that follows from the run's seed and the test's name."""
        return zlib.crc32(f"{self._task.seed} {item.name}".encode())

    def _session_for(self, item: pytest.Item) -> Session:
        question = self._question_of(item)
        if self._session is None or self._session.question.id != question:
            self._close()
            new = self._task.session or self._in_worker
            self._session = new(self._manifest.question(question))
            self._session.begin_test(self._seed_of(item))
        return self._session

    def _in_worker(self, question: Question) -> Session:
        submission = self._task.submission
        return Session(self._manifest, question, submission, self._hosts)

    def _close(self) -> None:
        if self._session is not None:
            question = self._session.question.id
            self._explain_errors(question)
            self._task.problems[question] = self._session.problems
            if not self._task.keep_session:
                self._session.close()
            self._session = None

    def _question_of(self, item: pytest.Item) -> str:
        marker = item.get_closest_marker("question")
        if marker is not None and marker.args:
            return str(marker.args[0])
        return Path(item.path).stem.removeprefix("test_")


def _readable(item: pytest.Item) -> str:
    """``test_matches_loop[stride 2]`` as ``matches loop: stride 2``."""
    name, _, case = item.name.partition("[")
    words = name.removeprefix("test_").replace("_", " ").strip()
    return f"{words}: {case.removesuffix(']')}" if case else words
