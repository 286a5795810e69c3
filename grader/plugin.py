"""The pytest plugin: tests run here, on the trusted side; student code elsewhere."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.describe import describe_calls, describe_failure, printable
from grader.errors import GraderFault, StudentFault, WorkerFault
from grader.explain import Explainer
from grader.manifest import Manifest, Question
from grader.proxies import Reference, References, Student
from grader.results import NOT_ANSWERED, Outcome, TestResult
from grader.sandbox import Hosts
from grader.session import WITH_KERAS, Session
from grader.submission import Submission

#: A question with many failures needs no more hints than this.
_MOST_EXPLAINED = 3


class GraderPlugin:
    """Gives tests ``student``, ``reference`` and ``rng``; collects their outcomes.

    Args:
        manifest: the assignment.
        submission: what is graded.
        hosts: where its code runs.
        seed: from which every test's random numbers follow.
        only: question ids to run; all if empty.
        explain: whether failures are matched with misconceptions; an `Explainer` of
            the caller's is used and left open.
        progress: called with the question's id before each test.
        enough: given a question's results so far, tells whether to skip the rest.
        session: makes the session of a question; one with a worker if None.
        references: keeps the clean Keras process; one of its own if None.
        first: names of tests, as in their results, in the order to run them.
    """

    def __init__(
        self,
        manifest: Manifest,
        submission: Submission,
        hosts: Hosts,
        *,
        seed: int,
        only: Sequence[str] = (),
        explain: bool | Explainer = True,
        progress: Callable[[str], None] = lambda question: None,
        enough: Callable[[Sequence[TestResult]], bool] | None = None,
        session: Callable[[Question], Session] | None = None,
        references: References | None = None,
        first: Sequence[str] = (),
    ) -> None:
        self.outcomes: dict[str, list[TestResult]] = {}
        self.problems: dict[str, list[dict[str, Any]]] = {}
        self.faults: list[str] = []
        self.no_worker: WorkerFault | None = None
        self._manifest = manifest
        self._submission = submission
        self._hosts = hosts
        self._seed = seed
        self._only = only
        self._explainer = Explainer(manifest, hosts) if explain is True else explain
        self._close_explainer = explain is True
        self._progress = progress
        self._enough = enough
        self._new_session = session or self._in_worker
        self._session: Session | None = None
        self._references = references or References(manifest, hosts)
        self._close_references = references is None
        self._references.renew()
        self._ranks = {name: rank for rank, name in enumerate(first)}
        self._started = 0.0

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
        """Keeps the chosen questions, in the manifest's order."""
        wanted = list(self._only or self._manifest.ids)
        for item in items:
            if self._question_of(item) not in self._manifest.ids:
                asked = self._question_of(item)
                self.faults.append(f"{item.nodeid}: there is no question {asked!r}")
        items[:] = [item for item in items if self._question_of(item) in wanted]
        items.sort(key=self._place)
        if any("reference" in getattr(item, "fixturenames", ()) for item in items):
            # Started now: TensorFlow loads while other tests run.
            self._hosts.prepare(WITH_KERAS)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file that cannot be imported is the grader's fault."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines() or ["unknown"]
            self.faults.append(f"{report.nodeid}: {lines[-1]}")

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Tells the progress display; skips what a dead worker cannot answer."""
        question = self._question_of(item)
        self._progress(question)
        session = self._session
        if session is not None and session.question.id != question:
            self._close()
            session = None
        if session is not None:
            session.begin_test(self._seed_of(item))
            if session.broken is not None:
                pytest.skip("the worker of this question has ended")
        if self._enough and self._enough(self.outcomes.get(question, [])):
            pytest.skip("enough is known")
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

    def pytest_sessionfinish(self) -> None:
        """Ends the last workers."""
        if self._explainer:
            self._explainer.forget()
        if self._explainer and self._close_explainer:
            self._explainer.close()
        self._close()
        if self._close_references:
            self._references.close()

    # ---------------------------------------------------------------------------

    def _record(self, item: pytest.Item, error: BaseException | None) -> None:
        question = self._question_of(item)
        seconds = time.perf_counter() - self._started
        results = self.outcomes.setdefault(question, [])
        name = _readable(item)
        if error is None:
            results.append(TestResult(name, Outcome.PASSED, seconds=seconds))
            return
        if isinstance(error, pytest.skip.Exception):
            results.append(TestResult(name, Outcome.NOT_RUN, str(error.msg)))
            return
        log = list(self._session.log) if self._session else []
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return
        if isinstance(error, WorkerFault):
            self.no_worker = error
            item.session.shouldstop = "no worker"
            return
        if isinstance(error, GraderFault) or not (
            log or isinstance(error, StudentFault)
        ):
            # Before any student call: the test itself is at fault.
            self.faults.append(f"{item.nodeid}: {type(error).__name__}: {error}")
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
            found = self._explainer.explain(question, log)
            if found:
                misconception, hint = found.name, found.hint
        results.append(
            TestResult(
                name, outcome, printable(message), hint, called, misconception, seconds
            )
        )

    def _seed_of(self, item: pytest.Item) -> int:
        """A number that follows from the run's seed and the test's name."""
        return zlib.crc32(f"{self._seed} {item.name}".encode())

    def _session_for(self, item: pytest.Item) -> Session:
        question = self._question_of(item)
        if self._session is None or self._session.question.id != question:
            self._close()
            self._session = self._new_session(self._manifest.question(question))
            self._session.begin_test(self._seed_of(item))
        return self._session

    def _in_worker(self, question: Question) -> Session:
        return Session(self._manifest, question, self._submission, self._hosts)

    def _close(self) -> None:
        if self._session is not None:
            self.problems[self._session.question.id] = self._session.problems
            self._session.close()
            self._session = None

    def _place(self, item: pytest.Item) -> tuple[int, int]:
        """Sorts tests: questions as in the manifest, then as asked for."""
        question = self._manifest.ids.index(self._question_of(item))
        return question, self._ranks.get(_readable(item), len(self._ranks))

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
