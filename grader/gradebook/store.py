"""The gradebook: one SQLite file, one row an attempt, written when it is complete.

A crash at any moment leaves either the whole attempt or nothing of it, so that the
next run grades exactly what is missing.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from grader.errors import GraderError

_VERSION = 1
_SCHEMA = """
CREATE TABLE students (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL,
    on_roster INTEGER
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment TEXT NOT NULL,
    student TEXT NOT NULL REFERENCES students (id),
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    score REAL NOT NULL,
    points REAL NOT NULL,
    submitted TEXT,
    late INTEGER NOT NULL,
    penalty_percent REAL NOT NULL,
    folder TEXT NOT NULL,
    note TEXT NOT NULL,
    graded TEXT NOT NULL,
    seconds REAL NOT NULL,
    report TEXT NOT NULL,
    turn INTEGER NOT NULL,
    UNIQUE (assignment, student, key)
);
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment TEXT NOT NULL,
    student TEXT NOT NULL,
    question TEXT NOT NULL,
    score REAL,
    comment TEXT NOT NULL,
    author TEXT NOT NULL,
    made TEXT NOT NULL
);
CREATE INDEX attempts_of ON attempts (assignment, student, turn);
CREATE INDEX overrides_of ON overrides (assignment, student, id);
"""


class State(StrEnum):
    """How an attempt at grading a submission ended."""

    GRADED = "graded"
    PARTLY = "partly graded"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Attempt:
    """One submission, graded once.

    Attributes:
        key: hash of submission, tests and grader; the same key is never graded twice.
        digest: hash of the submission alone.
        reason: why the state is not simply "graded", in words.
        submitted: ISO 8601, or empty.
        late: the source flags it as late.
        penalty_percent: what lateness takes off the score.
        folder: where the files lie that were graded, or empty.
        graded: ISO 8601.
        report: the JSON form of the report, as `Report.as_dict` gives it.
        turn: of a student's attempts, the one with the highest counts.
    """

    assignment: str
    student: str
    key: str
    digest: str
    state: State
    reason: str
    score: float
    points: float
    submitted: str
    late: bool
    penalty_percent: float
    folder: str
    note: str
    graded: str
    seconds: float
    report: dict[str, Any]
    turn: int = 0


@dataclass(frozen=True)
class Override:
    """A TA's word about a question (or the whole, if `question` is empty)."""

    assignment: str
    student: str
    question: str
    score: float | None
    comment: str
    author: str
    made: str


@dataclass(frozen=True)
class Student:
    """A student known to the gradebook."""

    id: str
    name: str = ""
    email: str = ""
    on_roster: bool | None = None


