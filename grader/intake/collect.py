"""Stages what each student handed in: exactly the files that the manifest lists."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.intake.naming import Group, by_student
from grader.intake.roster import Roster
from grader.intake.trees import (
    MAX_FILE_BYTES,
    Item,
    archive_items,
    file_item,
    folder_items,
)
from grader.manifest import Manifest
from grader.printable import one_line

_MAX_SHOWN = 4
#: Of one student.
MAX_FILES_EACH = 10_000
#: Bytes; disks take 255, with what is added to it.
_LONGEST_NAME = 200
#: The page of the class is ``index.html`` beside those of the students.
_TAKEN = "index"


@dataclass(frozen=True)
class Handin:
    """One student's files, staged.

    Attributes:
        student: id, of the roster where there is one.
        folder: holds the listed files and nothing else; empty path if `problem`.
        digest: SHA-256 of the files' names and contents.
        on_roster: None without a roster.
        problem: why it cannot be graded, or empty.
        note: what a TA should know.
    """

    student: str
    name: str
    email: str
    folder: Path
    digest: str
    submitted: datetime | None = None
    late: bool = False
    on_roster: bool | None = None
    problem: str = ""
    note: str = ""


def collect(
    source: Path, manifest: Manifest, stage: Path, roster: Roster | None = None
) -> list[Handin]:
    """Finds every student's files in `source` and copies them under `stage`.

    Args:
        source: a folder of folders, of notebooks or of zips; or a zip archive.
        manifest: lists the files that are taken.
        stage: ``stage/STUDENT/DIGEST/`` will hold them.
        roster: the class, if known.

    Raises:
        SubmissionError: if there is nothing at all to grade.
    """
    if not source.exists():
        raise SubmissionError(f"{source}: no such folder or archive")
    if source.is_dir():
        items = list(folder_items(source))
    elif source.suffix.lower() == ".zip":
        items = archive_items(source, source.name)
    else:
        items = [file_item(source)]
    groups = by_student(items, manifest.name, manifest.submit)
    handins = [_handin(group, manifest, stage, roster) for group in groups]
    if not handins:
        raise SubmissionError(f"{source}: no submissions in it")
    return sorted(handins, key=lambda h: (h.student, h.submitted or _EPOCH, h.digest))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _handin(
    group: Group, manifest: Manifest, stage: Path, roster: Roster | None
) -> Handin:
    person = roster.find(group.id, group.name, group.email) if roster else None
    made = Handin(
        student=person.id if person else group.id,
        name=(person.name if person else "") or group.name,
        email=(person.email if person else "") or group.email,
        folder=Path(),
        digest="",
        submitted=group.submitted,
        late=group.late,
        on_roster=None if roster is None else person is not None,
    )
    try:
        chosen, note = _choose(group.items, manifest)
        files = {name: item.read() for name, item in chosen.items()}
        times = [item.modified for item in chosen.values() if item.modified]
        digest = _digest(files)
        folder = stage / safe_name(made.student) / digest[:16]
        _write(folder, files)
    except SubmissionError as error:
        told = "\n".join(str(item.path) for item in group.items)
        digest = hashlib.sha256(f"{error}\n{told}".encode(errors="replace")).hexdigest()
        return replace(made, digest=digest, problem=str(error))
    submitted = group.submitted or max(times, default=None)
    return replace(
        made, folder=folder, digest=digest, submitted=submitted, note=one_line(note)
    )


def _choose(items: Sequence[Item], manifest: Manifest) -> tuple[dict[str, Item], str]:
    """Returns the item for each listed file, and what to tell about the choice."""
    items = list(items)
    if len(items) > MAX_FILES_EACH:
        raise SubmissionError(
            f"{len(items)} files; hand in {', '.join(manifest.submit)} and little else"
        )
    if not any(_matches(item, name) for item in items for name in manifest.submit):
        items += list(_unzipped(items))
    chosen: dict[str, Item] = {}
    missing, notes = [], []
    for name in manifest.submit:
        item, note = _one(items, name)
        if item is None:
            missing.append(note)
            continue
        chosen[name] = item
        notes += [note] if note else []
    if not chosen:
        raise SubmissionError("; ".join(missing))
    # What is missing first: long notes are cut short.
    return chosen, "; ".join([*missing, *notes])


def _unzipped(items: Sequence[Item]) -> Iterator[Item]:
    """What lies in archives that a student handed in; one level, no further."""
    total = 0
    for item in items:
        if item.path.suffix.lower() == ".zip":
            data = item.read()
            total += len(data)
            if total > MAX_FILE_BYTES:  # all of them are kept until one is chosen
                raise SubmissionError(
                    f"archives of more than {MAX_FILE_BYTES >> 20} MB; hand in the "
                    "files themselves"
                )
            yield from archive_items(data, item.path.name)


def _one(items: Sequence[Item], name: str) -> tuple[Item | None, str]:
    """Returns the item for a listed file, and what to tell about the choice.

    A file beside the notebook may be missing: its question alone is not answered.
    """
    exact = _latest(_shallowest(i for i in items if _matches(i, name)), name)
    suffix = PurePosixPath(name).suffix
    others = [item for item in items if item.path.suffix.lower() == suffix]
    if not exact and suffix == ".ipynb":
        exact = others if len(others) == 1 else []
    if len(exact) == 1:
        item = exact[0]
        renamed = item.path.name != name
        return item, f"{item.path.name} was taken for {name}" if renamed else ""
    if exact or (others and suffix == ".ipynb"):
        shown = ", ".join(str(item.path) for item in (exact or others)[:_MAX_SHOWN])
        count = len(exact or others)
        raise SubmissionError(
            f"{count} files could be {name}: {shown}; which one is handed in?"
        )
    found = ", ".join(str(item.path) for item in items[:_MAX_SHOWN]) or "nothing"
    missing = f"{name} is missing; found {found}"
    if suffix in (".ipynb", ".py"):
        raise SubmissionError(missing)
    return None, missing


def _matches(item: Item, name: str) -> bool:
    """True for the name itself and for a second download of it."""
    wanted = PurePosixPath(name)
    number = r"(?:-\d{1,9}| ?\(\d{1,9}\))?"
    pattern = f"{re.escape(wanted.stem)}{number}{re.escape(wanted.suffix)}"
    return re.fullmatch(pattern, item.path.name, re.IGNORECASE) is not None


def _latest(items: list[Item], name: str) -> list[Item]:
    """Canvas numbers what is handed in again: ``-1``, ``-2``, …"""

    def number(item: Item) -> int:
        rest = item.path.stem[len(PurePosixPath(name).stem) :]
        found = re.search(r"(\d{1,9})\)?$", rest)
        return int(found[1]) if found else 0

    top = max(map(number, items), default=0)
    return [item for item in items if number(item) == top]


def _shallowest(items: Iterable[Item]) -> list[Item]:
    items = list(items)
    depth = min((len(item.path.parts) for item in items), default=0)
    return [item for item in items if len(item.path.parts) == depth]


def _digest(files: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, data in sorted(files.items()):
        total.update(f"{len(name)}:{name}{len(data)}:".encode() + data)
    return total.hexdigest()


def safe_name(student: str) -> str:
    """A folder's name for a student's id, whatever the id is."""
    plain = unicodedata.normalize("NFKC", student)
    kept = re.sub(r"[^\w.@+-]", "_", plain).strip(".")
    kept = kept.encode()[:_LONGEST_NAME].decode(errors="ignore")
    if kept == student and kept not in ("", _TAKEN):
        return kept
    told = hashlib.sha256(student.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{kept or 'student'}-{told}"


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Writes what is not there yet; a half-written file is never left in place."""
    for name, data in files.items():
        target = folder / name
        if target.is_file() and target.stat().st_size == len(data):
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            part.write_bytes(data)
            os.replace(part, target)
        except OSError as error:
            raise SubmissionError(
                f"{name}: cannot be stored: {error.strerror}"
            ) from None
