"""Looks for anything of a solution in a student's hands."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grader.manifest import ROOT
from grader.regenerate.notebooks import Block, Source, split_blocks
from grader.submission.magics import Parsed, parse_cell

_LEAST_CHARACTERS = 16
_LEAST_STATEMENTS = 3


def find_leaks(source: Source, student: dict[str, Any]) -> Iterator[str]:
    """Yields one line for each leak.

    Args:
        source: the assignment's source.
        student: the student notebook that is about to be written.
    """
    for number, cell in enumerate(student["cells"], 1):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number} of the student notebook has outputs"
        if set(cell["metadata"]) - {"course"}:
            yield f"cell {number} of the student notebook has metadata of its own"
    lines, bodies = solution_lines(source), solution_bodies(source)
    texts = [("the student notebook", _notebook_texts(student))]
    for path in sorted(source.manifest.folder.rglob("*")):
        if path.is_file() and path.name != f"{source.manifest.name}.ipynb":
            name = str(path.relative_to(ROOT))
            if path.suffix == ".pyc":
                if not _compiled_from_neighbour(path):
                    yield f"{name}: compiled code without its source"
                continue
            texts.append((name, _file_texts(path)))
    walkthrough = ROOT / "notebooks" / f"{source.manifest.name}.py"
    if walkthrough.is_file():
        texts.append((str(walkthrough.relative_to(ROOT)), _file_texts(walkthrough)))
    for name, parts in texts:
        yield from _leaks_in(name, list(parts), lines, bodies)


def solution_lines(source: Source) -> set[str]:
    """Lines that stand in solutions and nowhere in the open."""
    hidden: set[str] = set()
    shown: set[str] = set()
    for cell in source.cells:
        if cell.metadata.get("answer") or cell.metadata.get("hidden"):
            hidden |= {_normal(line) for line in cell.source.split("\n")}
            continue
        for part in split_blocks(cell.source, str(source.path)):
            if isinstance(part, Block):
                hidden |= {_normal(line) for line in part.lines}
                shown |= {_normal(line) for line in part.todo}
            else:
                shown.add(_normal(part))
    return {
        line
        for line in hidden - shown
        if len(line) >= _LEAST_CHARACTERS and not line.startswith(("import ", "from "))
    }


def solution_bodies(source: Source) -> dict[str, str]:
    """Fingerprint of each solution function's body to the function's name."""
    found: dict[str, str] = {}
    for cell in source.cells:
        if cell.metadata.get("question"):
            found |= {
                fingerprint(function): function.name
                for function in _functions(cell.source)
                if "# BEGIN SOLUTION" in _text_of(function, cell.source)
            }
    return {print_: name for print_, name in found.items() if print_}


def fingerprint(function: ast.FunctionDef) -> str:
    """The function's body with every name replaced: renaming does not hide it.

    The names are replaced in the tree itself; that of a function in it stays the same.
    """
    body = [
        node
        for node in function.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    statements = sum(isinstance(n, ast.stmt) for b in body for n in ast.walk(b))
    if statements < _LEAST_STATEMENTS:
        return ""
    names: dict[str, str] = {}
    tree = ast.Module(body=body, type_ignores=[])
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.setdefault(node.id, f"v{len(names)}")
        elif isinstance(node, ast.arg):
            node.arg = names.setdefault(node.arg, f"v{len(names)}")
    return ast.dump(tree)


def _leaks_in(
    name: str, parts: list[str], lines: set[str], bodies: dict[str, str]
) -> Iterator[str]:
    for part in parts:
        for line in part.split("\n"):
            if _normal(line) in lines:
                yield f"{name}: a line of the solution: `{line.strip()[:80]}`"
        for function in _functions(part):
            same = bodies.get(fingerprint(function))
            if same:
                yield f"{name}: {function.name} is the solution's {same}"


def _text_of(function: ast.FunctionDef, text: str) -> str:
    lines = text.split("\n")
    return "\n".join(lines[function.lineno - 1 : function.end_lineno])


def _functions(text: str) -> Iterable[ast.FunctionDef]:
    parsed = parse_cell(text)
    if not isinstance(parsed, Parsed):
        return []
    return [n for n in ast.walk(parsed.module) if isinstance(n, ast.FunctionDef)]


def _notebook_texts(book: dict[str, Any]) -> Iterator[str]:
    for cell in book.get("cells", []):
        source = cell.get("source", "")
        yield source if isinstance(source, str) else "".join(source)
        yield json.dumps(cell.get("metadata", {}))
        yield json.dumps(cell.get("outputs", [])).replace("\\n", "\n")


def _file_texts(path: Path) -> Iterator[str]:
    text = path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix == ".ipynb":
        try:
            yield from _notebook_texts(json.loads(text))
        except ValueError:
            yield text
    else:
        yield text


def _compiled_from_neighbour(path: Path) -> bool:
    stem = path.name.split(".")[0]
    return (path.parent.parent / f"{stem}.py").is_file()


def _normal(line: str) -> str:
    return re.sub(r"\s+", "", line.split("  #")[0])
