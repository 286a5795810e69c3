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
from functools import cached_property, lru_cache

from grader.submission.bindings import (
    Uses,
    augmented_names,
    bound_names,
    filled_names,
    imported_roots,
    is_blank,
    is_stub,
    loop_names,
    mutated_names,
    uses,
)
from grader.submission.cells import Cell
from grader.submission.magics import Parsed, exported_cell, parse_cell

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
class _Statement:
    position: int
    cell: Cell
    node: ast.stmt
    binds: frozenset[str]

    @cached_property
    def first_line(self) -> int:
        decorators = getattr(self.node, "decorator_list", [])
        lines: list[int] = [d.lineno for d in decorators]
        return min([self.node.lineno, *lines])

    @cached_property
    def text(self) -> str:
        end = self.node.end_lineno or self.node.lineno
        lines = list(_lines(self.cell.source)[self.first_line - 1 : end])
        # Another statement may share its line: ``n = 5; train(n)``. Offsets count
        # bytes.
        lines[-1] = lines[-1].encode()[: self.node.end_col_offset].decode()
        if self.first_line == self.node.lineno:
            lines[0] = lines[0].encode()[self.node.col_offset :].decode()
        return "\n".join(lines)

    @cached_property
    def uses(self) -> Uses:
        found = uses(self.text)
        at_once = found.at_once | augmented_names(self.node)
        return Uses(at_once - loop_names(self.node), found.later)

    @cached_property
    def is_stub(self) -> bool:
        return is_stub(self.node)

    @cached_property
    def is_blank(self) -> bool:
        return is_blank(self.node)

    @property
    def unit(self) -> Unit:
        binds = tuple(sorted(self.binds))
        return Unit(self.cell.label, self.first_line, self.text, binds)


