"""Grades in other systems' words, and nothing in them that a spreadsheet runs."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from click.testing import CliRunner

from grader.cli import cli
from grader.exports.tables import plain_text
from grader.gradebook import Attempt, Gradebook, Override, State, Student
from grader.results import Outcome, QuestionResult, Report, TestResult

NAME = "01_tiny"
EVIL = '=HYPERLINK("http://x","y")'
WIDE = chr(0xFF1D)  # an equals sign of East Asian keyboards


def report(score: float, misconception: str = "") -> Report:
    tests = (
        TestResult(
            "is twice as much",
            Outcome.PASSED if score == 3 else Outcome.FAILED,
            "" if score == 3 else "<b>not x + x</b>",
            "You squared x." if misconception else "",
            "double(3)",
            misconception,
        ),
    )
    outcome = Outcome.PASSED if score == 3 else Outcome.FAILED
    double = QuestionResult("double", "Twice", score, 3.0, outcome, tests)
    total = QuestionResult(
        "total", "All", 0.0, 2.0, Outcome.NOT_RUN, (), "no nvcc", graded=False
    )
    return Report(NAME, "Tiny", "x", 7, "isolated", "hidden", (double, total), ("hm",))


@pytest.fixture
def grades(tmp_path):
    """A folder with a gradebook: one right, one wrong and late, one missing."""
    folder = tmp_path / "grades"
    folder.mkdir()
    with Gradebook(folder / "gradebook.sqlite") as book:
        book.enrol([Student("1003", "Ada Lim", "ada@example.org", True)])
        for student, name, made, late in (
            ("1001", "Jane van Doe", report(3.0), 0.0),
            ("1002", EVIL, report(0.0, "squares"), 20.0),
        ):
            book.record(
                Attempt(
                    assignment=NAME,
                    student=student,
                    key=student,
                    digest=student,
                    state=State.GRADED,
                    reason="",
                    score=made.score,
                    points=made.points,
                    submitted="2027-03-01T22:00:00+00:00",
                    late=bool(late),
                    penalty_percent=late,
                    folder="",
                    note="",
                    graded="2027-03-02T08:00:00+00:00",
                    seconds=1.0,
                    report=made.as_dict(),
                ),
                Student(student, name, f"{student}@example.org"),
            )
    return folder


def run(*arguments, code=0):
    done = CliRunner().invoke(cli, ["gradebook", *map(str, arguments)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def read(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_csv_and_parquet_hold_the_same(grades, tmp_path):
    run("export", grades, tmp_path / "g.csv")
    run("export", grades, tmp_path / "g.parquet")
    rows = {row["student"]: row for row in read(tmp_path / "g.csv")}
    assert {id: float(row["score"]) for id, row in rows.items()} == {
        "1001": 3,
        "1002": 0,
        "1003": 0,
    }
    assert rows["1002"]["misconceptions"] == "squares"
    assert rows["1003"]["state"] == "missing"
    assert rows["1001"]["points:double"] == "3.0"
    table = pd.read_parquet(tmp_path / "g.parquet").set_index("student")
    assert table.loc["1001", "score"] == 3
    assert table.loc["1002", "name"] == EVIL, "parquet needs no protection"


@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_is_a_formula(grades, tmp_path, form):
    with Gradebook(grades / "gradebook.sqlite") as book:
        for number, start in enumerate(("=", "+", "-", "@", "\t=", " =", "\r=", WIDE)):
            book.enrol([Student(f"{start}x{number}", f"{start}1+1", "", True)])
    run("export", grades, tmp_path / "g.csv", "--format", form)
    for row in read(tmp_path / "g.csv"):
        for cell in row.values():
            try:
                float(cell)
            except ValueError:
                assert cell.strip(" ")[:1] not in {*"=+@\t\r", WIDE}, row
                assert cell == "-" or not cell.strip(" ").startswith("-"), row


def test_a_number_stays_a_number_and_text_is_kept():
    assert plain_text("O'Neil-Smith") == "O'Neil-Smith"
    assert plain_text("-1") == "'-1"
    assert plain_text("a\x00b\x1b[1m") == "ab[1m"


def test_canvas_reads_its_columns(grades, tmp_path):
    run("export", grades, tmp_path / "c.csv", "--format", "canvas")
    points, jane, *_, ada = read(tmp_path / "c.csv")
    assert points["Student"].strip() == "Points Possible"
    assert float(points[NAME]) == 3
    assert jane["Student"] == "Doe, Jane van"
    assert (jane["ID"], float(jane[NAME])) == ("1001", 3)
    assert ada[NAME] == "", "nothing handed in is not a zero"


def test_gradescope_and_junit_have_a_file_for_each(grades, tmp_path):
    run("export", grades, tmp_path / "gs", "--format", "gradescope")
    results = json.loads((tmp_path / "gs" / "1002" / "results.json").read_text())
    assert results["score"] == 0
    assert [test["max_score"] for test in results["tests"]] == [3, 0]
    told = results["tests"][0]
    assert (told["status"], told["output_format"]) == ("failed", "text")
    assert "hint: You squared x." in told["output"]
    assert "20 % are taken off" in results["output"]
    run("export", grades, tmp_path / "ju", "--format", "junit")
    root = ET.parse(tmp_path / "ju" / "1002.xml").getroot()
    assert root.find("testsuite").get("failures") == "1"


def test_a_report_comes_back_from_its_json_form():
    for made in (report(3.0), report(0.0, "squares")):
        assert Report.from_dict(json.loads(json.dumps(made.as_dict()))) == made


def test_show_filters(grades):
    assert run("show", grades).splitlines()[0] == f"{NAME}: 3 students"
    assert "1002" in run("show", grades, "--question", "double", "--below", "1")
    assert "1001" not in run("show", grades, "--question", "double")
    assert "Ada Lim" in run("show", grades, "--state", "missing")
    assert "2027-03-02" in run("show", grades, "--student", "1001")


def test_override_and_take_back(grades):
    who = ("override", grades, "1002")
    told = run(*who, 2.5, "-q", "double", "--comment", "x*x is right for 2")
    assert "2 / 3" in told, "20 % late"
    with Gradebook(grades / "gradebook.sqlite") as book:
        said = book.overrides(NAME)["1002", "double"]
        assert isinstance(said, Override)
        assert (said.score, said.comment) == (2.5, "x*x is right for 2")
    assert "by hand" in run("show", grades, "--student", "1002")
    assert "0 / 3" in run(*who, "back", "-q", "double", "--comment", "no")


BAD = {
    "no such student": ("override", 9, 1, "--comment", "x"),
    "no question 'x'": ("override", 1001, 1, "-q", "x", "--comment", "x"),
    "is no score": ("override", 1001, "lots", "--comment", "x"),
    "no student": ("override", "zz", 1, "--comment", "x"),
}


@pytest.mark.parametrize(("message", "arguments"), BAD.items(), ids=BAD)
def test_bad_words_are_refused_in_a_line(grades, message, arguments):
    command, *rest = arguments
    done = CliRunner().invoke(cli, ["gradebook", command, str(grades), *map(str, rest)])
    assert done.exit_code
    assert message.replace("no such student", "no student") in str(done.exception)


def test_what_is_left_out_of_a_cell_protects_nothing():
    for unseen in ("\x01", "\x1b", "\ud800", "\x9f", "\ufeff", "\u200b", "\xa0", " "):
        assert plain_text(f"{unseen}=1+1").startswith("'"), repr(unseen)
    assert plain_text("a\x9b2J\x7f") == "a2J"
