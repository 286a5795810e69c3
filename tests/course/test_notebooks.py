"""Every notebook runs from top to bottom, and computes what the lectures state.

With little data and few epochs (``COURSE_QUICK=1``). Each row of `covers` in a manifest
stands for something that a lecture states. What it states in numbers, a notebook must
compute: in the output of an executed cell, not typed. Which numbers, and where, says
``solutions/NN_topic/rows.toml``; at least one entry for each row of `covers`:

    [[rows]]
    row      = 14
    says     = "A step of 8 under [1, 0, -1] answers 0 24 24 0."
    where    = "walk-through"       # notebooks/NN_topic.py; or "assignment", solved
    cell     = "signal.correlate2d(step, edge"  # a piece of that one cell's source
    computed = [0, 24, 24, 0]       # what it prints or draws, in this order
    given    = [0]                  # of these, what the cell's source has as input

    [[rows]]
    row        = 6
    says       = "Hubel and Wiesel measured single cells in 1959."
    no_numbers = "a date and names: nothing to compute"

`computed` are the numbers of one output as printed (2.33, not 2.3333), one after the
other; a matrix may be written as lists in lists. Numbers drawn in a figure count like
printed ones, but for pictures with sliders. Several outputs or cells: several entries.
The test fails if the numbers are not in the output; if one is a literal of that cell,
also in a string, and not `given`; if the sequence, or a number of three digits or more,
is a literal of an earlier cell; if something `given` is not typed. A number that
depends on training does not belong here. Check one assignment alone with

    python -m pytest tests/course/test_notebooks.py -k "07 and rows"
"""

from functools import cache

import pytest

from grader.manifest import ROOT, all_assignments, load
from grader.regenerate.execute import execute_notebook
from grader.regenerate.notebooks import (
    read_source,
    solution_notebook,
    walkthrough_notebook,
)
from tests.course.computed import complaints, read_rows, with_readable_figures

pytestmark = pytest.mark.slow

ASSIGNMENTS = all_assignments()
WALKTHROUGHS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setenv("COURSE_QUICK", "1")


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_solution_notebook_runs_quietly(folder) -> None:
    book = executed_solution(folder)
    _assert_quiet(book)
    verdicts = _printed(book)
    for id in load(folder).ids:
        assert f"✓ {id}:" in verdicts, f"check({id!r}) did not pass"


@pytest.mark.parametrize("script", WALKTHROUGHS, ids=lambda script: script.stem)
def test_walk_through_runs_quietly(script) -> None:
    _assert_quiet(executed_walkthrough(script))


@pytest.mark.parametrize("folder", ASSIGNMENTS, ids=lambda folder: folder.name)
def test_numbers_of_rows_are_computed(folder) -> None:
    wrong = []
    for entry in read_rows(load(folder).solution_folder / "rows.toml"):
        if entry.no_numbers:
            continue
        if entry.where == "assignment":
            book = executed_solution(folder)
        else:
            book = executed_walkthrough(ROOT / "notebooks" / f"{folder.name}.py")
        wrong += [
            f"row {entry.row} ({entry.says}): {fault}"
            for fault in complaints(entry, book)
        ]
    assert not wrong, "\n".join(wrong)


# Each notebook is executed once, whichever tests ask for it.


@cache
def executed_solution(folder):
    book = with_readable_figures(solution_notebook(read_source(load(folder))))
    return execute_notebook(book, folder)


@cache
def executed_walkthrough(script):
    book = with_readable_figures(walkthrough_notebook(script))
    return execute_notebook(book, script.parent)


def _printed(book) -> str:
    return "".join(
        output.get("text", "")
        for cell in book.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )


def _assert_quiet(book) -> None:
    for number, cell in enumerate(book.cells):  # the cell put before them is 0
        for output in cell.get("outputs", []):
            noise = output.get("text", "") if output.get("name") == "stderr" else ""
            assert not noise, f"cell {number} prints to stderr: {noise}"
