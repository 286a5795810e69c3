"""Finds the numbers that a notebook computes, and tells them from typed ones."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

#: A number as notebooks print it: 1,234, -0.5, 2.3e-05, with either sign for minus.
_NUMBER = re.compile(
    r"(?:(?<![\w.)\]])[-\u2212])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?"
)
_ENTRY = {"row", "says", "where", "cell", "computed", "given", "no_numbers"}
#: So many numbers in an order are not typed by chance.
_SEQUENCE = 3
WHERE = ("assignment", "walk-through")

# Figures reach a notebook as pictures. While a test executes one, their text form is
# the words and numbers in them. The class is changed once a cell has imported it, so
# that the notebook itself decides what is imported first.
_READABLE_FIGURES = """
def _make_figures_readable(*_):
    import sys

    figure = sys.modules.get("matplotlib.figure")
    if figure is not None and not hasattr(figure.Figure, "_repr_pretty_"):
        def words(self, printer, cycle):
            from matplotlib.text import Text

            texts = [t for t in self.findobj(Text) if t.get_visible()]
            printer.text("\\n".join(t.get_text() for t in texts if t.get_text()))

        figure.Figure._repr_pretty_ = words


get_ipython().events.register("pre_run_cell", _make_figures_readable)
"""


@dataclass(frozen=True)
class Entry:
    """One statement of a row, and where a notebook computes it; see `read_rows`."""

    row: int
    says: str
    where: str = ""
    cell: str = ""
    computed: tuple[float, ...] = ()
    given: tuple[float, ...] = ()
    no_numbers: str = ""


def read_rows(path: Path) -> list[Entry]:
    """Reads an assignment's ``rows.toml``; raises ValueError if it is not well-formed.

    How to write one stands at the head of ``test_notebooks.py``.
    """
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("rows", [])
    entries = []
    for number, table in enumerate(tables, 1):
        fault = _fault(table)
        if fault:
            raise ValueError(f"{path}, entry {number}: {fault}")
        numbers = {
            key: tuple(_flat(table.get(key, []))) for key in ("computed", "given")
        }
        entries.append(Entry(**{**table, **numbers}))
    return entries


def _fault(table: dict[str, Any]) -> str:
    unknown = set(table) - _ENTRY
    if unknown:
        return f"unknown keys {sorted(unknown)}"
    if not isinstance(table.get("row"), int) or not table.get("says"):
        return "needs `row`, a number, and `says`, what the row states"
    if "no_numbers" in table:
        return "" if set(table) == {"row", "says", "no_numbers"} else "too many keys"
    if table.get("where") not in WHERE or not table.get("cell"):
        return f"needs `where`, one of {WHERE}, and `cell`, a piece of its source"
    computed, given = (set(_flat(table.get(key, []))) for key in ("computed", "given"))
    if not computed - given and len(list(_flat(table.get("computed", [])))) < _SEQUENCE:
        return f"`computed` needs a number not `given`, or {_SEQUENCE} in a sequence"
    return ""


def _flat(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield float(value)


def with_readable_figures(book: Any) -> Any:
    """Returns the notebook with a first cell that puts figures' words in outputs."""
    first = nbformat.v4.new_code_cell(_READABLE_FIGURES)
    return nbformat.from_dict({**book, "cells": [first, *book.cells]})


def complaints(entry: Entry, book: Any) -> Iterator[str]:
    """What is wrong with one entry, given the executed notebook that it names."""
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    found = [number for number, cell in enumerate(code) if entry.cell in cell.source]
    if len(found) != 1:
        yield f"{len(found)} code cells contain {entry.cell!r}; give more of it"
        return
    cell, before = code[found[0]], code[: found[0]]
    if not any(_contains(printed(o), entry.computed) for o in cell.outputs):
        shown = [printed(output) for output in cell.outputs]
        yield f"{_said(entry.computed)} is not in the cell's outputs; they hold {shown}"
    literals = typed(cell.source)
    known = {abs(number) for number in literals}
    given = {abs(number) for number in entry.given}
    for number in dict.fromkeys(entry.computed):
        if abs(number) in known - given:
            yield f"{number:g} is typed in the cell that should compute it"
    for number in given - known:
        yield f"{number:g} is said to be given but not typed in the cell"
    size = [abs(number) for number in entry.computed]
    for earlier in (*before, cell):
        literals = [abs(number) for number in typed(earlier.source)]
        if len(size) >= _SEQUENCE and _contains(literals, size):
            yield f"{_said(entry.computed)} is typed, one after the other, in a cell"
        for number in {n for n in size if n not in given and _is_long(n)}:
            if number in literals and earlier is not cell:
                yield f"{number:g} is typed in an earlier cell"


def printed(output: Any) -> list[float]:
    """The numbers of one output of a cell, in order."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return numbers_in(text)


def numbers_in(text: str) -> list[float]:
    """The numbers that a text contains, in order."""
    found = (
        match[0].replace(",", "").replace("\u2212", "-")
        for match in _NUMBER.finditer(text)
    )
    return [float(number) for number in found]


def typed(source: str) -> list[float]:
    """The numbers that a cell's code holds as literals or in its strings, in order.

    Signs are lost: ``-4`` is the number 4 with an operator. Format specifications
    such as ``:.2f`` do not count.
    """
    lines = [line for line in source.split("\n") if not line.startswith(("%", "!"))]
    return list(_literals(ast.parse("\n".join(lines))))


def _literals(node: ast.AST) -> Iterator[float]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield from numbers_in(node.value)
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield float(node.value)
        return
    for name, value in ast.iter_fields(node):
        if name == "format_spec":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _literals(child)


def _contains(numbers: Sequence[float], wanted: Sequence[float]) -> bool:
    """True if `wanted` stands in `numbers`, one after the other."""
    several, wanted = list(numbers), list(wanted)
    starts = range(len(several) - len(wanted) + 1)
    return any(several[i : i + len(wanted)] == wanted for i in starts)


def _is_long(number: float) -> bool:
    """True of a number that nobody types by chance: of three digits or more."""
    return abs(number) >= 100 or len(f"{number:.15g}".strip("-0.").replace(".", "")) > 2


def _said(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.15g}" for number in numbers)
