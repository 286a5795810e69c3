"""Grades variants of a solution, many of one question one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from grader.authoring import Variant, solution_cells, solution_files, substituted
from grader.errors import GraderError
from grader.explain import Explainer
from grader.grade import Grading, grade_each
from grader.manifest import Manifest, Question
from grader.proxies import References
from grader.results import Report, TestResult
from grader.sandbox import Hosts
from grader.session import Session
from grader.submission import Submission

#: Proofs are repeatable: the same inputs every time.
SEED = 4


@dataclass(frozen=True)
class Job:
    """One grading.

    Attributes:
        question: the one question that is graded.
        variant: what stands in for the answer; None to grade the solution itself.
        recognise: whether to stop at the first test that recognises the variant.
        first: names of tests in the order to run them.
    """

    question: str
    variant: Variant | None = None
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
        self._mistaken: Session | None = None

    def work(
        self,
        take: Callable[[], Job | None],
        give: Callable[[Report | GraderError], None],
    ) -> None:
        """Grades jobs until there is none.

        Args:
            take: returns the next job, when the one before is done.
            give: told the report of each, or why there is none.
        """
        job = take()
        while job is not None:
            job = self._grade_alike(job, take, give)

    def close(self) -> None:
        """Ends its workers."""
        self._explainer.close()
        self._references.close()

    def _grade_alike(
        self,
        job: Job,
        take: Callable[[], Job | None],
        give: Callable[[Report | GraderError], None],
    ) -> Job | None:
        """Grades jobs about one question; returns the first about another one."""
        following: list[Job | None] = []

        def work() -> Iterator[tuple[Submission, Grading]]:
            now: Job | None = job
            while now is not None and now.question == job.question:
                yield self._prepared(now)
                now = take()
            following.append(now)

        try:
            grade_each(self._manifest, job.question, work(), give, self._hosts)
        except GraderError as error:  # the tests cannot be collected
            give(error)
            return take()
        return following[0]

    def _prepared(self, job: Job) -> tuple[Submission, Grading]:
        variant = job.variant
        how = Grading(SEED, explain=False, references=self._references, first=job.first)
        if variant is None:
            files = solution_files(self._manifest)
            return Submission.from_cells(self._solution, files=files), how
        name = variant.name
        submission = substituted(self._manifest, self._solution, variant)
        if not job.recognise:
            return submission, how

        def recognised(tests: Sequence[TestResult]) -> bool:
            return any(test.misconception == name for test in tests)

        how.explain, how.enough = self._explainer, recognised
        how.session = self._session_for(variant, submission)
        return submission, how

    def _session_for(
        self, variant: Variant, submission: Submission
    ) -> Callable[[Question], Session]:
        """Makes the session in which a wrong answer is graded.

        Wrong answers to a question share a worker, and are replayed in it as well:
        TensorFlow's first operation takes longer than most tests. Compiled ones have
        one each: to compile them again takes longest of all. Right answers are graded
        like anybody's.
        """

        def session(question: Question) -> Session:
            shared = self._mistaken
            alone = bool(variant.files or self._manifest.bindings)
            if alone or shared is None or shared.question != question or shared.broken:
                shared = Session(self._manifest, question, submission, self._hosts)
            if not alone:
                self._mistaken = shared
                shared.take(submission, f"{variant.name}__")
            shared.renew()
            shared.problems = []
            self._explainer.lend(variant, shared)
            return shared

        return session
