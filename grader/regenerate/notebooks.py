"""One source, three notebooks: the student's, the solution's, and walk-throughs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import ManifestError
from grader.manifest import MANIFEST_NAME, Manifest
from grader.regenerate.percent import ScriptCell, read_script
from grader.submission.cells import METADATA_KEY
from grader.submission.statements import statements_of

# In Python behind `#`, in C++ behind `//`.
_BEGIN = re.compile(r"^(\s*)(?:#|//) BEGIN SOLUTION\s*$")
_END = re.compile(r"^\s*(?:#|//) END SOLUTION\s*$")
_TODO = re.compile(r"^\s*(?:#|//) TODO\b")
_COMMENT = re.compile(r"^\s*(?:#|//)")
#: What a source's cell may be, e.g. ``# %% question="im2col"``. An option misspelt
#: would hand the answer out.
_OPTIONS = ("question", "answer", "hidden")
_BLANK_ANSWER = "*Your answer here.*"
_KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Source:
    """An assignment's source file, read.

    Attributes:
        manifest: the assignment.
        path: the py:percent script.
        cells: its cells.
    """

    manifest: Manifest
    path: Path
    cells: tuple[ScriptCell, ...]


@dataclass(frozen=True)
class Block:
    """What stands between BEGIN SOLUTION and END SOLUTION.

    Attributes:
        indent: white space before the markers.
        todo: comment lines kept for the student.
        lines: the solution.
    """

    indent: str
    todo: tuple[str, ...]
    lines: tuple[str, ...]


def read_source(manifest: Manifest) -> Source:
    """Reads ``solutions/NN_topic/NN_topic.py``.

    Raises:
        ManifestError: if it is missing or its questions are not the manifest's.
    """
    path = manifest.solution_folder / f"{manifest.name}.py"
    if not path.is_file():
        raise ManifestError(
            f"{path}: the assignment's source is missing; only instructors have it"
        )
    if f"{manifest.name}.ipynb" not in manifest.submit:
        raise ManifestError(
            f"{manifest.folder / MANIFEST_NAME}: 'submit' does not list "
            f"{manifest.name}.ipynb, the notebook that is made of {path.name}"
        )
    cells = read_script(path)
    for number, cell in enumerate(cells, 1):
        for option in cell.metadata.keys() - _OPTIONS:
            raise ManifestError(
                f"{path}, cell {number}: unknown option {option!r}; a cell may have "
                f"{', '.join(_OPTIONS)}"
            )
    asked = [cell.metadata["question"] for cell in cells if "question" in cell.metadata]
    for id in asked:
        if id not in manifest.ids:
            raise ManifestError(f"{path}: question {id!r} is not in the manifest")
    for id in (question.id for question in manifest.questions if not question.files):
        if asked.count(id) != 1:
            raise ManifestError(
                f'{path}: {asked.count(id)} cells are marked question="{id}"; '
                "there must be one"
            )
    for number, cell in enumerate(cells, 1):
        if "question" in cell.metadata:
            _check_defined(manifest, cell, f"{path}, cell {number}")
    return Source(manifest, path, cells)


def _check_defined(manifest: Manifest, cell: ScriptCell, where: str) -> None:
    """Checks that an answer cell defines what its question asks for."""
    read = statements_of(cell.source)
    if isinstance(read, SyntaxError):
        return  # which the proofs tell
    question = manifest.question(cell.metadata["question"])
    # With bindings, the other names are theirs.
    names = question.graded_names[:1] if manifest.bindings else question.graded_names
    bound = [name for statement in read for name in sorted(statement.binds)]
    for name in names:
        if name not in bound:
            raise ManifestError(
                f'{where}: marked question="{question.id}", it defines no {name}; '
                f"it defines {', '.join(bound) or 'nothing'}"
            )


def student_notebook(source: Source) -> str:
    """Returns the text of the student's notebook: no solution, no output.

    The text depends on the source alone, so that making it twice changes nothing.
    """
    made = []
    for number, cell in enumerate(source.cells, 1):
        if cell.metadata.get("hidden"):
            continue
        question = cell.metadata.get("question")
        answer = cell.metadata.get("answer")
        text, metadata = cell.source, dict[str, Any]()
        if question:
            text = without_solution(text, f"{source.path}, cell {number}", question)
            metadata = {METADATA_KEY: {"question": question}}
        elif answer:
            text, metadata = _BLANK_ANSWER, {METADATA_KEY: {"answer": answer}}
        id = re.sub(r"\W+", "-", question or answer or f"cell-{number:03d}")
        made.append(_cell(cell.cell_type, text, metadata, id))
    book = json.dumps(
        _book([cell | {"source": _lines(cell["source"])} for cell in made]),
        ensure_ascii=False,
        indent=1,
        sort_keys=True,
        separators=(",", ": "),
    )
    return f"{book}\n"


def solution_notebook(source: Source) -> Any:
    """Returns the notebook with the solutions in it, ready to be executed."""
    book = _executable(_solved_cells(source))
    if source.manifest.bindings:
        # It runs in the student's folder, on the solution's files.
        book.metadata["course_files"] = str(source.path.parent)
    return book


def is_executed(source: Source) -> bool:
    """True if the solution notebook on disk is this source's, executed to its end."""
    path = source.path.with_suffix(".ipynb")
    names = {name for question in source.manifest.questions for name in question.files}
    try:
        made = path.stat().st_mtime
        later = [n for n in names if (path.parent / n).stat().st_mtime > made]
    except OSError:
        return False
    return _holds_executed(path, _solved_cells(source)) and not later