class Definitions:
    """The definitions of one submission; nothing here has been executed."""

    def __init__(
        self, statements: Sequence[_Statement], problems: Sequence[Problem]
    ) -> None:
        self._statements = statements
        self.problems = tuple(problems)
        self._by_name: dict[str, list[_Statement]] = {}
        self._by_cell: dict[tuple[str, int], list[_Statement]] = {}
        self._changed: dict[str, list[_Statement]] = {}
        self._filled: dict[tuple[str, int], list[_Statement]] = {}
        self._answers: dict[str, list[_Statement]] = {}
        for statement in statements:
            for name in statement.binds:
                self._by_name.setdefault(name, []).append(statement)
                where = name, statement.cell.number
                self._by_cell.setdefault(where, []).append(statement)
                if statement.cell.question == name:
                    self._answers.setdefault(name, []).append(statement)
            for name in mutated_names(statement.node):
                self._changed.setdefault(name, []).append(statement)
            for name in filled_names(statement.node):
                where = name, statement.cell.number
                self._filled.setdefault(where, []).append(statement)

    @property
    def future_annotations(self) -> bool:
        """True if a cell asks for ``from __future__ import annotations``."""
        return any(
            isinstance(s.node, ast.ImportFrom) and s.node.module == "__future__"
            for s in self._statements
        )

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that the submission does not define."""
        return [name for name in names if name not in self._by_name]

    def is_blank(self, question: str, names: Iterable[str]) -> bool:
        """True if none of `names` is defined as more than the handed-out blank."""
        found = [self._graded(question, name) for name in names]
        return all(s is None or s.is_blank for s in found)

    def units(self, question: str, names: Sequence[str]) -> tuple[Unit, ...]:
        """Returns what must be executed to have `names`, in a workable order."""
        return tuple(s.unit for s in self._closure(question, names))

    def imports(self, question: str, names: Sequence[str]) -> frozenset[str]:
        """Returns the top-level packages that the answer imports."""
        closure = self._closure(question, names)
        return frozenset().union(*(imported_roots(s.node) for s in closure))

    def again(self, question: str, name: str) -> str:
        """Returns the label of a later cell that defines `name` again, or ``""``."""
        chosen = self._graded(question, name)
        last = self._by_name.get(name, [chosen])[-1]
        if chosen is None or last is None or last.cell.number <= chosen.cell.number:
            return ""
        return "" if last.is_stub else last.cell.label

    def _graded(self, question: str, name: str) -> _Statement | None:
        """The answer cell's definition, else the last; a blank only if alone."""
        found = self._by_name.get(name, [])
        whole = [s for s in found if not s.is_stub]
        answered = whole or [s for s in found if not s.is_blank] or found
        tagged = [s for s in answered if s.cell.question == question]
        return _last(tagged or answered)

    def _closure(self, question: str, names: Sequence[str]) -> list[_Statement]:
        chosen: dict[_Statement, None] = {}
        changed: set[str] = set()
        seen: set[tuple[str, int]] = set()
        all_of_them = False
        waiting: list[_Statement | None] = [self._graded(question, n) for n in names]
        waiting += [s for s in self._statements if _is_star_import(s.node)]
        while waiting:
            statement = waiting.pop()
            if statement is None or statement in chosen:
                continue
            chosen[statement] = None
            waiting += [self._before(n, statement) for n in statement.uses.at_once]
            waiting += [self._finally(n, statement) for n in statement.uses.later]
            if _LOOKS_UP & statement.uses.later and not all_of_them:
                all_of_them = True
                waiting += [
                    s for s in self._statements if isinstance(s.node, _DEFINING)
                ]
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

    def _before(self, name: str, user: _Statement) -> _Statement | None:
        """The binding in force when `user` is executed, else any."""
        found = self._by_name.get(name, [])
        earlier = bisect_left(found, user.position, key=lambda s: s.position)
        if earlier:
            return found[earlier - 1]
        return _last([s for s in found[-2:] if s is not user])

    def _finally(self, name: str, user: _Statement) -> _Statement | None:
        """The binding in force when `user`'s functions run.

        A helper in the same cell goes before one of the same name elsewhere: it is
        the one the student wrote and tried together with the answer. One in a later
        answer's cell is that answer's.
        """
        if name in user.binds:
            return None
        found = self._by_name.get(name, [])

        def from_the_best() -> Iterator[_Statement]:
            yield from reversed(self._by_cell.get((name, user.cell.number), []))
            yield from reversed(self._answers.get(name, []))
            for statement in reversed(found):
                if not _of_a_later_answer(statement, user):
                    yield statement
            yield from reversed(found)

        answered = (s for s in from_the_best() if not s.is_stub)
        return next(answered, None) or next(from_the_best(), None)

    def _ordered(
        self, chosen: Iterable[_Statement], graded: set[str], question: str
    ) -> list[_Statement]:
        """Notebook order, except that what a definition needs at once comes first."""
        members = {*chosen}
        ordered: dict[_Statement, None] = {}
        on_path: set[_Statement] = set()

        def place(statement: _Statement) -> None:
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


def _statements(cells: Iterable[Cell]) -> tuple[list[_Statement], list[Problem]]:
    statements: list[_Statement] = []
    problems: list[Problem] = []
    read = 0  # characters
    for cell in cells:
        size = len(cell.source)
        if size > MAX_CELL or read + size > MAX_CODE:
            problems.append(_too_long(cell, read))
            continue
        read += size
        parsed = parse_cell(cell.source)
        if isinstance(parsed, SyntaxError):
            problems.append(_problem(cell, parsed))
            continue
        for node in parsed.module.body:
            inner = parse_cell(exported_cell(node))
            if isinstance(inner, Parsed) and inner.module.body:
                made = [(inner.source, part) for part in inner.module.body]
            else:
                made = [(parsed.source, node)]
            for source, part in made:
                clean = replace(cell, source=source)
                names = bound_names(part)
                statements.append(_Statement(len(statements), clean, part, names))
    return statements, problems


def _last(statements: Sequence[_Statement]) -> _Statement | None:
    return statements[-1] if statements else None


def _of_a_later_answer(statement: _Statement, user: _Statement) -> bool:
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


@lru_cache(maxsize=8)
def _lines(source: str) -> tuple[str, ...]:
    """Split once, not for each of its statements."""
    return tuple(source.split("\n"))


def _is_star_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(
        alias.name == "*" for alias in node.names
    )
