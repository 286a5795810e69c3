"""A class is graded exactly once, whatever is in it and whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.batch import Batch, grade_class
from grader.batch.local import run
from grader.batch.tasks import Task, judge
from grader.cli import cli
from grader.errors import GraderError
from grader.gradebook import Gradebook, Override, State, grades
from grader.manifest import ROOT, load
from grader.results import Report
from tests.batch.conftest import SQUARES, hand_in
from tests.grader.course import NAME

ENDLESS = "def double(x):\n    while True:\n        pass"
DIES = "import os\ndef double(x):\n    os._exit(0)"


def graded(course, source, out, **how):
    return grade_class(course.manifest, source, Batch(out, jobs=2, **how))


def book(out):
    return Gradebook(out / "gradebook.sqlite")


def scores(out):
    with book(out) as opened:
        return {g.student.id: g.score for g in grades(opened, NAME)}


def test_every_kind_of_end_has_its_state_and_its_reason(course, tmp_path):
    text = course.assignment / "assignment.toml"
    text.write_text(text.read_text().replace("timeout_s = 20", "timeout_s = 3"))
    source = tmp_path / "class"
    hand_in(source, "alice")
    hand_in(source, "bob", double=SQUARES)
    hand_in(source, "carol", double=ENDLESS)
    hand_in(source, "dan", double=DIES)
    hand_in(source, "eve", double="def double(x:\n    return x")
    hand_in(source, "fay").write_text("no notebook")
    hand_in(source, "gus", double="raise SystemExit", total="def total(x): return 1/0")
    summary = graded(course, source, tmp_path / "out")
    assert sum(summary.graded.values()) == 7
    assert not summary.faults
    with book(tmp_path / "out") as opened:
        found = {g.student.id: g for g in grades(opened, NAME)}
    states = {id: (g.state, g.score) for id, g in found.items()}
    assert states == {
        "alice": (State.GRADED, 5),
        "bob": (State.GRADED, 2),
        "carol": (State.TIMED_OUT, 2),
        "dan": (State.CRASHED, 2),
        "eve": (State.PARTLY, 2),
        "fay": (State.UNREADABLE, 0),
        "gus": (State.GRADED, 0),
    }
    assert "double" in found["carol"].reason
    assert "cell 1 (double) cannot be read" in found["eve"].reason
    assert found["fay"].reason
    assert found["fay"].points == 5
    tests = found["bob"].attempt.report["questions"][0]["tests"]
    assert any(test["hint"].startswith("You squared x") for test in tests)


def test_a_file_missing_beside_the_notebook_costs_its_own_question_alone(
    course, tmp_path
):
    """As where one submission is graded."""
    text = course.assignment / "assignment.toml"
    lists = f'submit = ["{NAME}.ipynb"'
    assert lists in text.read_text()
    text.write_text(text.read_text().replace(lists, f'{lists}, "kernel.cc"'))
    source = tmp_path / "class"
    hand_in(source, "alice").with_name("kernel.cc").write_text("int one = 1;")
    hand_in(source, "bob")
    graded(course, source, tmp_path / "out")
    assert scores(tmp_path / "out") == {"alice": 5, "bob": 5}
    with book(tmp_path / "out") as opened:
        notes = {g.student.id: g.attempt.note for g in grades(opened, NAME)}
    assert notes["alice"] == ""
    assert notes["bob"].startswith("kernel.cc is missing; found ")


def test_a_missing_answer_is_something_to_look_at(course):
    """It may have been lost on the way."""
    note = "kernel.cc is missing, so total is not answered"
    made = Report(NAME, "Tiny", "x", 7, "isolated", "hidden", (), (note,))
    assert judge(made) == (State.PARTLY, note)


def test_only_what_changed_is_graded_again(course, tmp_path):
    source, out = tmp_path / "class", tmp_path / "out"
    hand_in(source, "alice")
    hand_in(source, "bob", double=SQUARES)
    assert graded(course, source, out).kept == 0
    again = graded(course, source, out)
    assert (again.kept, sum(again.graded.values())) == (2, 0)
    hand_in(source, "bob")
    hand_in(source, "carol")
    later = graded(course, source, out)
    assert (later.kept, sum(later.graded.values())) == (1, 2)
    assert scores(out) == {"alice": 5, "bob": 5, "carol": 5}
    hand_in(source, "bob", double=SQUARES)  # what was graded before counts again
    assert graded(course, source, out).kept == 3
    assert scores(out)["bob"] == 2
    with book(out) as opened:
        assert len(opened.attempts(NAME, "bob")) == 2
        opened.override(Override(NAME, "bob", "double", 3.0, "seen", "TA", "now"))
    for name in ("recognised.toml", "01_tiny.ipynb"):  # written by `regenerate`
        (course.solution / name).write_text("new")
    assert graded(course, source, out).kept == 3
    # Another test makes every grade a new one; the TA's word stays.
    test = course.solution / "tests" / "test_total.py"
    test.write_text(test.read_text().replace("[1, 5]", "[1, 5, 9]"))
    assert sum(graded(course, source, out).graded.values()) == 3
    assert scores(out) == {"alice": 5, "bob": 5, "carol": 5}


def test_the_command_tells_what_came_of_it(course, tmp_path):
    source, out = tmp_path / "class", tmp_path / "out"
    hand_in(source, "1001")
    hand_in(source, "stranger", double=SQUARES)
    (tmp_path / "roster.csv").write_text("id,name\n1001,Jane Doe\n1002,Joe Bloggs\n")
    arguments = ["batch", str(course.assignment), str(source), "--out", str(out)]
    done = CliRunner().invoke(
        cli, [*arguments, "--roster", str(tmp_path / "roster.csv")]
    )
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == f"{NAME}: 2 graded"
    assert "  stranger: not on the roster" in lines
    assert "  1002 Joe Bloggs: nothing was handed in" in lines
    assert lines[-2].startswith("2 handed in, 3.5 of 5 points on average")
    assert (out / "feedback" / NAME / "index.html").is_file()
    done = CliRunner().invoke(cli, arguments)
    assert done.output.splitlines()[0] == f"{NAME}: 2 unchanged"


def test_what_cannot_work_is_told_in_a_line(course, tmp_path):
    source = tmp_path / "class"
    hand_in(source, "alice")
    (tmp_path / "file").write_text("")
    with pytest.raises(GraderError, match="choose another --out"):
        graded(course, source, tmp_path / "file")
    with pytest.raises(GraderError, match="no such folder"):
        graded(course, tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(GraderError, match="no Dask scheduler answers"):
        graded(
            course,
            source,
            tmp_path / "out",
            engine="dask",
            scheduler="tcp://127.0.0.1:9",
        )


def test_a_trusted_process_that_dies_loses_nothing(course, tmp_path):
    files = {f"{NAME}.ipynb": hand_in(tmp_path, "alice").read_bytes()}
    tasks = [Task(i, str(course.assignment), f"s{i}", files, 1) for i in range(5)]
    results, killed = {}, 0
    for result in run(tasks, jobs=2):
        results[result.index] = result
        if not killed:
            killed = _worker_processes(os.getpid())[0]
            os.kill(killed, signal.SIGKILL)
    assert sorted(results) == [0, 1, 2, 3, 4]
    assert all(r.report["score"] == 5 for r in results.values()), results
    assert _worker_processes(os.getpid()) == []


@pytest.mark.parametrize("times", [1, 2])
def test_the_process_that_makes_workers_dies_and_nothing_is_lost(
    course, tmp_path, times
):
    slow = "import time\ndef double(x):\n    time.sleep(0.5)\n    return 2 * x"
    notebooks = [hand_in(tmp_path, "alice", double=slow), hand_in(tmp_path, "bob")]
    tasks = [
        Task(i, str(course.assignment), "s", {f"{NAME}.ipynb": file.read_bytes()}, 1)
        for i, file in enumerate(notebooks)
    ]
    killed: set[int] = set()

    def kill() -> None:
        while len(killed) < times:
            for worker in _worker_processes(os.getpid()):
                for host in _processes(worker, b"grader.worker.host"):
                    # It has a worker, and that is in the middle of an answer.
                    if host not in killed and _processes(host, b""):
                        time.sleep(0.3)
                        os.kill(host, signal.SIGKILL)
                        killed.add(host)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    alice, bob = run(tasks, jobs=1)
    killer.join(timeout=60)
    assert len(killed) == times
    if times == 1:
        assert alice.report["score"] == 5
    else:
        assert alice.fault == "the host of the workers ended: no reason"
    assert bob.report["score"] == 5


def _worker_processes(parent: int) -> list[int]:
    return _processes(parent, b"grader.batch.worker")


def _processes(parent: int, part: bytes) -> list[int]:
    """Children of a process that have `part` on their command lines."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{parent}/task").iterdir():
            for pid in (task / "children").read_text().split():
                if part in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


