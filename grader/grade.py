"""Grades one submission: tests on this side, answers in workers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from grader.errors import GraderError, GraderFault
from grader.explain import Explainer
from grader.machine import missing
from grader.manifest import Manifest, Question, check_tests
from grader.printable import one_line
from grader.proxies import References
from grader.results import NOT_ANSWERED, Outcome, Report, TestResult
from grader.running import run_tests
from grader.sandbox import Hosts
from grader.scoring import score
from grader.session import Session, packages
from grader.submission import Submission, is_blank_file
from grader.task import Task

_MOST_NOTES = 20


@dataclass
class Grading:
    """How to grade.

    Attributes:
        seed: from which all random inputs follow; drawn if None.
        only: question ids; all if empty.
        sandbox: ``"auto"`` or one level.
        explain: whether failures are matched with misconceptions; an `Explainer` is
            used as it is and left open, which saves starting its workers again.
        progress: called with the question's id before each test.
        hosts: processes to use again; started and ended by `grade` if None.
        public: grade with the public tests even where hidden ones exist.
        enough: given a question's results so far, tells whether to skip the rest.
        references: a clean Keras process to use again; left open.
        first: names of tests in the order to run them, before all others.
        session: makes the session of a question, and leaves it open when it is done;
            each question has a new worker if None.
    """

    seed: int | None = None
    only: Sequence[str] = ()
    sandbox: str = "auto"
    explain: bool | Explainer = True
    progress: Callable[[str], None] = field(default=lambda question: None)
    hosts: Hosts | None = None
    public: bool = False
    enough: Callable[[Sequence[TestResult]], bool] | None = None
    references: References | None = None
    first: Sequence[str] = ()
    session: Callable[[Question], Session] | None = None


def grade(
    manifest: Manifest, submission: Submission, how: Grading | None = None
) -> Report:
    """Runs the tests of an assignment against a submission.

    Raises:
        ManifestError: if tests and questions do not match.
        GraderFault: if a test itself is broken, or no worker can be started.
    """
    how = how or Grading()
    check_tests(manifest)
    guarded = manifest.hidden_tests is not None and not how.public
    hosts = how.hosts or Hosts(how.sandbox, guarded=guarded)
    try:
        plan = _Plan.of(manifest, submission, how, hosts)
        ids = [question.id for question in plan.answered]
        run_tests(manifest, how.public, hosts, ids, [plan.task])
        return plan.report(manifest, hosts)
    finally:
        if how.hosts is None:
            hosts.close()


def grade_each(
    manifest: Manifest,
    question: str,
    work: Iterable[tuple[Submission, Grading]],
    done: Callable[[Report | GraderError], None],
    hosts: Hosts,
) -> None:
    """Grades one question of many submissions by its hidden tests, collected once.

    Args:
        manifest: the assignment.
        question: its id; the only one that is graded.
        work: the submissions; the next is asked for when the one before is done.
        done: told the report of each, or why there is none.
        hosts: where all of them run.

    Raises:
        GraderFault: if the tests cannot be collected.
    """

    def tasks() -> Iterator[Task]:
        for submission, how in work:
            try:
                how = replace(how, only=(question,), public=False)
                plan = _Plan.of(manifest, submission, how, hosts)
                yield plan.task
                done(plan.report(manifest, hosts))
            except GraderError as error:
                done(error)

    run_tests(manifest, False, hosts, [question], tasks())


@dataclass
class _Plan:
    """What is to be done for one submission, and what is known without any test."""

    how: Grading
    submission: Submission
    chosen: list[Question]
    answered: list[Question]
    not_here: dict[str, str]
    task: Task
    started: float

    @classmethod
    def of(
        cls, manifest: Manifest, submission: Submission, how: Grading, hosts: Hosts
    ) -> _Plan:
        started = time.perf_counter()
        for id in how.only:
            manifest.question(id)
        chosen = [q for q in manifest.questions if not how.only or q.id in how.only]
        answered = [q for q in chosen if not _blank(manifest, submission, q)]
        not_here = {q.id: r for q in answered if (r := missing(q.requires))}
        answered = [q for q in answered if q.id not in not_here]
        for question in answered:
            # Started now, needed later: TensorFlow loads while NumPy is graded.
            hosts.prepare(packages(question, submission.definitions))
        drawn = random.SystemRandom().randrange(2**31)
        task = Task(
            submission,
            seed=drawn if how.seed is None else how.seed,
            only=[question.id for question in answered],
            explain=how.explain,
            progress=how.progress,
            enough=how.enough,
            session=how.session,
            keep_session=how.session is not None,
            references=how.references,
            first=how.first,
        )
        return cls(how, submission, chosen, answered, not_here, task, started)

    def report(self, manifest: Manifest, hosts: Hosts) -> Report:
        """Returns the report once the task is done.

        Raises:
            WorkerFault: if there were no workers.
            GraderFault: if a test itself is at fault.
        """
        if self.task.no_worker:
            raise self.task.no_worker
        if self.task.faults:
            raise GraderFault(f"a test is at fault: {self.task.faults[0]}")
        outcomes = self.task.outcomes
        for question in self.chosen:
            if question not in self.answered:
                test = TestResult("answered", Outcome.ERROR, NOT_ANSWERED)
                outcomes[question.id] = [test]
        for id, reason in self.not_here.items():
            outcomes[id] = [TestResult("can run here", Outcome.NOT_RUN, reason)]
        with_hidden = manifest.hidden_tests is not None and not self.how.public
        return Report(
            assignment=manifest.name,
            title=manifest.title,
            submission=str(self.submission.path),
            seed=self.task.seed,
            sandbox=hosts.level,
            tests="hidden" if with_hidden else "public",
            questions=score(
                manifest,
                outcomes,
                tuple(q.id for q in self.chosen),
                _messages(self.submission, self.chosen),
                self.not_here,
            ),
            notes=tuple(_notes(self.submission, self.chosen, self.task.problems)),
            seconds=time.perf_counter() - self.started,
        )


def _blank(manifest: Manifest, submission: Submission, question: Question) -> bool:
    """True if nothing was answered; then no process need be started."""
    if question.files:
        found = [submission.files.get(name, b"") for name in question.files]
        return all(not text.strip() or is_blank_file(text) for text in found)
    # With bindings, the other names are theirs.
    names = question.graded_names[:1] if manifest.bindings else question.graded_names
    return submission.definitions.is_blank(question.id, names)


def _messages(submission: Submission, questions: Sequence[Question]) -> dict[str, str]:
    """Question id to what went wrong with its cell as a whole."""
    messages = {}
    for question in questions:
        for problem in submission.definitions.problems:
            names = submission.definitions.missing(question.graded_names)
            hit = problem.question == question.id or any(
                f"def {name}" in problem.source or f"class {name}" in problem.source
                for name in question.graded_names
            )
            if hit and names:
                text = one_line(f"{problem.cell}: {problem.message}")
                messages[question.id] = text
    return messages


def _notes(
    submission: Submission,
    questions: Sequence[Question],
    problems: dict[str, list[dict[str, object]]],
) -> Iterator[str]:
    unread = submission.definitions.problems
    for problem in unread[:_MOST_NOTES]:
        yield one_line(f"{problem.cell} cannot be read: {problem.message}")
    if len(unread) > _MOST_NOTES:
        yield f"{len(unread) - _MOST_NOTES} more cells cannot be read"
    for question in questions:
        for name in question.files:
            if name not in submission.files:
                yield f"{name} is missing, so {question.id} is not answered"
        for name in question.graded_names:
            again = submission.definitions.again(question.id, name)
            if again:
                yield (
                    f"{name} is defined again in {again}; graded was its answer cell. "
                    "Put your answer there."
                )
        for found in problems.get(question.id, []):
            text = f"{found['type']}: {found['message']}"
            yield one_line(f"{found['cell']}, line {found['line']} failed: {text}", 300)
