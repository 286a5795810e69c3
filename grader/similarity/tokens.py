"""Fingerprints of code that survive new names, comments, layout and another order.

Winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): of the hashes of all runs of
`RUN` tokens, the smallest in each window of `WINDOW` is kept. A piece that two answers
share is found if it has `RUN + WINDOW - 1` tokens.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

RUN = 9
WINDOW = 4
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|[^\s\w]")
_NAME = re.compile(r"[A-Za-z_]\w*")
# One that has no end goes to the end: to look for it once more from every /* in it
# would take forever.
_C_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_PUBLIC = frozenset(dir(builtins))
_T = TypeVar("_T", bound=ast.AST)


def fingerprints(tokens: Sequence[str]) -> frozenset[int]:
    """Returns the hashes that winnowing keeps; one of a piece shorter than a run."""
    if not tokens:
        return frozenset()
    runs = [tokens[i : i + RUN] for i in range(max(1, len(tokens) - RUN + 1))]
    hashes = [_hash(" ".join(run)) for run in runs]
    last = max(1, len(hashes) - WINDOW + 1)
    return frozenset(min(hashes[i : i + WINDOW]) for i in range(last))


def python_tokens(text: str) -> list[str]:
    """Tokens of Python, the author's own names replaced; empty if it cannot be read.

    Names of modules, of what they hold and of keyword arguments stay: they say what
    the code does. Imports, docstrings, annotations and the text of strings do not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        modules = dict(_imported(tree))
        own = {n.attr for n in _all(tree, ast.Attribute) if _is_stored(n)}
        plain = ast.unparse(_Plain(modules, own).visit(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return _TOKEN.findall(plain)


def c_tokens(text: str, given: Collection[str]) -> list[str]:
    """Tokens of C++ or CUDA; names that are not `given` are replaced."""
    found = _TOKEN.findall(_C_COMMENT.sub(" ", text))
    return [t if not _NAME.fullmatch(t) or t in given else "v" for t in found]


def names(text: str) -> frozenset[str]:
    """All words of a text, e.g. of a file that was handed out."""
    return frozenset(_NAME.findall(text))


class _Plain(ast.NodeTransformer):
    """Replaces what an author chooses freely."""

    def __init__(self, modules: dict[str, str], own: Collection[str]) -> None:
        self._modules, self._own = modules, own

    def visit_Name(self, node: ast.Name) -> ast.Name:
        known = node.id if node.id in _PUBLIC else "v"
        node.id = self._modules.get(node.id, known)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = "v", None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        self.generic_visit(node)
        if node.attr in self._own:
            node.attr = "v"
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str | bytes):
            node.value, node.kind = "s", None
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("s")

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):
            return None  # a docstring, or an ellipsis
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.Assign([node.target], node.value, lineno=1)
        return self.generic_visit(plain)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = "v", None
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = "v"
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What a name stands for: ``np`` is numpy, whatever it is called here."""
    for node in _all(tree, ast.Import):
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or whole, whole.replace(".", "_")
    for source in _all(tree, ast.ImportFrom):
        for alias in source.names:
            yield alias.asname or alias.name, alias.name


def _all(tree: ast.AST, kind: type[_T]) -> Iterator[_T]:
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def _is_stored(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
