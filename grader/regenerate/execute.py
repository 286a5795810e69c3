"""Executes a notebook in a kernel of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.manifest import ROOT

_CELL_S = 900
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute_notebook(book: Any, folder: Path) -> Any:
    """Executes `book` with `folder` as its working directory.

    ``COURSE_QUICK=1`` in the environment reaches the notebook, which then uses less
    data and fewer epochs. ``course_files`` in the book's metadata is where bindings
    find the answers that are files.

    Raises:
        GraderError: if a cell fails; names the cell and the error.
    """
    import nbclient

    files = book.metadata.pop("course_files", "")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part
        ),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "PYTHONDONTWRITEBYTECODE": "1",
        **({"COURSE_FILES": files} if files else {}),
    }
    client = nbclient.NotebookClient(
        book,
        timeout=_CELL_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,  # a busy machine cuts what one cell prints in two
        extra_arguments=["--log-level=ERROR"],  # no warning about its own sockets
    )
    try:
        client.execute(env=environment)
    except nbclient.exceptions.CellExecutionError as error:
        source = str(error.traceback).splitlines()
        last = _ANSI.sub("", source[-1]) if source else str(error)
        raise GraderError(f"cell {_failed_cell(book)}: {last}") from None
    except nbclient.exceptions.CellTimeoutError:
        raise GraderError(
            f"cell {_failed_cell(book)}: not done after {_CELL_S} s"
        ) from None
    return book


def _failed_cell(book: Any) -> int:
    for number, cell in enumerate(book.cells, 1):
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return number
    return 0
