"""One submission of a batch: what has to be known to grade it, and what came of it."""

from __future__ import annotations

import functools
import hashlib
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import GraderFault, HostLost, SubmissionError
from grader.explain import Explainer
from grader.grade import Grading, grade
from grader.gradebook import State
from grader.manifest import MANIFEST_NAME, ROOT, Manifest, find_assignment, load
from grader.results import Outcome, QuestionResult, Report
from grader.sandbox import Hosts
from grader.submission import read_submission

_GRADER = ROOT / "grader"
#: Beside the solution, and no part of any grade.
_IDLE = frozenset({"equivalent_mutants.toml", "recognised.toml", "rows.toml"})


@dataclass(frozen=True)
class Task:
    """A submission to be graded; all plain values, so that it can travel.

    Attributes:
        assignment: its name, or its folder if that is elsewhere than in this course.
        label: what the report calls the submission.
        files: by name; the files that the manifest lists.
        seed: the same for every submission of a batch.
    """

    index: int
    assignment: str
    label: str
    files: dict[str, bytes]
    seed: int
    sandbox: str = "auto"


@dataclass(frozen=True)
class Result:
    """What came of a task.

    Attributes:
        fault: why it was not graded, through no fault of the student's; or empty.
        report: as `Report.as_dict` gives it.
    """

    index: int
    state: State = State.GRADED
    reason: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    fault: str = ""


def perform(task: Task) -> Result:
    """Grades one submission in this process, with workers that are kept warm."""
    try:
        return _performed(task)
    except HostLost:
        pass  # killed, say, by a system short of memory: once more, with a new one
    except GraderFault as fault:
        return Result(task.index, fault=str(fault))
    try:
        return _performed(task)
    except GraderFault as fault:
        return Result(task.index, fault=str(fault))


def _performed(task: Task) -> Result:
    started = time.perf_counter()
    manifest = _manifest(task.assignment)
    try:
        report = _grade(task, manifest)
    except SubmissionError as error:
        return Result(task.index, State.UNREADABLE, str(error))
    except GraderFault:
        _begin_afresh(task)
        raise
    state, reason = judge(report)
    seconds = time.perf_counter() - started
    return Result(task.index, state, reason, report.as_dict(), seconds)


def _begin_afresh(task: Task) -> None:
    """Whatever broke, what is graded next has nothing to do with it."""
    _explainer(task.assignment, task.sandbox).close()
    _hosts(task.sandbox).close()
    _explainer.cache_clear()
    _hosts.cache_clear()


def judge(report: Report) -> tuple[State, str]:
    """Returns the state of a graded submission, and why if it is not just graded."""

    def ids(outcome: Outcome) -> str:
        return ", ".join(q.id for q in report.questions if q.outcome is outcome)

    told = ("cannot be read", "is missing, so")
    unread = [note for note in report.notes if any(what in note for what in told)]
    if unread or ids(Outcome.NOT_RUN):
        return State.PARTLY, "; ".join(unread) or f"not run: {ids(Outcome.NOT_RUN)}"
    if ids(Outcome.TIMEOUT):
        return State.TIMED_OUT, f"out of time: {ids(Outcome.TIMEOUT)}"
    if ids(Outcome.CRASHED):
        return State.CRASHED, f"crashed: {ids(Outcome.CRASHED)}"
    return State.GRADED, ""


def unread(manifest: Manifest, reason: str, seed: int) -> dict[str, Any]:
    """The report of a submission of which nothing could be read: no points."""
    questions = tuple(
        QuestionResult(q.id, q.title, 0.0, q.points, Outcome.NOT_RUN, (), reason)
        for q in manifest.questions
    )
    where = (manifest.name, manifest.title, "", seed, "none", "hidden")
    return Report(*where, questions).as_dict()


def tests_digest(manifest: Manifest) -> str:
    """Hash of everything on the instructor's side that decides a grade."""
    solutions = manifest.solution_folder.parent
    files = [manifest.folder / MANIFEST_NAME, manifest.public_tests]
    beside = manifest.solution_folder.rglob("*")
    files += [f for f in beside if f.name not in _IDLE and f.suffix != ".ipynb"]
    files += [f for f in solutions.rglob("*.py") if not f.parent.name[:2].isdigit()]
    files += (ROOT / "shared").glob("*.py")  # what tests compare with
    return _hash(files, manifest.folder.parent.parent)


def grader_digest() -> str:
    """Hash of the grader's own source: its version, to the letter."""
    return _hash(_GRADER.rglob("*.py"), ROOT)


def key_of(digest: str, tests: str, grader: str) -> str:
    """The key of an attempt: the same key is never graded twice."""
    return hashlib.sha256(f"{digest} {tests} {grader}".encode()).hexdigest()


def _hash(files: Iterable[Path], root: Path) -> str:
    total = hashlib.sha256()
    for file in sorted({file for file in files if file.is_file()}):
        if "__pycache__" in file.parts:
            continue
        data = file.read_bytes()
        name = file.relative_to(root).as_posix() if file.is_relative_to(root) else ""
        total.update(f"{name} {len(data)} ".encode() + data)
    return total.hexdigest()


def _grade(task: Task, manifest: Manifest) -> Report:
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        for name, data in task.files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        submission = read_submission(manifest, Path(folder))
    how = Grading(
        seed=task.seed,
        hosts=_hosts(task.sandbox),
        explain=_explainer(task.assignment, task.sandbox),
    )
    report = grade(manifest, submission, how)
    return Report(**report.__dict__ | {"submission": task.label})


@functools.cache
def _manifest(assignment: str) -> Manifest:
    return load(find_assignment(assignment))


@functools.cache
def _hosts(sandbox: str) -> Hosts:
    return Hosts(sandbox, guarded=True)


@functools.cache
def _explainer(assignment: str, sandbox: str) -> Explainer:
    return Explainer(_manifest(assignment), _hosts(sandbox))