class Gradebook:
    """An open gradebook file.

    Args:
        path: made if it is not there.
        create: if False, a missing file is an error.

    Raises:
        GraderError: if the file is no gradebook, or of a newer version.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        if not create and not path.is_file():
            raise GraderError(
                f"{path}: no gradebook here; `python -m grader batch` makes one"
            )
        with self._told():
            # Autocommit, so that each transaction is spelled out below.
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            with self._told():
                self._db.row_factory = sqlite3.Row
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA foreign_keys=ON")
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; everything is already on disk."""
        self._db.close()

    def keys(self, assignment: str) -> set[tuple[str, str]]:
        """Returns (student, key) of every attempt there is."""
        rows = self._db.execute(
            "SELECT student, key FROM attempts WHERE assignment = ?", (assignment,)
        )
        return {(row["student"], row["key"]) for row in rows}

    def enrol(self, students: Iterable[Student]) -> None:
        """Adds students, or renews what is known of them."""
        with self._transaction():
            for student in students:
                self._enrol(student)

    def record(self, attempt: Attempt, student: Student) -> bool:
        """Writes one complete attempt in one transaction.

        Returns:
            False if this key was there already; nothing is changed then.
        """
        columns = [f.name for f in fields(Attempt)]
        values = {name: getattr(attempt, name) for name in columns}
        values |= {
            "state": attempt.state.value,
            "late": int(attempt.late),
            "report": json.dumps(attempt.report),
        }
        marks = ", ".join(f":{name}" for name in columns)
        with self._transaction():
            self._enrol(student)
            done = self._db.execute(
                f"INSERT INTO attempts ({', '.join(columns)}) VALUES ({marks}) "
                "ON CONFLICT (assignment, student, key) DO NOTHING",
                values,
            )
        return done.rowcount == 1

    def next_turn(self) -> int:
        """Returns a turn later than every one so far."""
        row = self._db.execute("SELECT coalesce(max(turn), 0) + 1 FROM attempts")
        return int(row.fetchone()[0])

    def take_turns(self, assignment: str, turns: Mapping[tuple[str, str], int]) -> None:
        """Renews the turns of attempts by (student, key): what is handed in now."""
        rows = [(turn, assignment, *which) for which, turn in turns.items()]
        with self._transaction():
            self._db.executemany(
                "UPDATE attempts SET turn = ? "
                "WHERE assignment = ? AND student = ? AND key = ?",
                rows,
            )

    def override(self, override: Override) -> None:
        """Notes a TA's word; it outlives every regrade."""
        columns = [f.name for f in fields(Override)]
        marks = ", ".join(f":{name}" for name in columns)
        with self._transaction():
            self._db.execute(
                f"INSERT INTO overrides ({', '.join(columns)}) VALUES ({marks})",
                {name: getattr(override, name) for name in columns},
            )

    def assignments(self) -> list[str]:
        """Names of the assignments with attempts."""
        rows = self._db.execute(
            "SELECT DISTINCT assignment FROM attempts ORDER BY assignment"
        )
        return [row["assignment"] for row in rows]

    def students(self) -> dict[str, Student]:
        """All students, by id."""
        rows = self._db.execute("SELECT * FROM students ORDER BY id")
        return {
            row["id"]: Student(
                row["id"],
                row["name"],
                row["email"],
                None if row["on_roster"] is None else bool(row["on_roster"]),
            )
            for row in rows
        }

    def attempts(self, assignment: str, student: str | None = None) -> list[Attempt]:
        """All attempts of an assignment, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM attempts WHERE assignment = ? "
            "AND (? IS NULL OR student = ?) ORDER BY turn, id",
            (assignment, student, student),
        )
        return [_attempt(row) for row in rows]

    def latest(self, assignment: str) -> dict[str, Attempt]:
        """The attempt that counts, by student: the latest."""
        rows = self._db.execute(
            "SELECT * FROM attempts WHERE assignment = ? ORDER BY turn, id",
            (assignment,),
        )
        found = {row["student"]: row for row in rows}
        return {student: _attempt(found[student]) for student in sorted(found)}

    def overrides(self, assignment: str) -> dict[tuple[str, str], Override]:
        """The words in force, the last for each (student, question)."""
        rows = self._db.execute(
            "SELECT * FROM overrides WHERE assignment = ? ORDER BY id", (assignment,)
        )
        names = [f.name for f in fields(Override)]
        found = {}
        for row in rows:
            made = Override(**{name: row[name] for name in names})
            found[made.student, made.question] = made
        return {key: made for key, made in found.items() if made.score is not None}

    def _enrol(self, student: Student) -> None:
        known = None if student.on_roster is None else int(student.on_roster)
        self._db.execute(
            "INSERT INTO students VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "name = coalesce(nullif(excluded.name, ''), name), "
            "email = coalesce(nullif(excluded.email, ''), email), "
            "on_roster = coalesce(excluded.on_roster, on_roster)",
            (student.id, student.name, student.email, known),
        )

    def _prepare(self) -> None:
        if self._version() == _VERSION:
            return
        with self._transaction():  # looks again: another process may make it now
            version = self._version()
            if version == _VERSION:
                return
            names = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version or names[0]:
                raise GraderError(
                    f"{self.path}: not a gradebook of this version ({version}, needs "
                    f"{_VERSION}); choose another --out"
                )
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise GraderError(
                f"{self.path}: the gradebook cannot be used: {error}; what was graded "
                "before is kept"
            ) from None


def now() -> str:
    """This moment, as the gradebook writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _attempt(row: sqlite3.Row) -> Attempt:
    values = {f.name: row[f.name] for f in fields(Attempt)}
    values |= {
        "state": State(values["state"]),
        "late": bool(values["late"]),
        "submitted": values["submitted"] or "",
        "report": json.loads(values["report"]),
    }
    return Attempt(**values)