def is_walked_through(script: Path) -> bool:
    """True if the notebook beside a walk-through's script is the script's, executed."""
    return _holds_executed(script.with_suffix(".ipynb"), _walked_cells(script))


def _holds_executed(path: Path, wanted: Sequence[Mapping[str, Any]]) -> bool:
    """True if the notebook on disk has these cells, executed to its end."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    done = all(
        cell.get("execution_count") or not text.strip()
        for cell, (kind, text) in zip(cells, found, strict=True)
        if kind == "code"
    )
    return done and found == [(cell["cell_type"], cell["source"]) for cell in wanted]


def _solved_cells(source: Source) -> list[dict[str, Any]]:
    return [
        _cell(
            cell.cell_type,
            _solved(cell.source, f"{source.path}, cell {number}"),
            {},
            f"cell-{number:03d}",
        )
        for number, cell in enumerate(source.cells, 1)
    ]


def walkthrough_notebook(script: Path) -> Any:
    """Returns a walk-through's notebook, ready to be executed."""
    return _executable(_walked_cells(script))


def _walked_cells(script: Path) -> list[dict[str, Any]]:
    return [
        _cell(cell.cell_type, cell.source, {}, f"cell-{number:03d}")
        for number, cell in enumerate(read_script(script), 1)
    ]


def write_notebook(book: Any, path: Path) -> None:
    """Writes a notebook that `solution_notebook` or `walkthrough_notebook` made."""
    import nbformat

    nbformat.write(book, path)


def without_solution(text: str, where: str, question: str) -> str:
    """Returns an answer cell with its solution replaced by a TODO and a raise.

    Raises:
        ManifestError: if BEGIN SOLUTION and END SOLUTION do not pair up.
    """
    out: list[str] = []
    for part in split_blocks(text, where):
        if isinstance(part, str):
            out.append(part)
            continue
        out += part.todo or (f"{part.indent}# TODO: your code here",)
        if part.indent:
            out.append(f'{part.indent}raise NotImplementedError("{question}")')
    return "\n".join(out)


def split_blocks(text: str, where: str) -> list[str | Block]:
    """Returns the lines of a cell, each solution block as one `Block`.

    Raises:
        ManifestError: if the markers do not pair up; names the cell.
    """
    parts: list[str | Block] = []
    inside: list[str] | None = None
    indent = ""
    for line in text.split("\n"):
        begin = _BEGIN.match(line)
        if begin and inside is None:
            indent, inside = begin[1], []
        elif _END.match(line) and inside is not None:
            parts.append(_block(indent, inside))
            inside = None
        elif begin or _END.match(line):
            raise ManifestError(f"{where}: `{line.strip()}` without its partner")
        elif inside is not None:
            inside.append(line)
        else:
            parts.append(line)
    if inside is not None:
        raise ManifestError(f"{where}: `# BEGIN SOLUTION` without `# END SOLUTION`")
    return parts


def _block(indent: str, lines: list[str]) -> Block:
    count = 0
    if lines and _TODO.match(lines[0]):
        count = next(
            (i for i, line in enumerate(lines) if not _COMMENT.match(line)), len(lines)
        )
    return Block(indent, tuple(lines[:count]), tuple(lines[count:]))


def _solved(text: str, where: str) -> str:
    """The cell with its solution, without markers and without what was to do."""
    lines: list[str] = []
    for part in split_blocks(text, where):
        lines += [part] if isinstance(part, str) else part.lines
    return "\n".join(lines)


def _cell(kind: str, text: str, metadata: dict[str, Any], id: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": id,
        "metadata": metadata,
        "source": text,
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _book(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cells": list(cells),
        "metadata": dict(_KERNEL),
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _executable(cells: Sequence[dict[str, Any]]) -> Any:
    import nbformat  # takes seconds, and a notebook that is not executed needs none

    return nbformat.from_dict(_book(cells))


def _lines(text: str) -> list[str]:
    """A cell's text as notebooks on disk have it."""
    return text.splitlines(keepends=True)
