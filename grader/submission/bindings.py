"""Which names a statement binds, uses at once, uses later, or changes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.If, ast.Try, ast.With)


def bound_names(node: ast.stmt) -> frozenset[str]:
    """Names that a top-level statement binds, loops excepted.

    A loop is the run of a notebook, not a definition, and may never end.
    """
    return frozenset(_bound(node))


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
    elif isinstance(node, _BLOCKS):
        for child in _block_statements(node):
            yield from _bound(child)


def _block_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for field in ("body", "orelse", "finalbody"):
        yield from getattr(node, field, [])
    for handler in getattr(node, "handlers", []):
        yield from handler.body


def _target_names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _target_names(item)
    elif isinstance(target, ast.Starred):
        yield from _target_names(target.value)


def mutated_names(node: ast.stmt) -> frozenset[str]:
    """Names whose object an assignment changes: ``table["a"] = 1``, ``f.x = 2``."""
    if isinstance(node, ast.Assign):
        targets: Iterable[ast.expr] = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    else:
        return frozenset()
    found = set()
    for target in targets:
        root = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if root is not target and isinstance(root, ast.Name):
            found.add(root.id)
    return frozenset(found)


def definition_uses(node: ast.stmt) -> frozenset[str]:
    """Names that must exist when the statement itself is executed."""
    if isinstance(node, _FUNCTIONS):
        at_once: list[ast.AST] = [*node.decorator_list, *node.args.defaults]
        at_once += [default for default in node.args.kw_defaults if default]
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        at_once += [a.annotation for a in arguments if a.annotation]
        at_once += [node.returns] if node.returns else []
        return _loads(at_once)
    if isinstance(node, ast.ClassDef):
        parts: set[str] = set(_loads([*node.decorator_list, *node.bases]))
        parts |= _loads([keyword.value for keyword in node.keywords])
        own: set[str] = set()
        for child in node.body:
            parts |= definition_uses(child) - own
            own |= bound_names(child)
        return frozenset(parts)
    if isinstance(node, ast.AugAssign):
        return _loads([node]) | bound_names(node)
    return _loads([node])


def later_uses(node: ast.stmt) -> frozenset[str]:
    """Names that the statement's functions look up when they are called."""
    holds_code = isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_BLOCKS))
    holds_code = holds_code or any(isinstance(n, ast.Lambda) for n in ast.walk(node))
    return _loads([node]) if holds_code else frozenset()


def _loads(nodes: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset(
        child.id
        for node in nodes
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)
    )


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
    """True for a definition that is still the blank: nothing but a raise or a pass."""
    if isinstance(node, ast.ClassDef):
        return any(is_stub(child) for child in node.body)
    if not isinstance(node, _FUNCTIONS):
        return False
    body = list(node.body)
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return all(map(_says_nothing, body))


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass)
