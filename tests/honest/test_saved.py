"""A solved notebook means the same, whatever saved, converted or rearranged it."""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from grader.authoring import solution_cells, solution_files
from grader.grade import Grading, grade
from grader.manifest import all_assignments, load
from grader.submission import Submission, read_submission
from grader.submission.cells import Cell
from tests.honest.cases import lost
from tests.honest.saved import SAVERS, as_script, notebook

MANIFESTS = [load(folder) for folder in all_assignments()]
NAMES = [manifest.name for manifest in MANIFESTS]
#: Questions whose answers need NumPy, and some of them each other.
QUICK = "01_filters_and_convolution", ("flip180", "blur_kernel", "match_feature")


def asked(manifest):
    """Question ids with the names that their cells define."""
    return {q.id: q.graded_names for q in manifest.questions if not q.files}


def needed(manifest, submission: Submission) -> dict[str, list[str]]:
    """What each answer would execute: grading looks at nothing else of a notebook."""
    found = {}
    for id, names in asked(manifest).items():
        assert not submission.definitions.is_blank(id, names)
        units = submission.definitions.units(id, names)
        found[id] = [unit.source for unit in units]
    return found


@functools.cache
def solved(name: str) -> dict[str, list[str]]:
    """The same of the reference solution."""
    manifest = MANIFESTS[NAMES.index(name)]
    return needed(manifest, Submission.from_cells(solution_cells(manifest)))


def read(manifest, folder, text: str, ending: str = ".ipynb") -> Submission:
    path = folder / f"{manifest.name}{ending}"
    path.write_bytes(text.encode())
    for name, contents in solution_files(manifest).items():
        (folder / name).write_bytes(contents)
    return read_submission(manifest, folder)


@pytest.mark.parametrize("saver", SAVERS.values(), ids=SAVERS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=NAMES)
def test_every_tools_file_is_read_alike(manifest, tmp_path, saver) -> None:
    cells = solution_cells(manifest)
    submission = read(manifest, tmp_path, saver(notebook(cells)))
    assert not submission.definitions.problems
    assert needed(manifest, submission) == solved(manifest.name)


def _by_jupytext(form: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        import jupytext

        return str(jupytext.writes(jupytext.reads(text, fmt="ipynb"), fmt=form))

    return convert


def _back_by_jupytext(text: str) -> str:
    import jupytext

    script = jupytext.writes(jupytext.reads(text, fmt="ipynb"), fmt="py:percent")
    return str(jupytext.writes(jupytext.reads(script, fmt="py:percent"), fmt="ipynb"))


def _by_nbformat(version: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        import nbformat

        book = nbformat.convert(nbformat.reads(text, as_version=4), version)
        return str(nbformat.writes(book, version=version))

    return convert


def _exported(text: str) -> str:
    """As ``jupyter nbconvert --to script`` does, each answer under ``%%time``."""
    import nbformat
    from nbconvert import PythonExporter

    book = nbformat.reads(text, as_version=4)
    for cell in book.cells:
        if cell.metadata.get("course"):
            cell.source = f"%%time\n{cell.source}"
    return str(PythonExporter().from_notebook_node(book)[0])


CONVERTED = {  # ending, converter
    "jupytext percent": (".py", _by_jupytext("py:percent")),
    "jupytext light": (".py", _by_jupytext("py:light")),
    "jupytext sphinx": (".py", _by_jupytext("py:sphinx")),
    "jupytext hydrogen": (".py", _by_jupytext("py:hydrogen")),
    "jupytext and back": (".ipynb", _back_by_jupytext),
    "nbconvert": (".py", _exported),
    "nbformat 4": (".ipynb", _by_nbformat(4)),
    "nbformat 3": (".ipynb", _by_nbformat(3)),
}


@pytest.mark.parametrize("kind", CONVERTED)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=NAMES)
def test_every_converters_file_is_read_alike(manifest, tmp_path, kind) -> None:
    ending, convert = CONVERTED[kind]
    cells = solution_cells(manifest)
    text = convert(json.dumps(notebook(cells)))
    submission = read(manifest, tmp_path, text, ending)
    assert not submission.definitions.problems
    assert needed(manifest, submission) == solved(manifest.name)


def _numbered(cells: Sequence[Cell]) -> list[Cell]:
    return [replace(cell, number=n) for n, cell in enumerate(cells, 1)]


def _with_blanks(cells: Sequence[Cell]) -> list[Cell]:
    """Each answer moved to a cell of its own below the handed-out blank."""
    found = []
    for cell in cells:
        found.append(replace(cell, question=""))
        for name in re.findall(r"^(?:def|class) (\w+)", cell.source, re.MULTILINE):
            if cell.question:
                blank = f"def {name}(*args):\n    raise NotImplementedError({name!r})"
                found.append(Cell(0, blank, cell.question))
    return found


def _twice(cells: Sequence[Cell]) -> list[Cell]:
    return [copy for cell in cells for copy in (cell, cell)]


def _shuffled(cells: Sequence[Cell]) -> list[Cell]:
    return random.Random(1).sample(cells, len(cells))


def _merged(cells: Sequence[Cell]) -> list[Cell]:
    return [Cell(1, "\n\n".join(cell.source for cell in cells))]


def _noisy(cells: Sequence[Cell]) -> list[Cell]:
    noise = ("raise SystemExit", "while True: pass", "x = input()", "def broken(:")
    return [c for cell in cells for c in (cell, *(Cell(0, text) for text in noise))]


REARRANGED: dict[str, Callable[[Sequence[Cell]], list[Cell]]] = {
    "all cells twice": _twice,
    "all cells backwards": lambda cells: list(reversed(cells)),
    "all cells shuffled": _shuffled,
    "all cells merged into one": _merged,
    "all cells copied to the end": lambda cells: [*cells, *cells],
    "answers below their blanks": _with_blanks,
    "cells that fail between all cells": _noisy,
}


@pytest.mark.parametrize("kind", REARRANGED)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=NAMES)
def test_every_arrangement_holds_the_same_answers(manifest, kind) -> None:
    cells = solution_cells(manifest)
    moved = Submission.from_cells(_numbered(REARRANGED[kind](cells)))
    found = needed(manifest, moved)
    assert {id: {*units} for id, units in found.items()} == {
        id: {*units} for id, units in solved(manifest.name).items()
    }


@pytest.mark.parametrize("kind", ["as it is", "as a script", *REARRANGED])
def test_every_arrangement_gets_full_marks(kind, tmp_path, hosts) -> None:
    name, questions = QUICK
    manifest = MANIFESTS[NAMES.index(name)]
    cells = solution_cells(manifest)
    if kind in REARRANGED:
        cells = _numbered(REARRANGED[kind](cells))
    text = json.dumps(notebook(cells))
    ending = ".ipynb"
    if kind == "as a script":
        text, ending = as_script(cells), ".py"
    submission = read(manifest, tmp_path, text, ending)
    how = Grading(seed=5, only=questions, explain=False, hosts=hosts)
    report = grade(manifest, submission, how)
    assert report.full_marks, lost(report)
