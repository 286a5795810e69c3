"""A cell's top-level statements, each with the names that it binds and uses."""

from __future__ import annotations

import ast
from dataclasses import dataclass
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
from grader.submission.magics import Parsed, exported_cell, parse_cell

#: Cells, and characters of each. The tree of a text takes a hundred times its memory.
_CELLS, _OF_A_CELL = 256, 8_000
#: The known wrong answers to an assignment are one text, and the right ones another.
_LONG_CELLS, _OF_A_LONG_CELL = 4, 40_000


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement of a cell's text, wherever that cell stands.

    Attributes:
        source: the text that was parsed, of which it is a part.
        node: its tree; not to be changed.
    """

    source: str
    node: ast.stmt

    @cached_property
    def first_line(self) -> int:
        """Its first line within the cell, from 1."""
        decorators = getattr(self.node, "decorator_list", [])
        lines: list[int] = [d.lineno for d in decorators]
        return min([self.node.lineno, *lines])

    @cached_property
    def text(self) -> str:
        """Its lines, without what else stands on them."""
        end = self.node.end_lineno or self.node.lineno
        lines = list(_lines(self.source)[self.first_line - 1 : end])
        # Another statement may share its line: ``n = 5; train(n)``. Offsets count
        # bytes.
        lines[-1] = lines[-1].encode()[: self.node.end_col_offset].decode()
        if self.first_line == self.node.lineno:
            lines[0] = lines[0].encode()[self.node.col_offset :].decode()
        return "\n".join(lines)

    @cached_property
    def binds(self) -> frozenset[str]:
        """Names that it binds."""
        return bound_names(self.node)

    @cached_property
    def mutates(self) -> frozenset[str]:
        """Names whose object it changes."""
        return mutated_names(self.node)

    @cached_property
    def fills(self) -> frozenset[str]:
        """Names that its loop or call fills."""
        return filled_names(self.node)

    @cached_property
    def uses(self) -> Uses:
        """Names that it looks up."""
        found = uses(self.text)
        at_once = found.at_once | augmented_names(self.node)
        return Uses(at_once - loop_names(self.node), found.later)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Top-level packages that are imported anywhere in it."""
        return imported_roots(self.node)

    @cached_property
    def is_stub(self) -> bool:
        """True if it ends where an answer should begin."""
        return is_stub(self.node)

    @cached_property
    def is_blank(self) -> bool:
        """True if it is what was handed out."""
        return is_blank(self.node)

    @property
    def is_star_import(self) -> bool:
        """True for ``from ... import *``."""
        return isinstance(self.node, ast.ImportFrom) and any(
            alias.name == "*" for alias in self.node.names
        )


def statements_of(source: str) -> tuple[Statement, ...] | SyntaxError:
    """Returns the statements of a cell, or why Python cannot read it.

    What has been read is remembered: most cells of a class's notebooks are the handed
    out ones, and a solution is put together again for every known wrong answer.
    """
    if len(source) <= _OF_A_CELL:
        return _remembered(source)
    return _long_remembered(source) if len(source) <= _OF_A_LONG_CELL else _read(source)


def _read(source: str) -> tuple[Statement, ...] | SyntaxError:
    parsed = parse_cell(source)
    if isinstance(parsed, SyntaxError):
        return parsed
    found: list[Statement] = []
    for node in parsed.module.body:
        exported = exported_cell(node)
        inner = parse_cell(exported) if exported else None
        if isinstance(inner, Parsed) and inner.module.body:
            found += [Statement(inner.source, part) for part in inner.module.body]
        else:
            found.append(Statement(parsed.source, node))
    return tuple(found)


_remembered = lru_cache(maxsize=_CELLS)(_read)
_long_remembered = lru_cache(maxsize=_LONG_CELLS)(_read)


@lru_cache(maxsize=8)
def _lines(source: str) -> tuple[str, ...]:
    """Split once, not for each of its statements."""
    return tuple(source.split("\n"))
