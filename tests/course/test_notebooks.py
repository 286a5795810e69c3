"""Every notebook runs from top to bottom, with little data and few epochs."""

import pytest

from grader.manifest import ROOT, all_assignments, load
from grader.regenerate.execute import execute_notebook
from grader.regenerate.notebooks import (
    read_source,
    solution_notebook,
    walkthrough_notebook,
)

pytestmark = pytest.mark.slow

ASSIGNMENTS = all_assignments()
WALKTHROUGHS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setenv("COURSE_QUICK", "1")


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_solution_notebook_runs_quietly(folder) -> None:
    manifest = load(folder)
    book = execute_notebook(solution_notebook(read_source(manifest)), folder)
    _assert_quiet(book)
    verdicts = _printed(book)
    for id in manifest.ids:
        assert f"✓ {id}:" in verdicts, f"check({id!r}) did not pass"


@pytest.mark.parametrize("script", WALKTHROUGHS, ids=lambda script: script.stem)
def test_walk_through_runs_quietly(script) -> None:
    _assert_quiet(execute_notebook(walkthrough_notebook(script), script.parent))


def _printed(book) -> str:
    return "".join(
        output.get("text", "")
        for cell in book.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )


def _assert_quiet(book) -> None:
    for number, cell in enumerate(book.cells, 1):
        for output in cell.get("outputs", []):
            noise = output.get("text", "") if output.get("name") == "stderr" else ""
            assert not noise, f"cell {number} prints to stderr: {noise}"
