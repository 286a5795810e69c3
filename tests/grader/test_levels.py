"""Which level a command grades at, on a machine where namespaces are forbidden."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from grader.manifest import ROOT
from grader.worker import seccomp
from tests.batch.conftest import hand_in
from tests.grader.course import NAME

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")


def run(*arguments):
    """Runs the grader as in a container that forbids namespaces."""
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=seccomp.install,  # refuses unshare, among others
        env=os.environ | {"COLUMNS": "500"},
    )


@pytest.fixture
def submission(tmp_path):
    return hand_in(tmp_path / "class", "anna").parent


def test_hidden_tests_do_not_run_unless_the_level_is_spelled_out(course, submission):
    done = run(course.assignment, submission)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "--sandbox=none" in line
    assert "--sandbox=restricted" in line
    assert done.stdout == ""


@pytest.mark.parametrize("level", ["restricted", "none"])
def test_spelled_out_it_is_graded_and_the_report_says_so(course, submission, level):
    done = run(course.assignment, submission, "--json", f"--sandbox={level}")
    report = json.loads(done.stdout)
    assert (report["score"], report["sandbox"]) == (5, level)
    assert (
        f"sandbox {level}: "
        in run(course.assignment, submission, f"--sandbox={level}").stdout
    )


def test_public_tests_and_the_courses_own_code_take_what_there_is(course, submission):
    for own in ([submission, "--public"], [course.solution], ["--solved"]):
        done = run(course.assignment, *own, "--json")
        assert json.loads(done.stdout)["sandbox"] == "restricted", done.stderr


def test_a_class_is_told_once(course, tmp_path):
    for number in range(5):
        hand_in(tmp_path / "class", f"s{number}")
    done = run("batch", course.assignment, tmp_path / "class", "--out", tmp_path / "o")
    assert done.returncode == 3
    assert done.stdout.count("spelled out") == 1
    assert "5 submissions: not graded: hidden tests need" in done.stdout
    spelled = run(
        *("batch", course.assignment, tmp_path / "class", "--out", tmp_path / "o"),
        "--sandbox=none",
    )
    assert "5 graded" in spelled.stdout
    assert "graded at sandbox level none: no isolation" in spelled.stdout


def test_the_doctor_says_what_to_spell_out():
    done = run("doctor")
    assert "restricted: " in done.stdout
    assert "--sandbox=restricted spelled out" in done.stdout


def test_a_student_without_hidden_tests_needs_nothing(course, submission, tmp_path):
    (course.solution / "tests").rename(tmp_path / "elsewhere")
    course.solution.rename(tmp_path / f"{NAME}-elsewhere")
    done = run(course.assignment, submission, "--json")
    assert json.loads(done.stdout)["tests"] == "public", done.stderr
