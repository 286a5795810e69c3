"""What was proven is not proven again, unless anything that decides it has changed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader import regenerate as package
from grader.authoring import read_variants
from grader.regenerate import proven, regenerate
from grader.regenerate.judges import Judges
from grader.regenerate.proven import Proven
from tests.grader.course import ALTERNATIVES, MISCONCEPTIONS, SOLUTION, TESTS


@pytest.fixture
def run(course, monkeypatch):
    """Checks the course; returns whether it is good, what is said, who was graded."""
    monkeypatch.setattr(package, "ROOT", course.root)
    monkeypatch.setattr(package, "WALKTHROUGHS", course.root / "notebooks")
    monkeypatch.setattr(package.leaks, "ROOT", course.root)
    graded = []
    submit = Judges.submit

    def counted(self, job, priority=0):
        graded.append(job.variant.name if job.variant else job.question)
        return submit(self, job, priority)

    monkeypatch.setattr(Judges, "submit", counted)

    def checked(**settings):
        graded.clear()
        buffer = io.StringIO()
        how = {"check": False, "execute": False, "afresh": False} | settings
        console = Console(file=buffer, width=200)
        good = regenerate([course.assignment], console=console, **how)
        return good, buffer.getvalue(), sorted(graded)

    return checked


#: Of the solution two answers, by the names of their questions.
ALL = ["double", "squares", "sums", "takes_the_mean", "total"]


def test_only_what_has_changed_is_proven_again(run, course):
    good, text, graded = run()
    assert good, text
    assert graded == ALL
    assert "as before" not in text

    good, text, graded = run(check=True)
    assert good, text
    assert graded == []
    assert "the solution scores 5 of 5, as before" in text
    assert "2 of 2 misconceptions lose, with hint, as before" in text
    assert "1 of 1 other right answers pass, as before" in text

    assert run(check=True, afresh=True)[2] == ALL

    stricter = TESTS["total"].replace("[1, 5]", "[1, 5, 6]")
    course.write("solutions/01_tiny/tests/test_total.py", stricter)
    good, text, graded = run(check=True)
    assert good, text
    assert graded == ["sums", "takes_the_mean", "total"]
    assert "the solution scores 5 of 5; 1 as before" in text
    assert "2 of 2 misconceptions lose, with hint; 1 as before" in text

    other = ALTERNATIVES.replace("np.sum(x)", "x.sum()")
    course.write("solutions/01_tiny/alternatives.py", other)
    assert run(check=True)[2] == ["sums"]
    other = MISCONCEPTIONS.replace("x * x", "x ** 2")
    course.write("solutions/01_tiny/misconceptions.py", other)
    assert run(check=True)[2] == ["squares", "takes_the_mean"]


def test_what_no_longer_holds_is_found_and_found_again(run, course):
    assert run()[0]
    wrong = MISCONCEPTIONS.replace("float(np.mean(x))", "float(np.sum(x))")
    course.write("solutions/01_tiny/misconceptions.py", wrong)
    for _ in range(2):
        good, text, graded = run(check=True)
        assert not good
        assert "takes_the_mean is wrong but gets the points of total" in text
        assert "takes_the_mean" in graded
    course.write("solutions/01_tiny/misconceptions.py", MISCONCEPTIONS)
    broken = SOLUTION.replace("result = 0.0", "result = 1.0")
    course.write("solutions/01_tiny/01_tiny.py", broken)
    for expected in (ALL, ["total"]):
        good, text, graded = run()
        assert not good
        assert graded == expected
        assert "the solution scores 3 of 5" in text
    # What is taken back is known again.
    course.write("solutions/01_tiny/01_tiny.py", SOLUTION)
    good, _, graded = run(check=True)
    assert good
    assert graded == []


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\x00", "{"])
def test_notes_that_nobody_can_read_are_none(run, course, text):
    assert run()[0]
    course.write("build/proofs/01_tiny.json", text)
    good, _, graded = run(check=True)
    assert good
    assert graded == ALL


def test_notes_that_cannot_be_written_cost_time_alone(run, course):
    course.write("build", "a file, no folder")
    assert run()[0]
    assert run(check=True)[2] == ALL


def keys(course):
    notes = Proven.read(course.manifest, course.root / "build")
    for question in ("double", "total"):
        notes.note(question, None, "")
    for kind in ("misconception", "alternative"):
        for variant in read_variants(course.manifest, kind):
            notes.note(variant.question, variant, "")
    assert len(notes._now) == 5
    return {*notes._now}


DECIDING = {
    "the manifest": "assignments/01_tiny/assignment.toml",
    "what students are given": "assignments/01_tiny/given/tools.h",
    "public tests": "assignments/01_tiny/test_public.py",
    "the solution": "solutions/01_tiny/01_tiny.py",
    "what tests share": "solutions/01_tiny/tests/conftest.py",
    "what solutions share": "solutions/oracles/sums.py",
}
IDLE = {
    "a notebook": "assignments/01_tiny/01_tiny.ipynb",
    "a text": "assignments/01_tiny/README.md",
    "which tests are first": "solutions/01_tiny/recognised.toml",
    "another assignment": "solutions/02_other/tests/test_double.py",
}


@pytest.mark.parametrize("path", DECIDING.values(), ids=DECIDING)
def test_what_decides_every_answer(course, path):
    before = keys(course)
    file = course.root / path
    course.write(path, (file.read_text() if file.exists() else "") + "\n# changed\n")
    assert not before & keys(course)


@pytest.mark.parametrize("path", IDLE.values(), ids=IDLE)
def test_what_decides_nothing(course, path):
    before = keys(course)
    course.write(path, "changed")
    assert keys(course) == before


def test_another_version_of_a_package_is_another_proof(course, monkeypatch, tmp_path):
    monkeypatch.setattr(proven.sysconfig, "get_path", lambda name: tmp_path)
    found = []
    for version in ("2.20.0", "2.21.0"):
        folder = tmp_path / f"tensorflow-{version}.dist-info"
        folder.mkdir()
        found.append(keys(course))
        folder.rmdir()
    assert not found[0] & found[1]
    assert keys(course) == keys(course)
