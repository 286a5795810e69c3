"""HTML pages that need nothing but themselves: no network, no script."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from grader.errors import GraderError
from grader.feedback.class_page import class_facts
from grader.gradebook import Grade, Override
from grader.intake.collect import safe_name
from grader.results import NOT_ANSWERED, Outcome, QuestionResult, Report, TestResult

_WORDS = {
    Outcome.PASSED: "right",
    Outcome.FAILED: "wrong",
    Outcome.ERROR: "raised an error",
    Outcome.TIMEOUT: "out of time",
    Outcome.CRASHED: "crashed",
    Outcome.NOT_RUN: "not run",
}
_MOST_SHOWN = 5
INDEX = "index.html"


def student_page(
    report: Report,
    *,
    name: str = "",
    grade: Grade | None = None,
) -> str:
    """Returns one student's page.

    Args:
        report: what the grading found.
        name: of the student.
        grade: what counts in the end, where there is a gradebook.
    """
    overrides = grade.overrides if grade else {}
    return _render(
        "student.html",
        report=report,
        name=name,
        score=grade.score if grade else report.score,
        earned=grade.earned if grade else report.score,
        penalty=grade.penalty_percent if grade else 0.0,
        reason=grade.reason if grade else "",
        overrides=[overrides[key] for key in sorted(overrides)],
        points=_points(report, overrides),
        graded=grade.attempt.graded if grade and grade.attempt else "",
        verdict=_verdict,
        hints=_hints,
        failed=_failed,
        passed=lambda q: sum(t.outcome is Outcome.PASSED for t in q.tests),
    )


def write_report_page(reports: Sequence[Report], path: Path) -> None:
    """Writes the page of one report, or one page after another for several."""
    _write(path, "\n".join(student_page(report) for report in reports))


def write_feedback(
    grades: Sequence[Grade],
    assignment: str,
    folder: Path,
    pairs: Sequence[Any] | None = None,
) -> Path:
    """Writes a page for each student and one of the class.

    Args:
        grades: of everybody.
        assignment: its name.
        folder: ``folder/STUDENT.html`` and ``folder/index.html`` are written.
        pairs: similar submissions, if they were compared.

    Returns:
        The class page.
    """
    pages = {}
    for grade in grades:
        if grade.attempt is not None:
            report = Report.from_dict(grade.attempt.report)
            name = grade.student.name or grade.student.id
            file = f"{safe_name(grade.student.id)}.html"
            _write(folder / file, student_page(report, name=name, grade=grade))
            pages[grade.student.id] = quote(file)
    facts = class_facts(grades, pages)
    _write(
        folder / INDEX,
        _render("class.html", assignment=assignment, pairs=pairs, **facts),
    )
    return folder / INDEX


def number(value: float) -> str:
    """``15`` for 15.0, ``7.5`` for 7.5, ``3.33`` for a third of ten."""
    return f"{round(value, 2):g}"


def _points(report: Report, overrides: Mapping[str, Override]) -> dict[str, float]:
    points = {q.id: q.score for q in report.questions}
    said = {id: o.score for id, o in overrides.items() if o.score is not None}
    return points | {id: score for id, score in said.items() if id in points}


def _verdict(question: QuestionResult) -> str:
    if not question.graded:
        return "not graded here"
    if question.tests and all(t.message == NOT_ANSWERED for t in question.tests):
        return "cannot be read" if question.message else NOT_ANSWERED
    return _WORDS[question.outcome]


def _hints(question: QuestionResult) -> list[str]:
    return list(dict.fromkeys(test.hint for test in question.tests if test.hint))


def _failed(question: QuestionResult) -> list[TestResult]:
    lost = [t for t in question.tests if t.outcome is not Outcome.PASSED]
    return [t for t in lost if t.message != NOT_ANSWERED][:_MOST_SHOWN]


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(number=number, **values)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror}") from None
