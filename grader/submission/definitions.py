"""From cells to the definitions that a question needs.

A question's answer is its graded names, and whatever they use: imports, constants,
helpers, wherever in the notebook they stand. Loops, calls, plots and prints are the
run of the notebook and are left behind; a loop that fills a table which the answer
needs, in the cell that makes the table, is part of it.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from grader.submission.bindings import Uses
from grader.submission.cells import Cell
from grader.submission.statements import Statement, statements_of

#: Characters of a cell, and of all together. An assignment's have some 25,000; what
#: is longer could cost the grader minutes.
MAX_CELL, MAX_CODE = 100_000, 500_000


#: A function that calls one of these may use any other, by a name made as it runs.
_LOOKS_UP = frozenset({"eval", "exec", "globals"})
_DEFINING = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Unit:
    """One top-level statement to execute in a worker.

    Attributes:
        cell: the cell's label, e.g. ``"cell 7 (im2col)"``.
        line: its first line within the cell, from 1.
        source: its lines.
        binds: the names it binds, sorted.
    """

    cell: str
    line: int
    source: str
    binds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A cell that Python cannot read.

    Attributes:
        cell: the cell's label.
        question: the question it answers, or empty.
        message: one line, with the line number.
        source: the cell's text, to see which names it would define.
    """

    cell: str
    question: str
    message: str
    source: str


@dataclass(frozen=True, eq=False)
class _Placed:
    """A statement in its place in the notebook."""

    position: int
    cell: Cell
    statement: Statement

    @property
    def binds(self) -> frozenset[str]:
        return self.statement.binds

    @property
    def uses(self) -> Uses:
        return self.statement.uses

    @property
    def unit(self) -> Unit:
        it, binds = self.statement, tuple(sorted(self.binds))
        return Unit(self.cell.label, it.first_line, it.text, binds)


class Definitions:
    """The definitions of one submission; nothing here has been executed."""

    def __init__(
        self, statements: Sequence[_Placed], problems: Sequence[Problem]
    ) -> None:
        self._statements = statements
        self.problems = tuple(problems)
        self._by_name: dict[str, list[_Placed]] = {}
        self._by_cell: dict[tuple[str, int], list[_Placed]] = {}
        self._changed: dict[str, list[_Placed]] = {}
        self._filled: dict[tuple[str, int], list[_Placed]] = {}
        self._answers: dict[str, list[_Placed]] = {}
        for placed in statements:
            number = placed.cell.number
            for name in placed.binds:
                self._by_name.setdefault(name, []).append(placed)
                self._by_cell.setdefault((name, number), []).append(placed)
                if placed.cell.question == name:
                    self._answers.setdefault(name, []).append(placed)
            for name in placed.statement.mutates:
                self._changed.setdefault(name, []).append(placed)
            for name in placed.statement.fills:
                self._filled.setdefault((name, number), []).append(placed)

    @property
    def future_annotations(self) -> bool:
        """True if a cell asks for ``from __future__ import annotations``."""
        return any(
            isinstance(node, ast.ImportFrom) and node.module == "__future__"
            for node in (s.statement.node for s in self._statements)
        )

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that the submission does not define."""
        return [name for name in names if name not in self._by_name]

    def is_blank(self, question: str, names: Iterable[str]) -> bool:
        """True if none of `names` is defined as more than the handed-out blank."""
        found = [self._graded(question, name) for name in names]
        return all(s is None or s.statement.is_blank for s in found)

    def units(self, question: str, names: Sequence[str]) -> tuple[Unit, ...]:
        """Returns what must be executed to have `names`, in a workable order."""
        return tuple(s.unit for s in self._closure(question, names))

    def imports(self, question: str, names: Sequence[str]) -> frozenset[str]:
        """Returns the top-level packages that the answer imports."""
        closure = self._closure(question, names)
        return frozenset().union(*(s.statement.imports for s in closure))

    def again(self, question: str, name: str) -> str:
        """Returns the label of a later cell that defines `name` again, or ``""``."""
        chosen = self._graded(question, name)
        last = self._by_name.get(name, [chosen])[-1]
        if chosen is None or last is None or last.cell.number <= chosen.cell.number:
            return ""
        return "" if last.statement.is_stub else last.cell.label

    def _graded(self, question: str, name: str) -> _Placed | None:
        """The answer cell's definition, else the last; a blank only if alone."""
        found = self._by_name.get(name, [])
        whole = [s for s in found if not s.statement.is_stub]
        answered = whole or [s for s in found if not s.statement.is_blank] or found
        tagged = [s for s in answered if s.cell.question == question]
        return _last(tagged or answered)

    def _closure(self, question: str, names: Sequence[str]) -> list[_Placed]:
        chosen: dict[_Placed, None] = {}
        changed: set[str] = set()
        seen: set[tuple[str, int]] = set()
        all_of_them = False
        waiting: list[_Placed | None] = [self._graded(question, n) for n in names]
        waiting += [s for s in self._statements if s.statement.is_star_import]
        while waiting:
            statement = waiting.pop()
            if statement is None or statement in chosen:
                continue
            chosen[statement] = None
            waiting += [self._before(n, statement) for n in statement.uses.at_once]
            waiting += [self._finally(n, statement) for n in statement.uses.later]
            if _LOOKS_UP & statement.uses.later and not all_of_them:
                all_of_them = True
                nodes = ((s, s.statement.node) for s in self._statements)
                waiting += [s for s, node in nodes if isinstance(node, _DEFINING)]
            number = statement.cell.number
            here = {(name, number) for name in statement.binds} - seen
            seen |= here
            for where in here:
                waiting += self._filled.get(where, [])
            for name in statement.binds - changed:
                # Like ``TABLE["a"] = 1`` or ``Layer.call = call``.
                waiting += self._changed.get(name, [])
            changed |= statement.binds
        return self._ordered(chosen, {*names}, question)

    def _before(self, name: str, user: _Placed) -> _Placed | None:
        """The binding in force when `user` is executed, else any."""
        found = self._by_name.get(name, [])
        earlier = bisect_left(found, user.position, key=lambda s: s.position)
        if earlier:
            return found[earlier - 1]
        return _last([s for s in found[-2:] if s is not user])

    def _finally(self, name: str, user: _Placed) -> _Placed | None:
        """The binding in force when `user`'s functions run.

        A helper in the same cell goes before one of the same name elsewhere: it is
        the one the student wrote and tried together with the answer. One in a later
        answer's cell is that answer's.
        """
        if name in user.binds:
            return None
        found = self._by_name.get(name, [])

        def from_the_best() -> Iterator[_Placed]:
            yield from reversed(self._by_cell.get((name, user.cell.number), []))
            yield from reversed(self._answers.get(name, []))
            for statement in reversed(found):
                if not _of_a_later_answer(statement, user):
                    yield statement
            yield from reversed(found)

        answered = (s for s in from_the_best() if not s.statement.is_stub)
        return next(answered, None) or next(from_the_best(), None)

    def _ordered(
        self, chosen: Iterable[_Placed], graded: set[str], question: str
    ) -> list[_Placed]:
        """Notebook order, except that what a definition needs at once comes first."""
        members = {*chosen}
        ordered: dict[_Placed, None] = {}
        on_path: set[_Placed] = set()

        def place(statement: _Placed) -> None:
            if statement in ordered or statement in on_path:
                return
            on_path.add(statement)
            for name in statement.uses.at_once:
                needed = self._before(name, statement)
                if needed in members:
                    place(needed)
            on_path.discard(statement)
            ordered[statement] = None

        # The chosen definition of a graded name goes last: it must win.
        final = [self._graded(question, name) for name in graded]
        rest = [s for s in members if s not in final]
        try:
            for statement in sorted(rest, key=lambda s: s.position):
                place(statement)
            for statement in sorted((s for s in final if s), key=lambda s: s.position):
                place(statement)
        except RecursionError:
            return sorted(members, key=lambda s: s.position)
        return list(ordered)


