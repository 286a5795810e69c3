"""Hostile words in reports and gradebooks: pages, tables and terminals stay inert."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import strategies as st
from rich.console import Console

from grader.exports import write
from grader.exports.tables import plain_text
from grader.feedback import student_page, write_feedback
from grader.gradebook import Attempt, Grade, Gradebook, Override, State, Student, grades
from grader.printable import one_line, printable
from grader.reports.console import print_report
from grader.results import Outcome, QuestionResult, Report, TestResult
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import ODD_TEXTS
from tests.fuzz.test_notebooks import TURNS, odd_characters

NAME = "01_tiny"
#: East Asian forms of = + - @.
WIDE = "\uff1d\uff0b\uff0d\uff20"
HOSTILE = (
    *ODD_TEXTS,
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</pre></details>"),
    *("\"><a href='javascript:x'>", "' onmouseover='x", "<!--", "]]>", "&#60;b&#62;"),
    *("{{ 7 * 7 }}", "{% raw %}", "<svg/onload=x>", "</title><meta http-equiv=x>"),
    *('=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"),
    *(" =1", "\x01=1", "\ud800=1", "\u200b=1", "\ufeff=1", "'=1", '"=1', f"{WIDE[0]}1"),
    *("\x1b]0;title\x07", "\x1b[2J", "\x9b2J", "\x1bPq\x1b\\", "\x08\x08\x08", "\x7f"),
    *("[bold]x[/bold]", "[link=http://x]y[/link]", ":smile:", "x,y;z\t'\"\n=1+1"),
    *("x" * 1_000_000, "<b>" * 50_000),
)
TEXT = st.sampled_from(HOSTILE) | st.text(max_size=12)
SHORT = st.sampled_from(HOSTILE[:-2]) | st.text(max_size=12)
FOUR = st.tuples(SHORT, SHORT, SHORT, SHORT)


def report(texts) -> Report:
    """A report with `texts` wherever a student's words can stand."""
    message, hint, called, note = (printable(text) for text in texts)
    tests = (
        TestResult("adds up", Outcome.PASSED),
        TestResult("is twice", Outcome.FAILED, message, hint, called, "squares"),
    )
    double = QuestionResult("double", "Twice", 0.0, 3.0, Outcome.FAILED, tests, message)
    total = QuestionResult("total", "All", 2.0, 2.0, Outcome.PASSED, tests[:1])
    return Report(
        NAME, "Tiny", texts[0], 7, "isolated", "hidden", (double, total), (note,)
    )


def graded(made: Report, student: Student, reason: str, comment: str) -> Grade:
    """What the gradebook makes of a report."""
    attempt = Attempt(
        assignment=NAME,
        student=student.id,
        key="k",
        digest="d",
        state=State.PARTLY,
        reason=reason,
        score=made.score,
        points=made.points,
        submitted="",
        late=False,
        penalty_percent=0.0,
        folder="",
        note=reason,
        graded="2027-03-02T08:00:00+00:00",
        seconds=1.0,
        report=made.as_dict(),
    )
    said = Override(NAME, student.id, "double", 1.0, comment, comment, "2027")
    return Grade(
        student=student,
        questions={"double": 1.0, "total": 2.0},
        points=5.0,
        earned=3.0,
        penalty_percent=0.0,
        score=3.0,
        state=State.PARTLY,
        reason=reason,
        overrides={"double": said},
        attempt=attempt,
    )


