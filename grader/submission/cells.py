"""Code cells of a notebook or a py:percent script, read as data.

Nothing is executed and nothing but JSON and text is parsed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import SubmissionError

#: A notebook with its pictures may be large; beyond this it is a mistake.
MAX_FILE_BYTES = 64 * 2**20
#: Two characters of JSON can ask for a hundred bytes of memory.
_MOST_VALUES = 5_000_000
#: Key under which a generated notebook keeps the question of an answer cell.
METADATA_KEY = "course"

_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>)( |$)", re.MULTILINE)
_PERCENT = re.compile(r"^# %%(?!%)(?P<rest>.*)$")
_OPTION = re.compile(r"""(?<!\w)(\w+)=(?:"([^"]*)"|(\S+))""")


@dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
        number: position among all cells, from 1, as a reader counts them; negative in
            the notebook that was handed out.
        source: its text.
        question: id of the question it answers, or empty.
    """

    number: int
    source: str
    question: str = ""

    @property
    def label(self) -> str:
        """How messages name the cell."""
        if self.number < 0:
            return f"cell {-self.number} as handed out"
        return f"cell {self.number}" + (f" ({self.question})" if self.question else "")


def read_cells(path: Path) -> list[Cell]:
    """Returns the code cells of a notebook, or of a script in percent format.

    Raises:
        SubmissionError: if the file cannot be read as such; one line with the mend.
    """
    text = _read_text(path)
    if path.suffix == ".py":
        return percent_cells(text)
    if path.suffix == ".ipynb":
        return notebook_cells(text, path.name)
    raise SubmissionError(
        f"{path.name}: expected a notebook (.ipynb) or a script (.py)"
    )


def percent_cells(text: str) -> list[Cell]:
    """Returns the code cells of a py:percent script; text before a marker is one."""
    cells: list[Cell] = []
    number = 0
    for rest, lines in percent_parts(text):
        number += rest is not None
        body, options = "\n".join(lines).strip("\n"), rest or ""
        if (
            "[markdown]" in options
            or "[raw]" in options
            or not (rest is not None or body)
        ):
            continue
        cells.append(Cell(number or 1, body, cell_options(options).get("question", "")))
    return cells


def percent_parts(text: str) -> Iterator[tuple[str | None, list[str]]]:
    """Yields what follows ``# %%`` and the lines below it, cell by cell.

    First come the lines before any marker, after None.
    """
    rest: str | None = None
    lines: list[str] = []
    # Not splitlines(), which also ends lines that are one for Python.
    for line in text.replace("\r\n", "\n").split("\n"):
        match = _PERCENT.match(line)
        if match:
            yield rest, lines
            rest, lines = match["rest"], []
        else:
            lines.append(line)
    yield rest, lines


def cell_options(rest: str) -> dict[str, str]:
    """Returns ``{"question": "im2col"}`` for ``' question="im2col"'``."""
    return {key: quoted or bare for key, quoted, bare in _OPTION.findall(rest)}


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():
            raise SubmissionError(f"{path}: no such file")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise SubmissionError(
                f"{path.name}: {size >> 20} MB, over the limit of "
                f"{MAX_FILE_BYTES >> 20} MB: clear its outputs and save it again"
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SubmissionError(
            f"{path.name}: not UTF-8 text; save it again from Jupyter"
        ) from None
    except OSError as error:
        raise SubmissionError(f"{path.name}: {error.strerror or error}") from None
    if not text.strip():
        raise SubmissionError(
            f"{path.name}: the file is empty; save the notebook again"
        )
    return text


def notebook_cells(text: str, name: str) -> list[Cell]:
    """Returns the code cells of a notebook's JSON `text`; `name` is for messages.

    Raises:
        SubmissionError: if it is not a notebook.
    """
    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise SubmissionError(
            f"{name}: more than {_MOST_VALUES // 10**6} million values in it: clear "
            "its outputs and save it again"
        )
    try:
        book = json.loads(text)
    except (ValueError, RecursionError) as error:
        # Only a broken file is searched: a cell may well print such lines.
        if _CONFLICT.search(text):
            raise SubmissionError(
                f"{name}: has Git merge-conflict markers (<<<<<<<); resolve the "
                "conflict, or restore one side with `git checkout --ours`"
            ) from None
        detail = str(error).split(":")[0] if isinstance(error, ValueError) else "depth"
        raise SubmissionError(
            f"{name}: not a notebook: invalid JSON ({detail}); "
            "save it again from Jupyter"
        ) from None
    if not isinstance(book, dict):
        raise SubmissionError(f"{name}: not a notebook: no cells in it")
    version = book.get("nbformat")
    if isinstance(book.get("worksheets"), list) and not isinstance(
        book.get("cells"), list
    ):
        sheets = [s for s in book["worksheets"] if isinstance(s, dict)]
        raw = [c for sheet in sheets for c in _list(sheet.get("cells"))]
    else:
        raw = _list(book.get("cells"))
        if not isinstance(book.get("cells"), list):
            raise SubmissionError(
                f"{name}: not a notebook (nbformat {version!r}): it has no list of "
                "cells; open it in Jupyter and save it again"
            )
    cells = []
    for number, cell in enumerate(raw, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = _joined(cell.get("source", cell.get("input", "")))
            cells.append(Cell(number, source, _question(cell.get("metadata"))))
    return cells


def _question(metadata: Any) -> str:
    course = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    question = course.get("question") if isinstance(course, dict) else None
    if isinstance(question, str) and question.isidentifier():
        return question
    return ""


def _joined(source: Any) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
