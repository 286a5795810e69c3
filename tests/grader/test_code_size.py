"""However much code is handed in, it is read soon, and told if it is too much."""

from __future__ import annotations

from grader.results import Outcome
from grader.submission import Submission, magics
from grader.submission.cells import Cell
from grader.submission.definitions import MAX_CELL, MAX_CODE
from grader.submission.statements import statements_of
from tests.grader.course import question

ANSWER = "def double(x):\n    return 2 * x\n"


def test_a_large_cell_is_not_parsed_for_every_magic(monkeypatch):
    parsed = []
    plain = magics._parse
    monkeypatch.setattr(magics, "_parse", lambda t: parsed.append(len(t)) or plain(t))
    source = "%matplotlib inline\n" * 199 + "x = [1, 2, 3, 4]\n" * 5000
    assert isinstance(magics.parse_cell(source), SyntaxError)
    assert sum(parsed) < 3_000_000


def test_a_cell_that_is_too_large_costs_itself_alone(course, hosts):
    answers = {
        "double": ANSWER + "#" * MAX_CELL,
        "total": "def total(x):\n    return float(x.sum())",
    }
    report = course.grade(answers, hosts)
    assert report.score == 2
    lost = question(report, "double")
    assert lost.outcome is not Outcome.PASSED
    assert "100 kB of code in one cell, over the limit of 100 kB" in lost.message


def test_what_comes_after_too_much_code_is_not_read():
    cells = [Cell(n, "#" * MAX_CELL) for n in range(1, MAX_CODE // MAX_CELL + 1)]
    definitions = Submission.from_cells([*cells, Cell(9, ANSWER)]).definitions
    (problem,) = definitions.problems
    assert problem.cell == "cell 9"
    assert problem.message == "after 500 kB of code; the limit is 500 kB in all"


def test_data_in_a_demo_cell_costs_nothing(course, hosts):
    answers = {
        "# data": f"picture = {'#' * 2 * MAX_CELL!r}",
        "double": ANSWER,
        "total": "def total(x):\n    return float(x.sum())",
    }
    assert course.grade(answers, hosts).score == 5


def test_what_is_long_is_not_remembered():
    """A class's long cells, all at once in memory, would be gigabytes of trees."""
    usual, long = "n = 1\n" * 100, "n = 1\n" * 10_000
    assert statements_of(usual) is statements_of(usual)
    assert statements_of(long) is not statements_of(long)
    assert len(statements_of(long)) == 10_000


def test_of_longer_cells_the_latest_few_are_remembered():
    """The known wrong answers to an assignment are one such text."""
    cells = [f"n = {n}\n" * 5_000 for n in range(5)]
    first, *others = [statements_of(cell) for cell in cells]
    assert statements_of(cells[0]) is not first
    assert statements_of(cells[-1]) is others[-1]
