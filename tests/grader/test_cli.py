"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from grader import cli, manifest
from grader.manifest import ROOT
from tests.grader.course import notebook

RIGHT = notebook(
    "import numpy as np",
    ("double", "def double(x):\n    return np.asarray(x) * 2"),
    ("total", "def total(x):\n    return float(np.sum(x))"),
)
HALF = RIGHT.replace("* 2", "* 3")


@pytest.fixture
def here(course, monkeypatch):
    """A course that is also the current folder and where assignments are looked up."""
    course.write("assignments/01_tiny/01_tiny.ipynb", RIGHT)
    course.write("half.ipynb", HALF)
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(
        cli, "find_assignment", lambda text: manifest.find_assignment(text, course.root)
    )
    return course


@pytest.fixture
def run(monkeypatch, capfd):
    """Runs the command line in this process; returns code, stdout and stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capfd.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_full_marks_and_lost_points(here, run):
    code, out, err = run("assignments/01")
    assert (code, err) == (0, "")
    assert "5 / 5" in out
    code, out, err = run("01", "half.ipynb")
    assert (code, err) == (1, "")
    assert "2 / 5" in out
    assert "the result is not x + x" in out
    assert "Traceback" not in out


def test_the_reference_and_a_named_mistake(here, run):
    assert run("01", "solutions/01")[0] == 0
    assert run("01", "--solved")[0] == 0
    code, out, _ = run("01", "--mistake", "squares")
    assert code == 1
    assert "You squared x; twice x is x + x." in " ".join(out.split())


def test_where_there_are_no_known_mistakes_it_says_who_has_them(here, run):
    (here.root / "solutions" / "01_tiny" / "misconceptions.py").unlink()
    code, _, err = run("01", "--mistake", "squares")
    assert code == 2
    assert "no known mistakes here; only instructors have them" in err


def test_json_is_one_object_and_nothing_else(here, run):
    code, out, err = run("01", "half.ipynb", "--json", "--seed", "5")
    assert (code, err) == (1, "")
    data = json.loads(out)
    assert (data["assignment"], data["score"], data["points"]) == ("01_tiny", 2.0, 5.0)
    assert data["seed"] == 5
    assert data == json.loads(run("01", "half.ipynb", "--json", "--seed", "5")[1])
    other = json.loads(run("01", "half.ipynb", "--json", "--seed", "6")[1])
    assert other["questions"] != data["questions"]


def test_one_question(here, run):
    code, out, _ = run("01", "half.ipynb", "-q", "total", "--json")
    assert code == 0
    assert [q["id"] for q in json.loads(out)["questions"]] == ["total"]


def test_junit(here, run):
    assert run("01", "half.ipynb", "--junit", "out.xml")[0] == 1
    suites = ET.parse("out.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["1", "0"]


def test_the_tests_that_students_have(here, run):
    code, out, _ = run("01", "--public")
    assert code == 0
    assert "public tests show 5 of 5 points" in " ".join(out.split())


def test_several_assignments_and_a_summary(here, run):
    for path in list(here.assignment.rglob("*.*")):
        text = path.read_text().replace("01_tiny", "02_more")
        here.write(
            f"assignments/02_more/{path.name.replace('01_tiny', '02_more')}", text
        )
    code, out, _ = run("01", "02")
    assert code == 0
    assert [
        line for line in out.splitlines() if line.split()[:3] == ["All", "10", "10"]
    ]
    data = json.loads(run("01", "02", "--json")[1])
    assert (data["score"], data["points"]) == (10, 10)
    assert [r["tests"] for r in data["assignments"]] == ["hidden", "public"]


def test_a_fault_of_the_grader_is_no_lost_point(here, run):
    here.write("solutions/01_tiny/tests/test_total.py", "import nowhere_to_be_found")
    code, out, err = run("01", "--json")
    assert (code, out) == (3, "")
    assert len(err.splitlines()) == 1
    assert "test_total.py" in err


def test_an_unexpected_error_is_one_line_too(here, run, monkeypatch):
    def breaks(*_):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(cli, "load", breaks)
    code, _, err = run("01")
    assert code == 3
    assert err.splitlines() == [
        "grader: the grader itself failed (RuntimeError: unforeseen); "
        "GRADER_DEBUG=1 shows where"
    ]


def test_help(run, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["grader"])
    cli.main()
    assert "ASSIGNMENT [SUBMISSION]" in capfd.readouterr().out


def test_nothing_of_tensorflow_is_loaded_on_the_graders_side():
    code = (
        "import sys, grader.cli, grader.grade, grader.plugin, grader.explain\n"
        "import grader.sandbox, grader.reports.console\n"
        "print(sorted({'tensorflow', 'keras', 'jax', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


def test_a_real_process_and_a_pipe_that_closes(here):
    done = subprocess.run(
        [sys.executable, "-m", "grader", "assignments/01_tiny", "half.ipynb", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["score"] == 2
