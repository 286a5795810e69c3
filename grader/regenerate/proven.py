"""What was proven before need not be proven again.

A proof follows from files, packages and tools: seeds are fixed. Notes in
``build/proofs`` keep, for everything that held, a hash of all it followed from; what
has changed since, and what did not hold, is proven anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.authoring import Variant
from grader.machine import missing
from grader.manifest import ROOT, Manifest
from grader.native import find_compiler, find_nvcc

_MOST = 2_000  # notes, the latest: what is taken back is known again
#: Nothing is proven by these: notebooks, tables that save time, what people read.
_IDLE_SUFFIXES = frozenset({".ipynb", ".pyc", ".md"})
_IDLE_NAMES = frozenset({"recognised.toml", "rows.toml", "equivalent_mutants.toml"})
#: Beside the solution; each of them only decides what is said of its own answers.
_VARIANTS = ("misconceptions", "alternatives")


@dataclass
class Proven:
    """The notes on one assignment.

    Attributes:
        manifest: the assignment.
        path: where they are kept.
    """

    manifest: Manifest
    path: Path
    _before: dict[str, str] = field(default_factory=dict)
    _now: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, manifest: Manifest, folder: Path, forget: bool = False) -> Proven:
        """Returns the notes; none if there are none, or nobody can read them.

        Args:
            manifest: the assignment.
            folder: where they are.
            forget: whether to begin anew.
        """
        path = folder / f"{manifest.name}.json"
        notes: object = {}
        if forget:
            return cls(manifest, path)
        with contextlib.suppress(OSError, ValueError):
            notes = json.loads(path.read_text(encoding="utf-8"))
        found = notes.items() if isinstance(notes, dict) else ()
        before = {key: told for key, told in found if isinstance(told, str)}
        return cls(manifest, path, before)

    def told(self, question: str, variant: Variant | None) -> str | None:
        """What was said of an answer, if it still holds.

        Args:
            question: what it answers.
            variant: the answer; None for the solution's.
        """
        key = self._key(question, variant)
        found = self._before.pop(key, None)
        if found is not None:
            self._now[key] = found
        return found

    def note(self, question: str, variant: Variant | None, told: str) -> None:
        """Keeps that an answer was graded as it should be."""
        self._now[self._key(question, variant)] = told

    def write(self) -> None:
        """Writes what holds now; a folder that cannot be written costs time alone."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            kept = [*self._before.items(), *self._now.items()][-_MOST:]
            text = json.dumps(dict(kept), indent=0)
            self.path.write_text(text + "\n", encoding="utf-8")

    def _key(self, question: str, variant: Variant | None) -> str:
        told = [self._common, self._tests(question), question]
        if variant is not None:
            told += [variant.name, variant.hint, variant.source]
            told += [f"{name}: {data.hex()}" for name, data in variant.files.items()]
        if variant is not None and variant.hint:
            # Which hint a wrong answer gets depends on all the wrong answers.
            told.append(self._misconceptions)
        return _hash(told)

    @cached_property
    def _common(self) -> str:
        """Of all that decides about any answer to any question."""
        here, solved = self.manifest.folder, self.manifest.solution_folder
        beside = [f for f in solved.parent.rglob("*") if not _in_numbered(f, solved)]
        own = [f for f in solved.rglob("*") if not _is_variant(f, solved)]
        tests = solved / "tests"
        own = [f for f in own if f.parent != tests or not f.name.startswith("test_")]
        course = [*(ROOT / "grader").rglob("*"), *(ROOT / "shared").rglob("*")]
        files = [_contents([*here.rglob("*"), *own, *beside]), _contents(course)]
        return _hash([*_here(self.manifest), *files])

    @cached_property
    def _misconceptions(self) -> str:
        files = self.manifest.solution_folder.glob("misconceptions*")
        return _contents([f for file in files for f in (file, *file.rglob("*"))])

    def _tests(self, question: str) -> str:
        file = self.manifest.solution_folder / "tests" / f"test_{question}.py"
        return _contents([file])


def _here(manifest: Manifest) -> Iterable[str]:
    """What this machine has."""
    yield f"{sys.version} {platform.platform()} {platform.machine()}"
    installed = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    yield " ".join(sorted(folder.name for folder in installed))  # with versions
    for tool in filter(None, (find_compiler(), find_nvcc())):
        stat = Path(tool).stat()
        yield f"{tool} {stat.st_size} {stat.st_mtime_ns}"
    for question in manifest.questions:
        yield f"{question.id} {missing(question.requires)}"


def _in_numbered(file: Path, solved: Path) -> bool:
    """True for what belongs to an assignment, this one or another."""
    return file.relative_to(solved.parent).parts[0][:2].isdigit()


def _is_variant(file: Path, solved: Path) -> bool:
    return file.relative_to(solved).parts[0].partition(".")[0] in _VARIANTS


def _contents(files: Iterable[Path]) -> str:
    """Hash of names and contents."""
    parts = []
    for file in sorted({*files}):
        idle = file.suffix in _IDLE_SUFFIXES or file.name in _IDLE_NAMES
        if file.is_file() and not idle:
            data = hashlib.sha256(file.read_bytes()).hexdigest()
            parts.append(f"{os.path.relpath(file, ROOT)} {data}")
    return _hash(parts)


def _hash(parts: Iterable[str]) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode()
        total.update(f"{len(data)} ".encode() + data)
    return total.hexdigest()
