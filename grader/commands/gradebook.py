"""``python -m grader gradebook``: look up, correct and export what was graded."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from grader.errors import GraderError
from grader.gradebook import Grade, Gradebook, Override, State, grades, now
from grader.manifest import find_assignment, load

_NAME = "gradebook.sqlite"
_FORMATS = ("csv", "parquet", "canvas", "moodle", "gradescope", "junit", "json")


@click.group("gradebook")
def command() -> None:
    """Shows, corrects and exports a gradebook: gradebook show GRADES

    GRADES is the folder that `batch --out` filled.
    """


_BOOK = click.argument("book", metavar="GRADES", type=click.Path(path_type=Path))
_ASSIGNMENT = click.option(
    "-a", "--assignment", default="", help="Name or number; needed if there are more."
)


@command.command("show")
@_BOOK
@_ASSIGNMENT
@click.option("--student", help="Only this one, with all attempts.")
@click.option("--state", type=click.Choice([*State, "missing"]), help="Only these.")
@click.option("--question", help="Only those who lost points in this question.")
@click.option("--below", type=float, help="Only scores below this.")
def show(book: Path, assignment: str, **only: Any) -> None:
    """Shows the grades that count, filtered."""
    with _opened(book) as opened:
        name = _assignment(opened, assignment)
        found = [g for g in grades(opened, name) if _wanted(g, **only)]
        click.echo(f"{name}: {len(found)} students")
        for grade in found:
            click.echo(_line(grade))
        if only["student"]:
            for attempt in opened.attempts(name, only["student"]):
                click.echo(
                    f"  {attempt.graded}  {attempt.state.value}  {attempt.score:g} of "
                    f"{attempt.points:g}  {attempt.folder}"
                )
            for grade in found:
                for question, said in grade.overrides.items():
                    what = question or "the total"
                    click.echo(
                        f"  {said.made}  {said.author} set {what} to {said.score:g}: "
                        f"{said.comment}"
                    )


@command.command("override")
@_BOOK
@click.argument("student")
@click.argument("score", metavar="SCORE|back")
@_ASSIGNMENT
@click.option("-q", "--question", default="", help="One question; else the total.")
@click.option("--comment", required=True, help="Why; the student can read it.")
@click.option("--author", help="Who says so; your login if left out.")
def override(
    book: Path,
    student: str,
    score: str,
    assignment: str,
    question: str,
    comment: str,
    author: str | None,
) -> None:
    """Sets a score by hand, or takes that `back`; it survives every regrade."""
    with _opened(book) as opened:
        name = _assignment(opened, assignment)
        if student not in opened.students():
            raise GraderError(f"{book}: no student {student!r} in this gradebook")
        attempt = opened.latest(name).get(student)
        _check_question(question, attempt.report["questions"] if attempt else [])
        value = None if score == "back" else _score(score)
        by = author or getpass.getuser()
        opened.override(Override(name, student, question, value, comment, by, now()))
        grade = next(g for g in grades(opened, name) if g.student.id == student)
        click.echo(_line(grade))


@command.command("export")
@_BOOK
@click.argument("out", type=click.Path(path_type=Path))
@_ASSIGNMENT
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="By the file's suffix if left out; gradescope and junit need a folder.",
)
def export(book: Path, out: Path, assignment: str, form: str | None) -> None:
    """Writes the grades for another system."""
    form = form or out.suffix.removeprefix(".")
    if form not in _FORMATS:
        formats = "|".join(_FORMATS)
        raise GraderError(f"{out}: say what it should be: --format {formats}")
    from grader.exports import write

    with _opened(book) as opened:
        name = _assignment(opened, assignment)
        found = grades(opened, name)
    write(form, found, name, out)
    click.echo(f"{len(found)} students written to {out}")


@command.command("feedback")
@_BOOK
@_ASSIGNMENT
def feedback(book: Path, assignment: str) -> None:
    """Writes every student's page, and the page of the class, anew."""
    from grader.feedback import write_feedback
    from grader.similarity import compare_class

    with _opened(book) as opened:
        name = _assignment(opened, assignment)
        found = grades(opened, name)
    out = opened.path.parent
    pairs = None
    with contextlib.suppress(GraderError):  # the assignment may be elsewhere
        pairs = compare_class(found, load(find_assignment(name)), out)
    page = write_feedback(found, name, out / "feedback" / name, pairs)
    click.echo(f"{len(found)} students; the class: {page}")


def _opened(path: Path) -> Gradebook:
    return Gradebook(path / _NAME if path.is_dir() else path, create=False)


def _assignment(book: Gradebook, text: str) -> str:
    known = book.assignments()
    found = [name for name in known if name.startswith(text)]
    if len(found) == 1:
        return found[0]
    if not known:
        raise GraderError(f"{book.path}: nothing has been graded yet")
    raise GraderError(
        f"which assignment? This gradebook has {', '.join(known)}; say -a NUMBER"
    )


def _wanted(
    grade: Grade,
    student: str | None,
    state: str | None,
    question: str | None,
    below: float | None,
) -> bool:
    if student and grade.student.id != student:
        return False
    if state and (grade.state.value if grade.state else "missing") != state:
        return False
    if below is not None and grade.score >= below:
        return False
    asked = grade.attempt.report["questions"] if grade.attempt else []
    if question:
        _check_question(question, asked)
        full = {q["id"]: q["points"] for q in asked}
        return bool(grade.questions.get(question, 0.0) < full.get(question, 1.0))
    return True


def _check_question(question: str, asked: Sequence[Any]) -> None:
    ids = [q["id"] for q in asked]
    if question and ids and question not in ids:
        raise GraderError(f"no question {question!r}; there is {', '.join(ids)}")


def _score(text: str) -> float:
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 <= value < 1e7:
            return value
    raise GraderError(f"{text!r} is no score; give a number, 0 or more, or back")


def _line(grade: Grade) -> str:
    state = grade.state.value if grade.state else "missing"
    who = f"{grade.student.id:16} {grade.student.name:24}"
    late = f"  -{grade.penalty_percent:g} % late" if grade.penalty_percent else ""
    by_hand = "  by hand" if grade.overrides else ""
    return f"{who} {grade.score:6g} / {grade.points:g}  {state}{late}{by_hand}"