def _command(course, source, out) -> list[str]:
    grader = [sys.executable, "-m", "grader", "batch"]
    return [*grader, str(course.assignment), str(source), "--out", str(out), "--jobs=2"]


@pytest.mark.slow
def test_killed_at_twenty_moments_it_ends_as_if_undisturbed(course, tmp_path):
    source, out = tmp_path / "class", tmp_path / "out"
    students = [f"s{number:02}" for number in range(48)]
    for number, student in enumerate(students):
        wrong = {"double": SQUARES} if number % 3 == 0 else {}
        hand_in(source, student, **wrong)
    started = time.monotonic()
    command = _command(course, source, tmp_path / "undisturbed")
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    whole = time.monotonic() - started

    rng = random.Random(20)
    mark = uuid.uuid4().hex
    counts = []
    for _ in range(20):
        process = subprocess.Popen(
            _command(course, source, out),
            cwd=ROOT,
            env=os.environ | {"BATCH_TEST": mark},
            stdout=subprocess.DEVNULL,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.1, 0.6) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        made = out / "gradebook.sqlite"
        counts.append(len(_rows(out)) if made.exists() else 0)
    assert counts == sorted(counts), "something was lost"
    subprocess.run(_command(course, source, out), cwd=ROOT, check=True)
    assert _rows(out) == _rows(tmp_path / "undisturbed")
    assert len(_rows(out)) == len(students)
    assert min(counts) < len(students), "every kill came too late to disturb anything"
    _wait_for_none(mark)


