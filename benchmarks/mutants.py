"""Small faults planted in a solution, one at a time: does a hidden test notice?"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_NAMES = {"max": "min", "min": "max", "sum": "mean", "mean": "sum", "argmax": "argmin"}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        line: line of the cell it is on.
        what: the change in words, e.g. ``"+ becomes -"``.
        before: the line as it was.
        source: the whole cell with the fault in it.
    """

    line: int
    what: str
    before: str
    source: str

    @property
    def key(self) -> str:
        """Names the mutant in a list of equivalent ones, whatever its line number."""
        return f"{self.before} | {self.what}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yields the mutants of an answer cell, faults in its solution blocks only."""
    lines = source.split("\n")
    inside = _solution_lines(lines)
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    for index, node in enumerate(nodes):
        line = getattr(node, "lineno", None) or _line_of(node)
        if line not in inside:
            continue
        for variant, what in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            _apply(list(ast.walk(changed))[index], variant)
            before = lines[line - 1].strip()
            yield Mutant(line, what, before, ast.unparse(changed))


def _solution_lines(lines: list[str]) -> set[int]:
    inside: set[int] = set()
    open_ = False
    for number, line in enumerate(lines, 1):
        if "# BEGIN SOLUTION" in line:
            open_ = True
        elif "# END SOLUTION" in line:
            open_ = False
        elif open_:
            inside.add(number)
    return inside


def _line_of(node: ast.AST) -> int:
    return next((n.lineno for n in ast.walk(node) if hasattr(n, "lineno")), 0)


def _changes(node: ast.AST) -> list[str]:
    """The changes that can be made to `node`, in words, in the order of `_apply`."""
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return [f"{_name(node.op)} becomes {_BINARY[type(node.op)].__name__}"]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        return [f"{_name(node.ops[0])} becomes {_COMPARE[type(node.ops[0])].__name__}"]
    if isinstance(node, ast.BoolOp):
        return ["and becomes or" if isinstance(node.op, ast.And) else "or becomes and"]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        return [f"{_name(node.op)} is dropped"]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return ["+= becomes -=", "+= becomes ="]
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        return [f"{node.attr} becomes {_NAMES[node.attr]}"]
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            return [f"{node.value} becomes {not node.value}"]
        if isinstance(node.value, int | float):
            return [f"{node.value} becomes {node.value + 1}"] + (
                [f"{node.value} becomes {node.value - 1}"] if node.value else []
            )
    return []


def _apply(node: ast.AST, variant: int) -> None:
    if isinstance(node, ast.BinOp):
        node.op = _BINARY[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = _COMPARE[type(node.ops[0])]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.AugAssign):
        if variant == 0:
            node.op = ast.Sub()
        else:
            _assign_instead(node)
    elif isinstance(node, ast.Attribute):
        node.attr = _NAMES[node.attr]
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            node.value = not node.value
        elif isinstance(node.value, int | float):
            node.value += 1 if variant == 0 else -1


def _assign_instead(node: ast.AugAssign) -> None:
    """Turns ``a += b`` into ``a = b`` in place: the list that holds it is not known."""
    node.__class__ = ast.Assign  # type: ignore[assignment]
    node.targets = [node.target]  # type: ignore[attr-defined]
    node.type_comment = None  # type: ignore[attr-defined]
    node._fields = ("targets", "value")


def _name(operator: ast.AST) -> str:
    return type(operator).__name__


#: In C++: a piece of text, and what stands there instead; each place by itself.
_IN_FILES = (
    (r"(?<=[\w\])]) < (?=\w)", " <= "),
    (r" >= ", " > "),
    (r"(?<=[\w\])]) \+ (?=[\w(])", " - "),
    (r"(?<=[\w\])]) - (?=[\w(])", " + "),
    (r" / ", " * "),
    (r" % ", " / "),
    (r" \|\| ", " && "),
    (r" && ", " || "),
    (r" \+= ", " = "),
    (r"\* conv\.stride_h", "* conv.stride_w"),
    (r"\* conv\.dilation_w", "* conv.dilation_h"),
    (r"= 0;", "= 1;"),
    (r"__syncthreads\(\);", ""),
)


def file_mutants(text: str) -> Iterator[Mutant]:
    """Yields the mutants of a C++ file, faults in its solution blocks only."""
    lines = text.split("\n")
    inside, open_ = set(), False
    for index, line in enumerate(lines):
        if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
            open_ = "BEGIN" in line
        elif open_ and not line.lstrip().startswith("//"):
            inside.add(index)
    for index in sorted(inside):
        for pattern, new in _IN_FILES:
            for match in re.finditer(pattern, lines[index]):
                line = lines[index]
                changed = line[: match.start()] + new + line[match.end() :]
                whole = "\n".join([*lines[:index], changed, *lines[index + 1 :]])
                what = f"{match[0].strip() or match[0]} becomes {new.strip()}"
                yield Mutant(index + 1, what, line.strip(), whole)
