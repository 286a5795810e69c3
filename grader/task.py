"""What the tests are run for: a submission, how to grade it, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.errors import WorkerFault
from grader.explain import Explainer
from grader.manifest import Question
from grader.proxies import References
from grader.results import TestResult
from grader.session import Session
from grader.submission import Submission


@dataclass
class Task:
    """One submission for the tests that were collected, and what they found.

    Attributes:
        submission: what is graded.
        seed: from which every test's random numbers follow.
        only: question ids to run.
        explain: whether failures are matched with misconceptions; an `Explainer` of
            the caller's is used and left open.
        progress: called with the question's id before each test.
        enough: given a question's results so far, tells whether to skip the rest.
        session: makes the session of a question; one with a worker if None.
        keep_session: whether such a session is left open.
        references: keeps the clean Keras process; one of its own if None.
        first: names of tests, as in their results, in the order to run them.
        outcomes: question ids to results.
        problems: question ids to definitions that failed.
        faults: what is wrong with the tests themselves.
        no_worker: why this machine has no worker to run the submission in.
    """

    submission: Submission
    seed: int
    only: Sequence[str]
    explain: bool | Explainer = True
    progress: Callable[[str], None] = lambda question: None
    enough: Callable[[Sequence[TestResult]], bool] | None = None
    session: Callable[[Question], Session] | None = None
    keep_session: bool = False
    references: References | None = None
    first: Sequence[str] = ()
    outcomes: dict[str, list[TestResult]] = field(default_factory=dict)
    problems: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    no_worker: WorkerFault | None = None
