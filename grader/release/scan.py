"""No function of a solution, however renamed, stands in any file of a bundle."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.manifest import ROOT, all_assignments, load
from grader.regenerate.files import fingerprint as c_fingerprint
from grader.regenerate.files import renamed as c_renamed
from grader.regenerate.leaks import fingerprint, solution_bodies
from grader.regenerate.notebooks import (
    Block,
    read_source,
    split_blocks,
    student_notebook,
)

_C_SUFFIXES = {".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".inl", ".md", ".ipynb"}
_DEFINITION = re.compile(r"^(?P<lead>[ \t]*(?:[#>][ \t]?)?[ \t]*)def \w+")
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)
_MOST_DROPPED = 40


def find_answers(files: Mapping[str, bytes], root: Path = ROOT) -> Iterator[str]:
    """Yields one line for each answer in `files`: the file, and what stands there.

    Looked for are the answers of all assignments, also of those still to come, other
    right answers, misconceptions, oracles and hidden tests; in code, notebooks with
    their outputs, prose, comments and strings.
    """
    known = _known(root)
    blocks = _known_blocks(root)
    for name, contents in files.items():
        for text in _texts(name, contents.decode("utf-8")):
            for function in _functions(text):
                same = known.get(fingerprint(function))
                if same:
                    yield f"{name}: {function.name} is {same}"
            if blocks and Path(name).suffix in _C_SUFFIXES:
                tokens = c_renamed(text)
                for print_, source in blocks.items():
                    if print_ in tokens:
                        yield f"{name}: holds the solution of {source}, renamed"


def _known(root: Path) -> dict[str, str]:
    """Fingerprint to what it is, of every function that students must not have."""
    found: dict[str, str] = {}
    for path in sorted((root / "solutions").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if path.stem == path.parent.name:
            continue  # a source: its given parts are no secret
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # Helpers of a hidden test may well serve a public one.
            if isinstance(node, ast.FunctionDef) and (
                path.parent.name != "tests" or node.name.startswith("test_")
            ):
                found[fingerprint(node)] = f"{node.name} of {name}"
    for source in [read_source(load(folder)) for folder in all_assignments(root)]:
        # A misconception may repeat a helper that its notebook gives.
        for text in _texts("given.ipynb", student_notebook(source)):
            for function in _functions(text):
                found.pop(fingerprint(function), None)
        for print_, name in solution_bodies(source).items():
            found[print_] = f"the solution's {name} ({source.manifest.name})"
    found.pop("", None)
    return found


def _known_blocks(root: Path) -> dict[str, str]:
    """The same of answers in C++: fingerprint of each solution block."""
    found = {}
    for path in sorted((root / "solutions").rglob("*.c[cu]")):
        text = path.read_text(encoding="utf-8")
        parts = split_blocks(text, path.name)
        blocks = ["\n".join(p.lines) for p in parts if isinstance(p, Block)]
        for block in blocks:
            print_ = c_fingerprint(block)
            if print_:
                found[print_] = path.relative_to(root / "solutions").as_posix()
    return found


def _texts(name: str, text: str) -> Iterator[str]:
    if not name.endswith(".ipynb"):
        yield text
        return
    try:
        book = json.loads(text)
    except ValueError:
        yield text
        return
    for cell in book.get("cells", []):
        yield _joined(cell.get("source", ""))
        for output in cell.get("outputs", []):
            yield _joined(output.get("text", ""))
            for kind, data in output.get("data", {}).items():
                if not kind.startswith("image/"):
                    yield _joined(data)


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else json.dumps(value)


def _functions(text: str) -> Iterator[ast.FunctionDef]:
    """Every definition in `text`, whatever surrounds it: prose, comments, quotes."""
    seen: set[int] = set()
    whole = _parsed(text)
    for node in ast.walk(whole) if whole else ():
        if isinstance(node, ast.FunctionDef):
            seen.add(node.lineno)
            yield node
    lines = text.split("\n")
    for start, line in enumerate(lines):
        match = _DEFINITION.match(line)
        if match and start + 1 not in seen:
            found = _cut_out(lines[start:], match["lead"])
            for node in ast.walk(found) if found else ():
                if isinstance(node, ast.FunctionDef):
                    yield node


def _cut_out(lines: Sequence[str], lead: str) -> ast.Module | None:
    """The definition that begins in the first line, behind `lead`; None if broken."""
    kept = [lines[0][len(lead) :]]
    in_body = kept[0].rstrip().endswith(":")
    for line in lines[1:]:
        inside = line[len(lead) :] if line.startswith(lead) else ""
        if line.strip() not in ("", lead.strip()) and (
            not inside or (in_body and not inside[0].isspace())
        ):
            break
        kept.append(inside)
        # The head of a definition over several lines closes at its own depth.
        in_body = in_body or inside.rstrip().endswith(":")
    for _ in range(_MOST_DROPPED):  # whatever follows: quotes, the end of a listing
        found = _parsed("\n".join(kept))
        if found or len(kept) == 1:
            return found
        kept.pop()
    return None


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings(), contextlib.suppress(*_BROKEN):
        warnings.simplefilter("ignore")  # of escapes in somebody's strings
        return ast.parse(text)
    return None
