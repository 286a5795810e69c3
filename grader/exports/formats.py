"""One function for each format that a gradebook can be written in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.exports.gradescope import results, write_results
from grader.exports.lms import canvas, moodle
from grader.exports.tables import frame, with_errors, write_csv, write_parquet
from grader.gradebook import Grade
from grader.intake.collect import safe_name
from grader.reports.junit import write_junit
from grader.results import Report


def write(form: str, found: Sequence[Grade], name: str, out: Path) -> None:
    """Writes the grades of assignment `name` to `out`.

    Args:
        form: a key of the table below.
        out: a file; for ``gradescope`` and ``junit`` a folder.

    Raises:
        GraderError: if it cannot be written.
    """
    _EXPORTS[form](found, name, out)


def _csv(found: Sequence[Grade], name: str, out: Path) -> None:
    del name
    write_csv(frame(found), out)


def _parquet(found: Sequence[Grade], name: str, out: Path) -> None:
    del name
    write_parquet(frame(found), out)


def _canvas(found: Sequence[Grade], name: str, out: Path) -> None:
    write_csv(canvas(found, name), out)


def _moodle(found: Sequence[Grade], name: str, out: Path) -> None:
    write_csv(moodle(found, name), out)


def _gradescope(found: Sequence[Grade], name: str, out: Path) -> None:
    del name
    for grade in found:
        if grade.attempt:
            report = _report(grade)
            folder = _folder(grade)
            data = results(report, grade.penalty_percent) | {"score": grade.score}
            write_results(data, out / folder / "results.json")


def _junit(found: Sequence[Grade], name: str, out: Path) -> None:
    del name
    with_errors(lambda: out.mkdir(parents=True, exist_ok=True), out)
    for grade in found:
        if grade.attempt:
            write_junit([_report(grade)], out / f"{_folder(grade)}.xml")


def _json(found: Sequence[Grade], name: str, out: Path) -> None:
    students = [
        {
            "student": grade.student.id,
            "name": grade.student.name,
            "score": grade.score,
            "points": grade.points,
            "state": grade.state.value if grade.state else "missing",
            "questions": dict(grade.questions),
            "report": grade.attempt.report if grade.attempt else None,
        }
        for grade in found
    ]
    text = json.dumps({"assignment": name, "students": students}, indent=1)
    with_errors(lambda: out.write_text(text, encoding="utf-8"), out)


_EXPORTS: dict[str, Callable[[Sequence[Grade], str, Path], None]] = {
    "csv": _csv,
    "parquet": _parquet,
    "canvas": _canvas,
    "moodle": _moodle,
    "gradescope": _gradescope,
    "junit": _junit,
    "json": _json,
}


def _report(grade: Grade) -> Report:
    assert grade.attempt is not None
    return Report.from_dict(grade.attempt.report)


def _folder(grade: Grade) -> str:
    """A name for the student's files: the one that intake chose."""
    return safe_name(grade.student.id)
