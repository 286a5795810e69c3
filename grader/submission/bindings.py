"""Which names a statement binds, uses at once, uses later, or changes."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.Try, ast.With)
_LOOPS = (ast.For, ast.While, ast.If, ast.With)
#: Methods that fill a list, a set, a dictionary or an array.
_FILLING = frozenset(
    ["add", "append", "extend", "fill", "insert", "setdefault", "sort", "update"]
)


def bound_names(node: ast.stmt) -> frozenset[str]:
    """Names that a top-level statement binds, loops excepted.

    A loop is the run of a notebook, not a definition, and may never end.
    """
    return frozenset(name for s in _within(node, _BLOCKS) for name in _bound(s))


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _target_names(target)
    elif isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _target_names(node.target)
    elif isinstance(node, ast.AugAssign):
        yield from _target_names(node.target)
    elif type(node).__name__ == "TypeAlias":  # Python 3.12
        yield from _target_names(node.name)  # type: ignore[attr-defined]


def _within(node: ast.stmt, blocks: tuple[type[ast.stmt], ...]) -> Iterator[ast.stmt]:
    """Yields `node` and what stands in it, as long as that is in `blocks`.

    Not by recursion: a thousand ``elif`` are a thousand blocks in each other.
    """
    waiting = [node]
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, blocks):
            for field in ("body", "orelse", "finalbody"):
                waiting += getattr(statement, field, [])
            for handler in getattr(statement, "handlers", []):
                waiting += handler.body


def _target_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _target_names(item)
    elif isinstance(target, ast.Starred):
        yield from _target_names(target.value)


def mutated_names(node: ast.stmt) -> frozenset[str]:
    """Names whose object a statement changes: ``table["a"] = 1``, ``f.x = 2``."""
    if isinstance(node, ast.Assign):
        targets: Iterable[ast.expr] = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, _FUNCTIONS):  # a case of a ``functools.singledispatch``
        called = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
        targets = [c for c in called if getattr(c, "attr", "") == "register"]
    else:
        return frozenset()
    return frozenset(filter(None, map(_changed, targets)))


def _changed(target: ast.expr) -> str:
    """The name at the root of ``table["a"].b``; empty for any other target."""
    root = target
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return root.id if root is not target and isinstance(root, ast.Name) else ""


def filled_names(node: ast.stmt) -> frozenset[str]:
    """Names that a loop, or a call such as ``table.append(1)``, fills.

    In the cell that makes the table this is part of its definition; elsewhere it is
    the run of the notebook.
    """
    if not isinstance(node, _LOOPS):
        return frozenset(_filled_by_call(node))
    inside = list(_within(node, _LOOPS))
    found = frozenset().union(
        *map(mutated_names, inside), *map(_filled_by_call, inside)
    )
    sums = (n.target for n in inside if isinstance(n, ast.AugAssign))
    return found | {t.id for t in sums if isinstance(t, ast.Name)}


def _filled_by_call(node: ast.stmt) -> Iterator[str]:
    call = node.value if isinstance(node, ast.Expr) else None
    method = call.func if isinstance(call, ast.Call) else None
    if isinstance(method, ast.Attribute) and method.attr in _FILLING:
        yield from filter(None, [_changed(method)])


def loop_names(node: ast.stmt) -> frozenset[str]:
    """Names that a loop gives a value itself, in all its turns."""
    loops = (s for s in _within(node, (ast.For, ast.If)) if isinstance(s, ast.For))
    return frozenset(name for loop in loops for name in _target_names(loop.target))


def augmented_names(node: ast.stmt) -> frozenset[str]:
    """Names that ``n += 1`` looks up, which symbol tables do not tell."""
    found = (s for s in _within(node, _BLOCKS) if isinstance(s, ast.AugAssign))
    return frozenset(name for s in found for name in _target_names(s.target))


@dataclass(frozen=True)
class Uses:
    """Global names that a statement looks up.

    Attributes:
        at_once: while it is executed: decorators, bases, defaults, values.
        later: when the functions it holds are called.
    """

    at_once: frozenset[str]
    later: frozenset[str]


@lru_cache(maxsize=4096)
def uses(source: str) -> Uses:
    """Returns the global names that the statement `source` looks up.

    Python's own symbol tables tell a global from a parameter or a local of the same
    name, so that a demo's ``x = ...`` is not dragged in by every function of an ``x``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Uses(frozenset(), frozenset())
    at_once: set[str] = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    later: set[str] = set()
    tables = [(table, False) for table in top.get_children()]
    while tables:
        table, inside_function = tables.pop()
        called = inside_function or not _runs_at_once(table)
        names = {s.get_name() for s in table.get_symbols() if s.is_global()}
        (later if called else at_once).update(names)
        tables += [(child, called) for child in table.get_children()]
    return Uses(frozenset(at_once), frozenset(later))


def _runs_at_once(table: symtable.SymbolTable) -> bool:
    comprehension = table.get_name() in {"listcomp", "genexpr", "setcomp", "dictcomp"}
    return comprehension or table.get_type() == "class"


def imported_roots(node: ast.AST) -> frozenset[str]:
    """Top-level packages imported anywhere inside `node`."""
    found = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            found |= {alias.name.split(".")[0] for alias in child.names}
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            found.add(child.module.split(".")[0])
    return frozenset(found)


def is_stub(node: ast.AST) -> bool:
    """True for a definition that is still the blank.

    That is one with nothing in it, or one that ends in ``raise NotImplementedError``
    and returns nothing before.
    """
    if isinstance(node, ast.ClassDef):
        return any(is_stub(child) for child in node.body)
    if not isinstance(node, _FUNCTIONS):
        return False
    if all(map(_says_nothing, node.body)):
        return True
    returns = any(isinstance(n, ast.Return | ast.Yield) for n in ast.walk(node))
    last = node.body[-1]
    return isinstance(last, ast.Raise) and _says_nothing(last) and not returns


def is_blank(node: ast.AST) -> bool:
    """True if nothing at all was answered: every method is still the blank.

    Of a class, ``__init__`` and other double-underscore methods may be handed out
    complete, so they tell nothing.
    """
    if isinstance(node, ast.ClassDef):
        methods = [child for child in node.body if isinstance(child, _FUNCTIONS)]
        asked = [m for m in methods if not m.name.startswith("__")] or methods
        return bool(asked) and all(map(is_stub, asked))
    return is_stub(node)


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass)
