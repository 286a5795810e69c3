"""What a grading found, as data; every report is made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: Message of a test whose answer is still the handed-out blank.
NOT_ANSWERED = "not answered yet"


class Outcome(StrEnum):
    """How a test, or a whole question, ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    CRASHED = "CRASHED"
    NOT_RUN = "NOT_RUN"


@dataclass(frozen=True)
class TestResult:
    """One test of one question.

    Attributes:
        name: the test's name in words, e.g. ``"matches loop: stride 2, H != W"``.
        outcome: how it ended.
        message: what went wrong, in the student's terms; empty if it passed.
        hint: the hint of a recognised misconception, or empty.
        called: the student calls that led there, e.g. ``"im2col(x float64 (2, 7, 5,
            3), (3, 3), stride=2, pad=1)"``.
        misconception: name of the recognised misconception, or empty.
        seconds: wall-clock time of the test.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    name: str
    outcome: Outcome
    message: str = ""
    hint: str = ""
    called: str = ""
    misconception: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Returns the JSON form."""
        return {
            "name": self.name,
            "outcome": self.outcome.value,
            "message": self.message,
            "hint": self.hint,
            "called": self.called,
            "misconception": self.misconception,
        }


@dataclass(frozen=True)
class QuestionResult:
    """One question: its score and the tests that led to it.

    Attributes:
        graded: False if this machine lacks what the question needs; then it is
            counted nowhere, and `message` says why.
    """

    id: str
    title: str
    score: float
    points: float
    outcome: Outcome
    tests: tuple[TestResult, ...] = ()
    message: str = ""
    graded: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Returns the JSON form."""
        return {
            "id": self.id,
            "title": self.title,
            "score": self.score,
            "points": self.points,
            "outcome": self.outcome.value,
            "message": self.message,
            "graded": self.graded,
            "tests": [test.as_dict() for test in self.tests],
        }


@dataclass(frozen=True)
class Report:
    """One submission graded.

    Attributes:
        assignment: folder name, e.g. ``"04_conv_layer"``.
        tests: ``"hidden"``, or ``"public"`` where there are no hidden tests.
        sandbox: the level in force: ``"isolated"``, ``"restricted"`` or ``"none"``.
        notes: what the reader should know, e.g. a cell that cannot be read.
    """

    assignment: str
    title: str
    submission: str
    seed: int
    sandbox: str
    tests: str
    questions: tuple[QuestionResult, ...]
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def score(self) -> float:
        """Points earned."""
        return _plain(sum(question.score for question in self.questions))

    @property
    def points(self) -> float:
        """Points that could be earned in the questions graded."""
        return _plain(sum(q.points for q in self.questions if q.graded))

    @property
    def not_graded(self) -> float:
        """Points of the questions that this machine could not grade."""
        return _plain(sum(q.points for q in self.questions if not q.graded))

    @property
    def full_marks(self) -> bool:
        """True if every question graded earned all its points, and one was graded."""
        graded = [q for q in self.questions if q.graded]
        return bool(graded) and all(q.score >= q.points for q in graded)

    def as_dict(self) -> dict[str, Any]:
        """Returns the JSON form."""
        return {
            "assignment": self.assignment,
            "title": self.title,
            "submission": self.submission,
            "score": self.score,
            "points": self.points,
            "not_graded": self.not_graded,
            "seed": self.seed,
            "sandbox": self.sandbox,
            "tests": self.tests,
            "notes": list(self.notes),
            "questions": [question.as_dict() for question in self.questions],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Returns the report whose JSON form is `data`; times are not part of it."""
        questions = [
            QuestionResult(
                **{k: v for k, v in question.items() if k not in {"outcome", "tests"}},
                outcome=Outcome(question["outcome"]),
                tests=tuple(
                    TestResult(**{**test, "outcome": Outcome(test["outcome"])})
                    for test in question["tests"]
                ),
            )
            for question in data["questions"]
        ]
        kept = ("assignment", "title", "submission", "seed", "sandbox", "tests")
        return cls(
            **{key: data[key] for key in kept},
            questions=tuple(questions),
            notes=tuple(data["notes"]),
        )


def _plain(value: float) -> float:
    return round(float(value), 6)
