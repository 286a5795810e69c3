"""Which files make a submission, and what they hold."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from grader.errors import SubmissionError
from grader.manifest import Manifest
from grader.submission.cells import Cell, read_cells
from grader.submission.definitions import Definitions, extract

#: A source file is a few kilobytes; this is a mistake, or worse.
MAX_SOURCE_BYTES = 2**20
_PYTHON = {".ipynb", ".py"}


@dataclass(frozen=True)
class Submission:
    """One student's files, read and taken apart.

    Attributes:
        path: what was graded, for people.
        definitions: what its notebook and scripts define.
        files: other listed files, e.g. C++ sources, by name.
    """

    path: Path
    definitions: Definitions
    files: dict[str, bytes]

    @classmethod
    def from_cells(
        cls,
        cells: list[Cell],
        path: Path = Path(),
        files: Mapping[str, bytes] | None = None,
    ) -> Submission:
        """Returns a submission that stands in no file, e.g. for a proof."""
        return cls(path, extract(cells), dict(files or {}))


def read_submission(manifest: Manifest, path: Path | None = None) -> Submission:
    """Reads the files that the manifest lists, and no others.

    Args:
        manifest: the assignment.
        path: a notebook, or a folder that holds the listed files; the assignment's
            own folder if None.

    Raises:
        SubmissionError: if a listed file is missing or unreadable.
    """
    path = manifest.folder if path is None else _complete(path)
    cells: list[Cell] = []
    files: dict[str, bytes] = {}
    folder = path.parent if path.is_file() else path
    given: list[Cell] = []
    for name in manifest.submit:
        if Path(name).suffix in _PYTHON:
            found = _locate(manifest, path, name)
            cells += read_cells(found)
            if manifest.folder not in found.resolve().parents:
                given += _given_cells(manifest.folder / name)
        elif (folder / name).exists():  # else its question alone is not answered
            files[name] = _read_bytes(_locate(manifest, path, name))
    return Submission(path, extract(cells, given), files)


def _given_cells(path: Path) -> tuple[Cell, ...]:
    """What was handed out for students to use, not to answer; nothing if it is gone."""
    if not path.is_file():
        return ()
    return _read_given(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read_given(path: Path, changed: int) -> tuple[Cell, ...]:
    del changed  # another file by then
    found = [cell for cell in read_cells(path) if not cell.question]
    # Cells of the submission count from 1.
    return tuple(replace(cell, number=-cell.number) for cell in found)


def _complete(path: Path) -> Path:
    """Returns `path`, or the one folder or file whose name begins so."""
    if path.exists():
        return path
    matches = sorted(path.parent.glob(f"{glob.escape(path.name)}*"))
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = ", ".join(match.name for match in matches)
        raise SubmissionError(
            f"{path}: matches {names}; write more of the name to choose one"
        )
    raise SubmissionError(f"{path}: no such notebook or folder")


def _locate(manifest: Manifest, path: Path, name: str) -> Path:
    if path.is_file():
        if path.suffix not in _PYTHON and path.name != name:
            raise SubmissionError(
                f"{path.name}: expected a notebook (.ipynb), a script (.py) or a folder"
            )
        # One file stands for the notebook; the others lie beside it.
        if path.suffix in _PYTHON and Path(name).suffix in _PYTHON:
            return path
        return _inside(path.parent, name)
    folder = path
    found = folder / name
    script = found.with_suffix(".py")
    # A solution is a script; the notebook beside it was made from an earlier one.
    solution = folder.resolve() == manifest.solution_folder.resolve()
    instead = solution or not found.exists()
    if found.suffix == ".ipynb" and script.exists() and instead:
        return _inside(folder, script.name)
    if not found.exists():
        raise SubmissionError(
            f"{path}: {name} is not in this folder; put it there or name the file"
        )
    return _inside(folder, name)


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SubmissionError(f"{path}: a link to elsewhere; hand in the file itself")
    return path


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise SubmissionError(
                f"{path.name}: {path.stat().st_size >> 20} MB, over the limit of "
                f"{MAX_SOURCE_BYTES >> 20} MB for a source file"
            )
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path}: {error.strerror or error}") from None
