"""``results.json`` as Gradescope reads it: one test a question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.results import NOT_ANSWERED, Outcome, QuestionResult, Report

_MOST_TOLD = 3


def results(report: Report, penalty_percent: float = 0.0) -> dict[str, Any]:
    """Returns Gradescope's object for one submission.

    Args:
        report: what the grading found.
        penalty_percent: taken off the total for lateness.
    """
    total = report.score * (1 - penalty_percent / 100)
    notes = "\n".join(report.notes)
    if penalty_percent:
        notes += f"\nHanded in late: {penalty_percent:g} % are taken off."
    return {
        "score": round(total, 6),
        "output": notes.strip(),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(question) for question in report.questions],
    }


def write_results(data: dict[str, Any], path: Path) -> None:
    """Writes Gradescope's object.

    Raises:
        GraderError: if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror}") from None


def _test(question: QuestionResult) -> dict[str, Any]:
    right = question.outcome is Outcome.PASSED
    return {
        "name": f"{question.id}: {question.title}",
        "number": "",
        "score": question.score,
        "max_score": question.points if question.graded else 0.0,
        "status": "passed" if right or not question.graded else "failed",
        "output": _told(question),
        "output_format": "text",
        "visibility": "visible",
    }


def _told(question: QuestionResult) -> str:
    lost = [t for t in question.tests if t.outcome is not Outcome.PASSED]
    if not lost:
        return question.message
    if all(test.message == NOT_ANSWERED for test in lost):
        return question.message or NOT_ANSWERED
    parts = [question.message] if question.message else []
    for test in lost[:_MOST_TOLD]:
        lines = [f"{test.name}: {test.outcome.value}"]
        lines += [f"  called  {line}" for line in test.called.splitlines()]
        lines += [f"  {line}" for line in test.message.splitlines()]
        lines += [f"  hint: {test.hint}"] if test.hint else []
        parts.append("\n".join(lines))
    if len(lost) > _MOST_TOLD:
        parts.append(f"and {len(lost) - _MOST_TOLD} more tests failed")
    return "\n\n".join(parts)
