"""From test outcomes to points: a pure function, nothing else decides a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.manifest import Manifest, Question
from grader.results import Outcome, QuestionResult, TestResult

# The gravest outcome names the question's outcome.
_GRAVITY = (
    Outcome.TIMEOUT,
    Outcome.CRASHED,
    Outcome.ERROR,
    Outcome.FAILED,
    Outcome.NOT_RUN,
)


def question_outcome(tests: Sequence[TestResult]) -> Outcome:
    """Returns PASSED if there are tests and all passed, else the gravest outcome."""
    found = {test.outcome for test in tests}
    if not found:
        return Outcome.NOT_RUN
    return next((grave for grave in _GRAVITY if grave in found), Outcome.PASSED)


def score(
    manifest: Manifest,
    outcomes: Mapping[str, Sequence[TestResult]],
    only: Sequence[str] = (),
    messages: Mapping[str, str] | None = None,
    not_here: Mapping[str, str] | None = None,
) -> tuple[QuestionResult, ...]:
    """Scores each question: all its points if every test passed, else none.

    Args:
        manifest: the assignment's questions and points.
        outcomes: question id to its test results; a missing id reported nothing
            and earns nothing.
        only: restricts the result to these question ids, in manifest order.
        messages: question id to a message about the question as a whole.
        not_here: question id to why this machine cannot grade it; its points are
            neither earned nor lost.
    """
    not_here = not_here or {}
    return tuple(
        _not_graded(question, not_here[question.id])
        if question.id in not_here
        else _score_question(
            question, outcomes.get(question.id, ()), (messages or {}).get(question.id)
        )
        for question in manifest.questions
        if not only or question.id in only
    )


def _not_graded(question: Question, reason: str) -> QuestionResult:
    return QuestionResult(
        id=question.id,
        title=question.title,
        score=0.0,
        points=question.points,
        outcome=Outcome.NOT_RUN,
        message=reason,
        graded=False,
    )


def _score_question(
    question: Question, tests: Sequence[TestResult], message: str | None
) -> QuestionResult:
    outcome = question_outcome(tests)
    earned = question.points if outcome is Outcome.PASSED else 0.0
    return QuestionResult(
        id=question.id,
        title=question.title,
        score=earned,
        points=question.points,
        outcome=outcome,
        tests=tuple(tests),
        message=message or ("" if tests else "no test reported a result"),
    )
