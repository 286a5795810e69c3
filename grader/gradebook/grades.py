"""The grades that count: latest attempts, with overrides and lateness applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.gradebook.store import Attempt, Gradebook, Override, State, Student


@dataclass(frozen=True)
class Grade:
    """What one student gets for one assignment.

    Attributes:
        questions: question id to points, overrides applied.
        earned: their sum, or the override of the whole.
        score: after lateness.
        overrides: what a TA said, by question; ``""`` is the whole.
        attempt: the one that counts; None if nothing was handed in.
    """

    student: Student
    questions: Mapping[str, float]
    points: float
    earned: float
    penalty_percent: float
    score: float
    state: State | None
    reason: str
    overrides: Mapping[str, Override]
    attempt: Attempt | None


def grades(book: Gradebook, assignment: str) -> list[Grade]:
    """Returns every student's grade, those who handed in nothing included."""
    latest = book.latest(assignment)
    overrides = book.overrides(assignment)
    points = max((attempt.points for attempt in latest.values()), default=0.0)
    found = []
    for student in book.students().values():
        attempt = latest.get(student.id)
        said = {q: o for (who, q), o in overrides.items() if who == student.id}
        if attempt is None and student.on_roster is None and not said:
            continue  # known from another assignment
        found.append(grade_of(student, attempt, said, points))
    return found


def grade_of(
    student: Student,
    attempt: Attempt | None,
    overrides: Mapping[str, Override],
    points: float,
) -> Grade:
    """Returns one grade: a pure function of what is known."""
    asked = attempt.report.get("questions", []) if attempt else []
    questions = {q["id"]: float(q["score"]) for q in asked}
    for question, said in overrides.items():
        if question and said.score is not None:
            questions[question] = said.score
    earned = sum(questions.values())
    penalty = attempt.penalty_percent if attempt else 0.0
    score = earned * (1 - penalty / 100)
    whole = overrides.get("")
    if whole is not None and whole.score is not None:
        earned = score = whole.score  # a TA's word on the whole is final
    return Grade(
        student=student,
        questions=questions,
        points=points,
        earned=round(earned, 6),
        penalty_percent=penalty,
        score=round(score, 6),
        state=attempt.state if attempt else None,
        reason=attempt.reason if attempt else "nothing was handed in",
        overrides=dict(overrides),
        attempt=attempt,
    )
