"""A new assignment is complete and right before anything in it is written."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.console import Console

from grader import regenerate as package
from grader.errors import GraderError
from grader.manifest import find_assignment, load
from grader.regenerate import leaks as leaks_module
from grader.regenerate import regenerate
from grader.scaffold import create_assignment
from tests.course.computed import read_rows


@pytest.fixture(autouse=True)
def plain_assertions(monkeypatch):
    """The pytest that runs these tests must not rewrite the tests that they run."""
    kept = [f for f in sys.meta_path if type(f).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", kept)


def test_a_new_assignment_proves_right_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(package, "WALKTHROUGHS", tmp_path / "notebooks")
    monkeypatch.setattr(leaks_module, "ROOT", tmp_path)
    title = 'Graph "networks": C:\\n & Über-nodes, 2'
    made = create_assignment(13, title, tmp_path)
    assert all(path.is_file() for path in made)
    assert len(made) == 11
    folder = find_assignment("13", tmp_path)
    assert folder.name == "13_graph_networks_c_n_uber_nodes_2"
    manifest = load(folder)
    assert manifest.title == title
    assert manifest.points == 100
    assert read_rows(manifest.solution_folder / "rows.toml") == []
    buffer = io.StringIO()
    console = Console(file=buffer, width=200)
    assert regenerate(
        [folder], check=True, execute=False, afresh=True, console=console
    ), buffer.getvalue()
    assert "the solution scores 100 of 100" in buffer.getvalue()
    assert "1 of 1 misconceptions" in buffer.getvalue()
    assert "1 of 1 other right answers" in buffer.getvalue()
    book = json.loads((tmp_path / "notebooks" / f"{folder.name}.ipynb").read_text())
    assert title in str("".join(book["cells"][0]["source"]))


@pytest.mark.parametrize("place", ["assignments", "solutions", "notebooks"])
def test_a_taken_number(tmp_path, place):
    (tmp_path / place / "13_other").mkdir(parents=True)
    with pytest.raises(GraderError, match=rf"{place}/13_other: 13 is taken"):
        create_assignment(13, "Graphs", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [place]


BAD = {
    "empty": (" ", "must be one line"),
    "two lines": ("Graphs\nand more", "must be one line"),
    "a control character": ("Graphs\x07", "must be one line"),
    "no letter": ("…!?", "no letter from a to z"),
    "too long": ("Graphs " * 20, "140 characters; 70 are the most"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_title_is_one_line(tmp_path, kind):
    title, message = BAD[kind]
    with pytest.raises(GraderError, match=message) as caught:
        create_assignment(13, title, tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_failure(tmp_path, monkeypatch):
    from grader.scaffold import create

    def fail(source):
        raise OSError("the disk is full")

    monkeypatch.setattr(create, "student_notebook", fail)
    with pytest.raises(OSError, match="full"):
        create_assignment(13, "Graphs", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