def _rows(out):
    """What the gradebook says, but for times; one row an attempt."""
    with book(out) as opened:
        return sorted(
            (a.student, a.key, a.state, a.score, a.points, json.dumps(a.report))
            for a in opened.attempts(NAME)
        )


def _wait_for_none(mark: str) -> None:
    """Waits until no process of a killed batch is left."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        left = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                left += [environ] if mark.encode() in environ.read_bytes() else []
        if not left:
            return
        time.sleep(0.2)
    raise AssertionError(f"{len(left)} processes outlive their batch")


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(course, tmp_path):
    source, out = tmp_path / "class", tmp_path / "out"
    for number in range(12):
        hand_in(source, f"s{number:02}", total="import time\ntime.sleep(0.3)")
    for number in range(12):
        slow = "import time\ndef double(x):\n    time.sleep(0.2)\n    return 2 * x"
        hand_in(source, f"s{number:02}", double=slow)
    process = subprocess.Popen(
        _command(course, source, out), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    while not (out / "gradebook.sqlite").exists() or not _rows(out):
        time.sleep(0.1)
        assert process.poll() is None, "it ended before it could be stopped"
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the same command goes on from here" in told
    before = len(_rows(out))
    assert 0 < before < 12
    done = subprocess.run(
        _command(course, source, out),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert f"{before} unchanged" in done.stdout
    assert len(_rows(out)) == 12


def test_the_manifest_decides_what_lateness_costs(course, tmp_path):
    path = course.assignment / "assignment.toml"
    late = "\n[late]\ndue = 2020-01-01T00:00:00+00:00\npercent_per_day = 1\n"
    path.write_text(path.read_text() + late + "cap_percent = 40\n")
    assert load(course.assignment).late.cap_percent == 40
    file = hand_in(tmp_path / "class", "alice")
    os.utime(file, (1577836800 + 3600, 1577836800 + 3600))  # an hour late
    hand_in(tmp_path / "class", "bob")  # years late
    graded(course, tmp_path / "class", tmp_path / "out")
    assert scores(tmp_path / "out") == {"alice": 4.95, "bob": 3.0}
