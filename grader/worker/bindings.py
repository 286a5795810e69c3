"""An answer in files of its own: laid out in the worker's scratch, called by bindings.

The bindings are a Python file of the course. Only from its ``GRADED`` names does a test
reach compiled code; the student's files are compiled and run by them, in here.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

# For the bindings' sake: a worker does not see the grader's files.
import grader.native  # noqa: F401


class Bindings:
    """The names that bindings offer; none if the question has no files.

    Args:
        settings: ``files`` (path to contents) and ``bindings``, one of these paths.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        files = settings.get("files") or {}
        self._path = settings.get("bindings") or ""
        self._module: ModuleType | None = None
        #: Modules that an answer may import beside those that it is allowed.
        self.modules = tuple(Path(p).stem for p in files if p.endswith(".py"))
        if not files:
            return
        folder = Path(_scratch(), "assignment")
        for path, contents in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents)
        os.chdir(folder)
        sys.path.insert(0, str(folder))

    def __contains__(self, name: str) -> bool:
        return bool(self._path) and name in self._loaded().GRADED

    def __getitem__(self, name: str) -> Any:
        return getattr(self._loaded(), name)

    def _loaded(self) -> ModuleType:
        if self._module is None:
            self._module = importlib.import_module(Path(self._path).stem)
        return self._module


def _scratch() -> str:
    """A folder that ends with the worker, whatever its level; for temporary files."""
    folder = f"/tmp/grader-worker-{os.getpid()}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    return folder
