"""The same batch on a Dask cluster, one of whose workers dies on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from grader.batch import Batch, grade_class
from grader.gradebook import Gradebook
from grader.manifest import ROOT
from tests.batch.conftest import SQUARES, hand_in
from tests.grader.course import NAME

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, each a process; yields (address, workers)."""
    file = tmp_path / "scheduler.json"
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    started = [
        subprocess.Popen([*run, "--port=0", f"--scheduler-file={file}"], **quiet)
    ]
    deadline = time.monotonic() + 60
    while not file.exists() or not file.read_text():
        assert time.monotonic() < deadline, "no scheduler"
        time.sleep(0.1)
    work = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-dashboard"]
    for number in (1, 2):
        options = ["--nthreads=1", "--no-nanny", f"--name=w{number}"]
        place = f"--local-directory={tmp_path / f'w{number}'}"
        command = [*work, f"--scheduler-file={file}", *options, place]
        started.append(subprocess.Popen(command, **quiet))
    try:
        yield json.loads(file.read_text())["address"], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_lost_worker_loses_nothing_and_nothing_counts_twice(
    course, tmp_path, cluster
):
    address, (first, _) = cluster
    students = [f"s{number:02}" for number in range(14)]
    slow = "import time\ndef total(x):\n    time.sleep(0.1)\n    return float(sum(x))"
    for number, student in enumerate(students):
        wrong = {"double": SQUARES} if number % 2 else {}
        hand_in(tmp_path / "class", student, total=slow, **wrong)
    seen = []

    def progress(state):
        seen.append(state)
        if len(seen) == 3:
            os.kill(first.pid, signal.SIGKILL)

    out = tmp_path / "out"
    how = Batch(out, engine="dask", scheduler=address, progress=progress)
    summary = grade_class(course.manifest, tmp_path / "class", how)
    assert not summary.faults
    assert sum(summary.graded.values()) == len(students)
    with Gradebook(out / "gradebook.sqlite") as book:
        attempts = book.attempts(NAME)
    assert sorted(a.student for a in attempts) == students, "each once"
    wanted = {s: (2.0 if n % 2 else 5.0) for n, s in enumerate(students)}
    assert {a.student: a.score for a in attempts} == wanted
    assert first.wait(10) == -signal.SIGKILL