class Tags(HTMLParser):
    """The elements and attributes of a page, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.others: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen[tag, tuple(name for name, _ in attrs)] += 1
        self.others += [
            value
            for name, value in attrs
            if name in ("href", "src") and ":" in (value or "")
        ]

    def handle_comment(self, data):
        self.others.append(data)

    def handle_pi(self, data):
        self.others.append(data)


def shape(page: str) -> Counter[tuple[str, tuple[str, ...]]]:
    found = Tags(page)
    assert found.others == []
    return found.seen


PLAIN = ("wrong", "a hint", "double(3)", "a note")


@fuzz("pages", cases=200, texts=st.tuples(TEXT, TEXT, TEXT, TEXT), name=TEXT)
def test_a_students_page(texts, name):
    page = student_page(report(texts), name=name)
    page.encode(errors="replace")
    plain = shape(student_page(report(PLAIN), name="Jane"))
    # What is empty is left out; nothing is ever added.
    assert not shape(page) - plain, shape(page) - plain


@fuzz("pages", cases=30, texts=FOUR, id=SHORT, name=SHORT, said=SHORT)
def test_the_page_of_the_class(tmp_path_factory, texts, id, name, said):
    out = tmp_path_factory.getbasetemp() / "pages"
    shapes = []
    for made, student, words in (
        (report(PLAIN), Student("1", "Jane"), "late"),
        (report(texts), Student(id or "x", name), said),
    ):
        for file in out.glob("*"):
            file.unlink()
        found = [graded(made, student, words, words), missing(student)]
        page = write_feedback(found, NAME, out)
        assert {file.parent for file in out.rglob("*.html")} == {out}
        assert len(list(out.iterdir())) == 2, "a page of each student, and the class's"
        shapes.append([shape(f.read_text("utf-8")) for f in (page, *pages(out))])
    for plain, hostile in zip(*shapes, strict=True):
        assert not hostile - plain


def pages(out: Path) -> list[Path]:
    return [file for file in out.iterdir() if file.name != "index.html"]


def missing(student: Student) -> Grade:
    return Grade(student, {}, 5.0, 0.0, 0.0, 0.0, None, "nothing", {}, None)


FORMATS = ("csv", "canvas", "moodle", "parquet", "json", "junit", "gradescope")


@fuzz(
    "exports",
    cases=250,
    texts=FOUR,
    id=SHORT,
    name=SHORT,
    email=SHORT,
    form=st.sampled_from(FORMATS),
)
def test_exports(tmp_path_factory, texts, id, name, email, form):
    folder = tmp_path_factory.getbasetemp() / "exports"
    folder.mkdir(exist_ok=True)
    # As they come from where they are read; what is left can still be a formula.
    student = Student(*(one_line(said) for said in (id or "x", name, email)))
    reason, comment = one_line(texts[0]), one_line(texts[1])
    found = [graded(report(texts), student, reason, comment)]
    target = folder / f"out-{form}"
    write(form, found, NAME, target)
    if form in ("csv", "canvas", "moodle"):
        with target.open(newline="", encoding="utf-8") as stream:
            for row in csv.reader(stream):
                for cell in row:
                    assert_no_formula(cell)
    elif form == "parquet":
        assert len(pd.read_parquet(target)) == 1
    elif form == "json":
        assert json.loads(target.read_text("utf-8"))["assignment"] == NAME
    else:
        for file in target.rglob("*.*"):
            if form == "junit":
                ET.parse(file)
            else:
                json.loads(file.read_text("utf-8"))


def assert_no_formula(cell: str) -> None:
    """As a spreadsheet reads a cell: leading blanks do not protect."""
    try:
        float(cell)
    except ValueError:
        start = cell.lstrip(" \ufeff\u200b\xa0")[:1]
        assert cell == "-" or start not in {*"=+-@\t\r\n", *WIDE}, repr(cell)
    assert not odd_characters(cell) - TURNS, repr(cell)


@fuzz("exports", cases=200, text=SHORT)
def test_cells(text):
    cell = plain_text(text)
    cell.encode()
    assert_no_formula(cell)


@fuzz("terminal", cases=200, texts=st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_the_terminal(texts):
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, "utf-8", "strict", write_through=True)
    console = Console(
        file=stream, width=100, highlight=False, markup=False, emoji=False
    )
    print_report(report(texts), console)
    shown = buffer.getvalue().decode()
    assert odd_characters(shown) <= {"\n", "\t"}, repr(shown)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    with Gradebook(tmp_path_factory.mktemp("book") / "gradebook.sqlite") as opened:
        yield opened


@fuzz("gradebook", cases=150, texts=FOUR, name=SHORT)
def test_what_a_gradebook_keeps_comes_back(book, texts, name):
    made = report(texts)
    plain = printable(name) or "x"
    student = Student(plain, plain, plain)
    attempt = graded(made, student, plain, plain).attempt
    assert attempt is not None
    book.record(Attempt(**attempt.__dict__ | {"turn": book.next_turn()}), student)
    (grade,) = [g for g in grades(book, NAME) if g.student.id == plain]
    assert Report.from_dict(grade.attempt.report).questions is not None
