"""Damaged ``assignment.toml`` and tables of variants: read, or refused in one line."""

from __future__ import annotations

import functools
import json
import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from grader.authoring import read_variants, substituted
from grader.errors import GraderError, ManifestError
from grader.late import penalty_percent
from grader.manifest import Manifest, all_assignments, check_tests, load
from grader.submission import Submission, read_submission
from tests.fuzz import mutate
from tests.fuzz.harness import fuzz
from tests.fuzz.test_notebooks import assert_plain, manifest_of, read_cells

NAMES = [folder.name for folder in all_assignments()]
(NATIVE,) = [name for name in NAMES if name.startswith("06")]
LATE = """
[late]
due = 2027-03-01T23:59:00+01:00
grace_minutes = 30
percent_per_day = 10
cap_percent = 50
"""
DATES = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59),
    datetime(2027, 3, 1),
    date(2027, 3, 1),
)
KINDS = ("misconception", "alternative")


@functools.cache
def manifest_text(name: str) -> str:
    folder = next(f for f in all_assignments() if f.name == name)
    return (folder / "assignment.toml").read_text(encoding="utf-8") + LATE


def as_toml(value: Any) -> str:
    """A value as TOML has it; what TOML cannot say becomes a text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int | datetime | date):
        return str(value).replace(" ", "T")
    if isinstance(value, list) and not any(isinstance(v, dict) for v in value):
        return json.dumps(value, default=str)  # which goes deeper than this function
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{as_toml(str(k))} = {as_toml(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    return json.dumps(str(value)).replace("\x7f", "\\u007f")


def document(table: Any) -> str:
    if not isinstance(table, dict):
        return as_toml(table)
    return "\n".join(f"{as_toml(str(k))} = {as_toml(v)}" for k, v in table.items())


def loaded(folder: Path) -> Manifest | None:
    try:
        return load(folder)
    except ManifestError as error:
        assert_plain(str(error))
        return None


def use(manifest: Manifest, folder: Path) -> None:
    """What a manifest is used for before any student's code runs."""
    assert manifest.points > 0
    assert len({*manifest.ids}) == len(manifest.ids)
    try:
        check_tests(manifest)
        assert isinstance(read_submission(manifest, folder), Submission)
    except GraderError as error:
        assert_plain(str(error))
    for when in (datetime(2027, 3, 2, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)):
        assert penalty_percent(when, manifest.late) >= 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("course") / "assignments" / "01_tiny"
    made.mkdir(parents=True)
    return made


@fuzz(
    "manifests",
    cases=450,
    name=st.sampled_from(NAMES),
    tree=mutate.TREE_CHANGES,
    due=st.none() | st.sampled_from(DATES),
    amounts=st.lists(st.sampled_from(mutate.ODD_VALUES), max_size=2),
)
def test_structure(folder, name, tree, due, amounts):
    table = tomllib.loads(manifest_text(name))
    if due is not None:
        table["late"]["due"] = due
    keys = ("percent_per_day", "grace_minutes")
    table["late"] |= dict(zip(keys, amounts, strict=False))
    text = document(mutate.change_tree(table, tree))
    (folder / "assignment.toml").write_text(text, encoding="utf-8")
    manifest = loaded(folder)
    if manifest is not None:
        use(manifest, folder)


@fuzz(
    "manifests",
    cases=350,
    name=st.sampled_from(NAMES),
    code=mutate.CODE_CHANGES,
    data=mutate.BYTE_CHANGES,
)
def test_text(folder, name, code, data):
    text = mutate.change_code(manifest_text(name), code)
    changed = mutate.change_bytes(text.encode(errors="surrogatepass"), data)
    (folder / "assignment.toml").write_bytes(changed)
    manifest = loaded(folder)
    if manifest is not None:
        use(manifest, folder)


@pytest.fixture(scope="module")
def native(tmp_path_factory) -> Iterator[Manifest]:
    """A copy of the assignment whose variants stand in tables."""
    root = tmp_path_factory.mktemp("copy")
    original = manifest_of(NATIVE)
    for source in (original.folder, original.solution_folder):
        shutil.copytree(source, root / source.parent.name / NATIVE)
    return load(root / "assignments" / NATIVE)


@fuzz(
    "tables of variants",
    cases=200,
    kind=st.sampled_from(KINDS),
    tree=mutate.TREE_CHANGES,
    data=mutate.BYTE_CHANGES,
)
def test_tables(native, kind, tree, data):
    original = manifest_of(NATIVE).solution_folder / f"{kind}s.toml"
    table = tomllib.loads(original.read_text(encoding="utf-8"))
    text = document(mutate.change_tree(table, tree))
    changed = mutate.change_bytes(text.encode(), data)
    (native.solution_folder / f"{kind}s.toml").write_bytes(changed)
    try:
        variants = read_variants(native, kind)
    except GraderError as error:
        assert_plain(str(error))
        return
    for variant in variants:
        assert isinstance(variant.hint, str)
        assert variant.question in native.ids


@fuzz(
    "tables of variants",
    cases=150,
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(KINDS),
    code=mutate.CODE_CHANGES,
)
def test_variants_as_code(tmp_path_factory, name, kind, code):
    original = manifest_of(name)
    source = original.solution_folder / f"{kind}s.py"
    text = mutate.change_code(source.read_text(encoding="utf-8"), code)
    root = tmp_path_factory.getbasetemp() / "variants"
    folder = root / "solutions" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}s.py").write_bytes(text.encode(errors="surrogatepass"))
    manifest = Manifest(
        **original.__dict__ | {"folder": root / "assignments" / name, "bindings": ""}
    )
    try:
        variants = read_variants(manifest, kind)
    except GraderError as error:
        assert_plain(str(error))
        return
    solution = read_cells(original.solution_folder / f"{name}.py")
    for variant in variants[:1]:
        if not original.bindings:
            made = substituted(manifest, solution, variant).definitions
            question = manifest.question(variant.question)
            assert made.units(question.id, question.graded_names)
