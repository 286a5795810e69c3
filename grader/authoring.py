"""Named wrong answers (misconceptions) and other right ones (alternatives).

An author decorates plain functions and classes with these; the files are read by
parsing, never imported, because they may use Keras. Where an answer is a file, say a
C++ kernel, ``misconceptions.toml`` and ``alternatives.toml`` beside them hold its
variants as data.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from grader.errors import GraderError, ManifestError
from grader.manifest import Manifest
from grader.submission import Submission
from grader.submission.cells import Cell, read_cells

_T = TypeVar("_T")
_KINDS = ("misconception", "alternative")
_LAST_CELL = 10_000
#: What Python says of a text that it cannot read; each damage has its own.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def misconception(question: str, *, hint: str) -> Callable[[_T], _T]:
    """Marks a wrong answer to `question`, with the hint that it earns."""
    del question, hint
    return lambda answer: answer


def alternative(question: str) -> Callable[[_T], _T]:
    """Marks a right answer to `question`, written another way."""
    del question
    return lambda answer: answer


@dataclass(frozen=True)
class Variant:
    """One answer that is not the solution's.

    Attributes:
        name: of the function or class, e.g. ``"flips_the_kernel"``.
        question: what it answers.
        hint: for a student who has it; empty for an alternative.
        source: text of its whole file, without the decorators; empty if the answer is
            in `files`.
        files: names and contents of the answer's files, e.g. a C++ kernel.
    """

    name: str
    question: str
    hint: str
    source: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_variants(manifest: Manifest, kind: str) -> list[Variant]:
    """Reads the misconceptions or alternatives of an assignment, functions first.

    Args:
        manifest: the assignment.
        kind: ``"misconception"`` or ``"alternative"``.

    Raises:
        ManifestError: if the file cannot be read as such; names the line.
    """
    return [*_functions(manifest, kind), *_file_variants(manifest, kind)]


def _functions(manifest: Manifest, kind: str) -> list[Variant]:
    path = manifest.solution_folder / f"{kind}s.py"
    if not path.is_file():
        return []
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except _UNREADABLE as error:
        raise ManifestError(f"{path}: cannot be read: {error}") from None
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in list(node.decorator_list):
                if _is_mark(decorator):
                    node.decorator_list.remove(decorator)
                    found.append((node.name, _arguments(decorator, path)))
    tree.body = [node for node in tree.body if not _imports_marks(node)]
    try:
        source = ast.unparse(tree)
    except _UNREADABLE as error:
        raise ManifestError(f"{path}: cannot be read: {error}") from None
    for name, (question, _) in found:
        if question not in manifest.ids:
            raise ManifestError(
                f"{path}: {name} answers {question!r}, which is no question of "
                f"{manifest.name}"
            )
    return [Variant(name, question, hint, source) for name, (question, hint) in found]


def _file_variants(manifest: Manifest, kind: str) -> list[Variant]:
    """Variants of answers in files, from ``misconceptions.toml`` and its like.

    Each ``[[kind]]`` has a ``name``, a ``question``, a ``hint`` (a misconception only)
    and either ``changes``, pairs of texts to be replaced once in the solution's file,
    or ``path``, a whole file beside the table.
    """
    path = manifest.solution_folder / f"{kind}s.toml"
    if not path.is_file():
        return []
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
        return [_file_variant(manifest, row) for row in rows]
    except (*_UNREADABLE, OSError, TypeError, KeyError, AttributeError) as error:
        raise ManifestError(f"{path}: cannot be read: {error!r}") from None


def _file_variant(manifest: Manifest, row: dict[str, Any]) -> Variant:
    name, question = row["name"], manifest.question(row["question"])
    if not question.files:
        raise ManifestError(f"{name}: {question.id} has no files; write a function")
    (file, *_) = question.files
    folder = manifest.solution_folder
    if "path" in row:
        text = (folder / row["path"]).read_text(encoding="utf-8")
    else:
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in row["changes"]:
            if text.count(old) != 1:
                raise ManifestError(
                    f"{name}: {file} holds {text.count(old)} times {old!r}, not once"
                )
            text = text.replace(old, new)
    hint = row.get("hint", "")
    if not (isinstance(name, str) and isinstance(hint, str)):
        raise TypeError("'name' and 'hint' must be texts")
    return Variant(name, question.id, hint, files={file: text.encode()})


def solution_files(manifest: Manifest) -> dict[str, bytes]:
    """Returns the files of the solution that are neither notebook nor script."""
    names = {name for question in manifest.questions for name in question.files}
    folder = manifest.solution_folder
    return {name: (folder / name).read_bytes() for name in sorted(names)}


def solution_cells(manifest: Manifest) -> list[Cell]:
    """Returns the code cells of the assignment's source."""
    return read_cells(manifest.solution_folder / f"{manifest.name}.py")


def substituted(
    manifest: Manifest, solution: Sequence[Cell], variant: Variant
) -> Submission:
    """Returns the solution with one answer replaced by `variant`."""
    question = manifest.question(variant.question)
    files = {**solution_files(manifest), **variant.files}
    if variant.files:
        return Submission.from_cells(list(solution), files=files)
    (name, *_) = question.graded_names
    # Its file's text is in a cell of its own: it is the same for all, and read once.
    added = [
        Cell(_LAST_CELL, variant.source, question.id),
        Cell(_LAST_CELL + 1, f"{name} = {variant.name}\n", question.id),
    ]
    # The solution's own answer must not win: its cell is an ordinary helper now.
    others = [
        replace(cell, question="") if cell.question == question.id else cell
        for cell in solution
    ]
    return Submission.from_cells([*others, *added], files=files)


def _is_mark(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _KINDS
    )


def _imports_marks(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "grader.authoring"


def _arguments(node: ast.expr, path: Path) -> tuple[str, str]:
    assert isinstance(node, ast.Call)
    try:
        question = ast.literal_eval(node.args[0])
        keywords = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
    except (*_UNREADABLE, IndexError, TypeError):
        raise ManifestError(
            f"{path}:{node.lineno}: write the question and the hint as plain texts"
        ) from None
    return str(question), str(keywords.get("hint", ""))


def mistaken_submission(manifest: Manifest, name: str) -> Submission:
    """Returns the solution with the misconception `name` in it.

    Raises:
        GraderError: if the assignment has no such misconception; names those it has.
    """
    variants = read_variants(manifest, "misconception")
    for variant in variants:
        if variant.name == name:
            return substituted(manifest, solution_cells(manifest), variant)
    if not variants:
        raise GraderError(
            f"{manifest.name} has no known mistakes here; only instructors have them, "
            "with the hidden tests"
        )
    names = ", ".join(variant.name for variant in variants)
    raise GraderError(f"{manifest.name} has no misconception {name!r}; it has: {names}")
