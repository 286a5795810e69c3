"""What goes with an answer in files into its worker: those files, and the course's."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from grader.errors import GraderFault
from grader.manifest import ROOT, Manifest, Question
from grader.submission.files import Submission

_PREBUILD_S = 600
#: Folder beside the bindings in which they find what they built beforehand.
PREBUILT = "prebuilt"
_BLANK = re.compile(rb'^[ \t]*#[ \t]*error[ \t]+"\w+: not answered yet"', re.MULTILINE)


def parcel(
    manifest: Manifest, question: Question, submission: Submission
) -> dict[str, Any]:
    """Returns the settings ``files`` and ``bindings`` of a worker.

    Nothing for an assignment without bindings. Only the question's own files are taken
    from the submission; a given file of the same name does not come from there.
    """
    if not manifest.bindings:
        return {}
    files = {
        name: submission.files[name]
        for name in question.files
        if name in submission.files
    }
    for name in (*manifest.given, manifest.bindings):
        files |= _read(manifest.given_path(name), name)
    for name in question.prebuilt:
        made = prebuilt(manifest.given_path(manifest.bindings), name)
        files[f"{PREBUILT}/{name}"] = made.read_bytes()
    return {"files": files, "bindings": manifest.bindings}


def is_blank_file(contents: bytes) -> bool:
    """True if a file still holds the handed-out ``#error "...: not answered yet"``."""
    return _BLANK.search(contents) is not None


@functools.cache
def prebuilt(bindings: Path, name: str) -> Path:
    """Runs ``bindings prebuild NAME``, which prints a path: course code, in a cache.

    In a process of its own: it may need TensorFlow.

    Raises:
        GraderFault: if there is then no such file.
    """
    try:
        done = subprocess.run(
            [sys.executable, str(bindings), "prebuild", name],
            cwd=tempfile.gettempdir(),
            env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=_PREBUILD_S,
        )
    except subprocess.TimeoutExpired:
        raise GraderFault(f"{bindings.name} prebuild {name}: no end") from None
    lines = done.stdout.split("\n")
    path = Path(lines[-2] if len(lines) > 1 else "")
    if done.returncode or not path.is_file():
        words = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GraderFault(f"{bindings.name} prebuild {name} failed: {words}")
    return path


def _read(path: Path, name: str) -> dict[str, bytes]:
    if path.is_dir():
        found = [
            p
            for p in sorted(path.rglob("*"))
            if p.is_file() and "__pycache__" not in p.parts
        ]
        return {f"{name}/{p.relative_to(path)}": p.read_bytes() for p in found}
    return {name: path.read_bytes()}
