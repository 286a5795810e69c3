"""Answers that are files, say C++ kernels: the student's blanks, and what may leak."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.errors import ManifestError
from grader.manifest import ROOT, Manifest
from grader.regenerate.notebooks import Block, split_blocks

_LEAST_CHARACTERS = 16
_LEAST_TOKENS = 40
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|[^\s\w]")
_NAME = re.compile(r"[A-Za-z_]\w*")


def blank_files(manifest: Manifest) -> dict[str, bytes]:
    """Returns what a student is handed for each file: no solution, an ``#error``.

    Raises:
        ManifestError: if a file of the solution has no solution block.
    """
    made = {}
    for question in manifest.questions:
        for name in question.files:
            lines: list[str] = []
            parts = _parts(manifest, name)
            if not any(isinstance(part, Block) for part in parts):
                raise ManifestError(f"{name}: no `// BEGIN SOLUTION` in the solution's")
            for part in parts:
                if isinstance(part, str):
                    lines.append(part)
                    continue
                lines += part.todo or (f"{part.indent}// TODO: your code here",)
                lines.append(f'#error "{question.id}: not answered yet"')
            made[name] = "\n".join(lines).encode()
    return made


def file_leaks(manifest: Manifest) -> Iterator[str]:
    """Yields one line for each piece of a solution's file in a student's hands.

    Looked for are its lines, and its blocks with every name replaced.
    """
    names = sorted({name for q in manifest.questions for name in q.files})
    if not names:
        return
    hidden: set[str] = set()
    shown: set[str] = set()
    blocks: dict[str, str] = {}
    for name in names:
        for part in _parts(manifest, name):
            if isinstance(part, str):
                shown.add(_normal(part))
                continue
            hidden |= {_normal(line) for line in part.lines}
            shown |= {_normal(line) for line in part.todo}
            print_ = fingerprint("\n".join(part.lines))
            if print_:
                blocks[print_] = name
    lines = {line for line in hidden - shown if len(line) >= _LEAST_CHARACTERS}
    walkthrough = ROOT / "notebooks" / f"{manifest.name}.py"
    for path in (*sorted(manifest.folder.rglob("*")), walkthrough):
        if not path.is_file() or path.suffix == ".pyc":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        for line in text.split("\n"):
            if _normal(line) in lines:
                yield f"{where}: a line of the solution: `{line.strip()[:80]}`"
        tokens = renamed(text)
        for print_, name in blocks.items():
            if print_ in tokens:
                yield f"{where}: holds the solution of {name}, renamed"


def fingerprint(text: str) -> str:
    """Tokens of a piece of C++ with every name replaced; empty if it is too short."""
    tokens = renamed(text)
    return tokens if tokens.count(" ") >= _LEAST_TOKENS else ""


def renamed(text: str) -> str:
    """Tokens of a piece of C++, every name the same, separated by blanks."""
    tokens = _TOKEN.findall(_COMMENT.sub(" ", text))
    return " ".join("v" if _NAME.fullmatch(token) else token for token in tokens)


def _parts(manifest: Manifest, name: str) -> list[str | Block]:
    path = manifest.solution_folder / name
    try:
        return split_blocks(path.read_text(encoding="utf-8"), str(path))
    except OSError:
        raise ManifestError(f"{path}: the solution's file is missing") from None


def _normal(line: str) -> str:
    return re.sub(r"\s+", "", line.split("//")[0])
