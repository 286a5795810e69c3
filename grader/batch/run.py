"""From a folder of submissions to a gradebook, in steps that may be cut anywhere."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.batch import dask_engine, local
from grader.batch.tasks import (
    Result,
    Task,
    grader_digest,
    key_of,
    tests_digest,
    unread,
)
from grader.errors import GraderError
from grader.gradebook import Attempt, Gradebook, State, Student, now
from grader.intake import Handin, Roster, collect
from grader.late import penalty_percent
from grader.manifest import ROOT, Manifest, check_tests

GRADEBOOK_NAME = "gradebook.sqlite"
_STAGE = "handed_in"


@dataclass(frozen=True)
class Batch:
    """How to grade a class.

    Attributes:
        out: folder of the gradebook and of everything that is made from it.
        jobs: processes of the local engine; as many as processors if None.
        engine: ``"local"`` or ``"dask"``.
        scheduler: address of the Dask scheduler.
        seed: of all random inputs; follows from the assignment's tests if None.
        started: called with the number of submissions, and of those to be graded.
        progress: called after each with its state, ``None`` for a fault.
    """

    out: Path
    roster: Roster | None = None
    jobs: int | None = None
    engine: str = "local"
    scheduler: str = ""
    sandbox: str = "auto"
    seed: int | None = None
    started: Callable[[int, int], None] = lambda all, left: None
    progress: Callable[[State | None], None] = lambda state: None


@dataclass
class Summary:
    """What a run did.

    Attributes:
        handins: everything that was found.
        graded: how many were graded now, by state.
        kept: how many had been graded before, unchanged.
        faults: (student, why) of those that could not be graded.
        stopped: it was interrupted.
    """

    handins: list[Handin]
    graded: Counter[State] = field(default_factory=Counter)
    kept: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    stopped: bool = False

    @property
    def left(self) -> int:
        """How many are still to be graded."""
        done = self.kept + sum(self.graded.values())
        return len(self.handins) - done


def grade_class(manifest: Manifest, source: Path, how: Batch) -> Summary:
    """Grades what `source` holds and the gradebook does not.

    Raises:
        GraderError: if nothing can be graded at all; single submissions never raise.
    """
    check_tests(manifest)
    if manifest.hidden_tests is None:
        raise GraderError(
            f"{manifest.name} has no hidden tests here; grade a class where the "
            "solutions are"
        )
    try:
        how.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraderError(
            f"{how.out}: {error.strerror}; choose another --out"
        ) from None
    tests = tests_digest(manifest)
    seed = zlib.crc32(tests.encode()) if how.seed is None else how.seed
    grader = f"{grader_digest()} {how.sandbox} {seed}"
    with Gradebook(how.out / GRADEBOOK_NAME) as book:
        handins = collect(source, manifest, how.out / _STAGE, how.roster)
        summary = Summary(handins)
        book.enrol(_class(handins, how.roster))
        first = book.next_turn()
        keys = [key_of(handin.digest, tests, grader) for handin in handins]
        turns = {
            (handin.student, key): first + index
            for index, (handin, key) in enumerate(zip(handins, keys, strict=True))
        }
        book.take_turns(manifest.name, turns)
        known = book.keys(manifest.name)
        left = _left(handins, keys, known)
        summary.kept = len(handins) - len(left)
        how.started(len(handins), len(left))

        def note(index: int, result: Result) -> None:
            handin = handins[index]
            attempt = _attempt(manifest, handin, keys[index], result, seed, how.out)
            turn = turns[handin.student, keys[index]]
            attempt = Attempt(**attempt.__dict__ | {"turn": turn})
            book.record(attempt, _student(handin))
            summary.graded[result.state] += 1
            how.progress(result.state)

        try:
            for index in [i for i in left if handins[i].problem]:
                note(index, Result(index, State.UNREADABLE, handins[index].problem))
            tasks = _tasks(manifest, handins, left, seed, how.sandbox)
            for result in _engine(tasks, how):
                if result.fault:
                    summary.faults.append((handins[result.index].student, result.fault))
                    how.progress(None)
                else:
                    note(result.index, result)
        except KeyboardInterrupt:
            summary.stopped = True
    return summary


def _left(
    handins: list[Handin], keys: list[str], known: set[tuple[str, str]]
) -> list[int]:
    """Indices of what has to be graded: each (student, key) once."""
    left, seen = [], set(known)
    for index, (handin, key) in enumerate(zip(handins, keys, strict=True)):
        if (handin.student, key) not in seen:
            seen.add((handin.student, key))
            left.append(index)
    return left


def _class(handins: Iterable[Handin], roster: Roster | None) -> Iterator[Student]:
    for person in roster.people if roster else ():
        yield Student(person.id, person.name, person.email, True)
    for handin in handins:
        yield _student(handin)


def _student(handin: Handin) -> Student:
    return Student(handin.student, handin.name, handin.email, handin.on_roster)


def _tasks(
    manifest: Manifest, handins: list[Handin], left: list[int], seed: int, sandbox: str
) -> Iterator[Task]:
    here = manifest.folder.parent == ROOT / "assignments"
    assignment = manifest.name if here else str(manifest.folder)
    for index in left:
        handin = handins[index]
        if not handin.problem:
            paths = {name: handin.folder / name for name in manifest.submit}
            # What lies beside the notebook may be missing.
            files = {n: path.read_bytes() for n, path in paths.items() if path.exists()}
            yield Task(index, assignment, handin.student, files, seed, sandbox)


def _engine(tasks: Iterable[Task], how: Batch) -> Iterator[Result]:
    if how.engine == "dask":
        return dask_engine.run(tasks, how.scheduler)
    return local.run(tasks, how.jobs)


def _attempt(
    manifest: Manifest, handin: Handin, key: str, result: Result, seed: int, out: Path
) -> Attempt:
    report = result.report or unread(manifest, result.reason, seed)
    penalty = penalty_percent(handin.submitted, manifest.late, flagged=handin.late)
    folder = handin.folder
    return Attempt(
        assignment=manifest.name,
        student=handin.student,
        key=key,
        digest=handin.digest,
        state=result.state,
        reason=result.reason,
        score=float(report["score"]),
        points=float(report["points"]),
        submitted=handin.submitted.isoformat() if handin.submitted else "",
        late=handin.late,
        penalty_percent=penalty,
        folder=str(folder.relative_to(out)) if handin.digest and folder.name else "",
        note=handin.note,
        graded=now(),
        seconds=result.seconds,
        report=report,
    )
