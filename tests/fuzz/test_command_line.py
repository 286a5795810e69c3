"""Any words after ``python -m grader``: one of four exit codes, and no traceback."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st

import grader.batch.run
import grader.commands.new
import grader.doctor
import grader.grade
import grader.gradescope
import grader.regenerate
import grader.release
import grader.scaffold
from grader.batch.tasks import Result, unread
from grader.cli import main
from grader.errors import GraderError, SubmissionError
from grader.manifest import all_assignments, load
from grader.results import Report
from grader.scaffold import create_assignment
from tests.fuzz.harness import fuzz
from tests.fuzz.test_notebooks import assert_plain
from tests.grader.course import NAME, write_course

COMMANDS = (
    *("grade", "batch", "gradebook", "gradescope", "release", "new", "doctor"),
    *("regenerate", "show", "override", "export", "feedback", "04", "assignments/"),
)
OPTIONS = (
    *("-q", "--question", "--json", "--junit", "--html", "--seed", "--public", "-h"),
    *("--sandbox", "--solved", "--mistake", "--out", "--roster", "--jobs", "--engine"),
    *("--scheduler", "--check", "--execute", "--format", "-a", "--student", "--state"),
    *("--below", "--comment", "--author", "--folder", "--help", "--", "-", "--nope"),
)
#: Within the folder that the tests run in, or where nothing can be made.
WORDS = (
    *("", ".", "01_tiny", "assignments", "assignments/01_tiny", "01", "handed_in"),
    *("handed_in/alice", "grades", "grades/gradebook.sqlite", "roster.csv", "x/y/z"),
    *("handed_in/alice/01_tiny.ipynb", "out.xml", "out.csv", "out.parquet", "out"),
    *("roster.csv/below", "/dev/null", "/dev/full", "/proc/self/x", "a" * 300),
    *("isolated", "none", "auto", "local", "dask", "tcp://nobody:1", "double", "total"),
    *("0", "1", "-1", "1e9", "nan", "inf", "99", "4294967296", "back", "squares"),
    *("csv", "canvas", "junit", "graded", "missing", "alice", "%s", "{0}", "$(x)", "*"),
    *(
        "\x1b[31m",
        "a\nb",
        "\udcff\udcfe",
        "é",
        "日本",
        "\u202e",
        "'",
        '"',
        "\\",
        "\ud7ff",
    ),
)
#: As a shell can pass it: any bytes but zero.
ANY = st.binary(max_size=6).map(
    lambda b: os.fsdecode(b.replace(b"\0", b"").replace(b"/", b""))
)
ARGUMENTS = st.lists(
    st.sampled_from(WORDS) | st.sampled_from(OPTIONS) | ANY,
    max_size=5,
)
#: Right but for what comes after them.
STARTS = (
    (),
    ("assignments/01_tiny",),
    ("grade", "assignments/01_tiny", "handed_in/alice"),
    ("batch", "assignments/01_tiny", "handed_in", "--out", "grades"),
    ("batch", "assignments/01_tiny"),
    ("gradebook", "show", "grades"),
    ("gradebook", "override", "grades", "alice"),
    ("gradebook", "override", "grades", "alice", "3", "--comment", "x"),
    ("gradebook", "export", "grades"),
    ("gradebook", "export", "grades", "out.csv"),
    ("gradebook", "feedback", "grades"),
    ("release",),
    ("gradescope", "assignments/01_tiny"),
    ("new",),
    ("new", "13"),
    ("regenerate",),
    ("doctor",),
)


def canned(manifest, submission, how=None) -> Report:
    """What grading would give; nothing is started."""
    for id in how.only:
        manifest.question(id)
    said = str(SubmissionError("\x1b[31mnot\ud800 here\n"))
    return Report.from_dict(unread(manifest, said, 1))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A course, hand-ins and a gradebook, and nothing that starts a process."""
    place = tmp_path_factory.mktemp("a") / "b" / "c"
    place.mkdir(parents=True)
    course = write_course(place)
    for student in ("alice", "bob\x1b[31m"):
        file = place / "handed_in" / student / f"{NAME}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_text('{"cells": [], "nbformat": 4}')
    (place / "roster.csv").write_text("id,name\nalice,Alice\n")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader.grade, "grade", canned)
        patch.setattr(
            grader.batch.run,
            "_engine",
            lambda tasks, how: (
                Result(task.index, report=unread(course.manifest, "x", 1))
                for task in tasks
            ),
        )
        patch.setattr(grader.doctor, "CHECKS", ())
        patch.setattr(grader.regenerate, "regenerate", lambda *a, **k: True)
        patch.setattr(grader.regenerate, "regenerate_walkthrough", lambda *a, **k: None)
        made = type("Bundle", (), {"files": {"README.md": b"x"}, "leaks": []})
        patch.setattr(grader.release, "make_bundle", lambda manifests: made)
        patch.setattr(grader.release, "find_answers", lambda files: [])
        patch.setattr(grader.gradescope, "autograder_files", lambda m: {"a": b"x"})
        patch.setattr(grader.commands.new, "ROOT", place)
        patch.setattr(
            grader.scaffold,
            "create_assignment",
            lambda number, title: create_assignment(number, title, place),
        )
        os.chdir(place)
        try:
            yield place
        finally:
            os.chdir(before)


def run(arguments) -> tuple[int, str, str]:
    """Runs the command as a shell does; returns exit code, output and errors."""
    out, err = io.BytesIO(), io.BytesIO()
    stdout = io.TextIOWrapper(out, "utf-8", "strict", write_through=True)
    stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["grader", *arguments])
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
    return code, out.getvalue().decode(), err.getvalue().decode()


@fuzz(
    "command line",
    cases=400,
    start=st.sampled_from(STARTS),
    first=st.sampled_from(COMMANDS) | st.none(),
    rest=ARGUMENTS,
)
def test_any_words(here, start, first, rest):
    words = [*start, *([first] if first and not start else []), *rest]
    code, out, err = run(words)
    assert code in (0, 1, 2, 3), code
    said = out + err
    assert "Traceback" not in said
    assert "the grader itself failed" not in err, err
    if code in (2, 3) and err:
        assert err.rstrip("\n").count("\n") == 0 or "Usage" in err, err
    assert "\x1b" not in said, "an escape sequence reached the terminal"


def test_the_starts_are_right(here):
    """What the random words follow does work by itself."""
    assert run(("batch", "assignments/01_tiny", "handed_in", "--out", "grades"))[0] == 0
    assert run(("assignments/01_tiny", "handed_in/alice"))[0] == 1
    assert run(("gradebook", "show", "grades"))[0] == 0
    assert (
        run(("gradebook", "override", "grades", "alice", "3", "--comment", "x"))[0] == 0
    )
    assert run(("gradebook", "export", "grades", "out.csv"))[0] == 0
    assert run(("release", "--out", "out"))[0] == 0


@fuzz(
    "command line",
    cases=100,
    title=st.text(max_size=20)
    | st.sampled_from([w for w in WORDS if "/" not in w])
    | st.text(alphabet="ab\"'\\$ {}#%:[]=\n", max_size=20),
    number=st.integers(-1, 120),
)
def test_a_new_assignment_of_any_title(tmp_path_factory, title, number):
    root = tmp_path_factory.mktemp("new")
    for name in ("assignments", "solutions", "notebooks"):
        (root / name).mkdir()
    try:
        create_assignment(number, title, root)
    except GraderError as error:
        assert_plain(str(error))
        assert list(root.rglob("*.*")) == []
        return
    (folder,) = all_assignments(root)
    assert load(folder).title == title