def extract(cells: Iterable[Cell], given: Iterable[Cell] = ()) -> Definitions:
    """Parses cells and collects what they define.

    Args:
        cells: of the submission.
        given: of the notebook that was handed out; they define what `cells` do not,
            e.g. an import whose cell was deleted.
    """
    own, problems = _statements(cells)
    known = frozenset().union(*(s.binds for s in own))
    handed_out, _ = _statements(given)
    missing = [s for s in handed_out if s.binds and not s.binds & known]
    together = enumerate([*missing, *own])
    return Definitions([replace(s, position=n) for n, s in together], problems)


def _statements(cells: Iterable[Cell]) -> tuple[list[_Placed], list[Problem]]:
    statements: list[_Placed] = []
    problems: list[Problem] = []
    read = 0  # characters
    for cell in cells:
        size = len(cell.source)
        if size > MAX_CELL or read + size > MAX_CODE:
            problems.append(_too_long(cell, read))
            continue
        read += size
        found = statements_of(cell.source)
        if isinstance(found, SyntaxError):
            problems.append(_problem(cell, found))
            continue
        for statement in found:
            statements.append(_Placed(len(statements), cell, statement))
    return statements, problems


def _last(statements: Sequence[_Placed]) -> _Placed | None:
    return statements[-1] if statements else None


def _of_a_later_answer(statement: _Placed, user: _Placed) -> bool:
    asked = statement.cell.question
    later = statement.position > user.position
    return later and asked not in ("", user.cell.question)


def _problem(cell: Cell, error: SyntaxError) -> Problem:
    lines = cell.source.split("\n")
    if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in lines):
        message = "Git merge-conflict markers (<<<<<<<); keep one side and delete them"
    else:
        line = error.lineno or 0
        reason = error.msg
        message = f"line {line}: {reason}" if line else reason
        if 0 < line <= len(lines) and lines[line - 1].strip():
            message += f": `{lines[line - 1].strip()[:80]}`"
    return Problem(cell.label, cell.question, message, cell.source)


def _too_long(cell: Cell, read: int) -> Problem:
    kilo, limit = len(cell.source) // 1000, MAX_CELL // 1000
    message = f"{kilo} kB of code in one cell, over the limit of {limit} kB"
    if len(cell.source) <= MAX_CELL:
        limit = MAX_CODE // 1000
        message = f"after {read // 1000} kB of code; the limit is {limit} kB in all"
    return Problem(cell.label, cell.question, message, cell.source[:MAX_CELL])
