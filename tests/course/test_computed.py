"""Numbers that are typed, missing or elsewhere are told from computed ones."""

import nbformat
import pytest

from tests.course.computed import (
    Entry,
    complaints,
    numbers_in,
    printed,
    read_rows,
    typed,
    with_readable_figures,
)

SOURCE = "image = [8, 8, 0, 0]\nprint(correlate(image, [1, -1]))"


def notebook(*cells):
    """Code cells, each a source and what it printed."""
    made = []
    for source, text in cells:
        outputs = [nbformat.v4.new_output("stream", text=text)] if text else []
        made.append(nbformat.v4.new_code_cell(source, outputs=outputs))
    return nbformat.v4.new_notebook(cells=made)


def edge(**changes):
    settings = {"cell": "correlate(", "computed": (0, 24, 0), "given": (0,)}
    return Entry(14, "an edge", "walk-through", **(settings | changes))


GOOD = notebook(("a = 1", ""), (SOURCE, "[ 0. 24. 0.]\n"))


def test_computed_numbers_are_found():
    assert list(complaints(edge(), GOOD)) == []


BAD = {
    "another result": (
        edge(computed=(0, 42, 0)),
        GOOD,
        "0 42 0 is not in the cell's outputs; they hold [[0.0, 24.0, 0.0]]",
    ),
    "another order": (edge(computed=(24, 0, 0)), GOOD, "24 0 0 is not in the cell's"),
    "printed elsewhere": (
        edge(),
        notebook(("print(f(8))", "0 24 0"), (SOURCE, "1")),
        "0 24 0 is not in the cell's outputs",
    ),
    "no such cell": (edge(cell="convolve("), GOOD, "0 code cells contain 'convolve('"),
    "two such cells": (edge(cell="a"), GOOD, "2 code cells contain 'a'"),
    "typed": (
        edge(),
        notebook((f"{SOURCE}\nprint('0 24 0')", "0 24 0")),
        "24 is typed in the cell that should compute it",
    ),
    "typed in an f-string": (
        edge(computed=(460,), given=()),
        notebook(("n = correlate()\nprint(f'{n:3} is 460')", "460 is 460")),
        "460 is typed in the cell that should compute it",
    ),
    "typed before": (
        edge(computed=(460,), given=()),
        notebook(("answer = 460", ""), ("print(correlate(answer))", "460")),
        "460 is typed in an earlier cell",
    ),
    "a sequence typed before": (
        edge(computed=(1, -2, 3), given=()),
        notebook(("expected = [1, -2, 3]", ""), ("correlate(x)", "1 -2 3")),
        "1 -2 3 is typed, one after the other, in a cell",
    ),
    "not given": (edge(given=(0, 5)), GOOD, "5 is said to be given but not typed"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_computed_is_told(kind):
    entry, book, expected = BAD[kind]
    found = list(complaints(entry, book))
    assert any(expected in fault for fault in found), found


def test_short_numbers_may_occur_before():
    book = notebook(("size = 24", ""), (SOURCE, "[ 0. 24. 0.]\n"))
    assert list(complaints(edge(), book)) == []


def test_numbers_in_text():
    assert numbers_in("32x32x3, p=1: 1,234 -> 2.5e-03") == [32, 32, 3, 1, 1234, 0.0025]
    assert numbers_in("[[-1. 0.5]\n [\u221224 5]] 7-3, 93.8%") == [
        -1,
        0.5,
        -24,
        5,
        7,
        3,
        93.8,
    ]


def test_numbers_in_code():
    source = "%matplotlib inline\nx = [-1, 2.5]  # 77\nprint(f'{x:6.2f} of 9', True)"
    assert typed(source) == [1, 2.5, 9]


ROWS = {
    "unknown keys": ('row = 1\nsays = "a"\nvalues = [1]', "unknown keys ['values']"),
    "no row": ('says = "a"', "needs `row`"),
    "no place": ('row = 1\nsays = "a"\ncomputed = [1]', "needs `where`"),
    "all given": (
        'row = 1\nsays = "a"\nwhere = "assignment"\ncell = "x"\n'
        "computed = [1]\ngiven = [1]",
        "`computed` needs a number not `given`, or 3 in a sequence",
    ),
    "both": ('row = 1\nsays = "a"\nno_numbers = "b"\ncomputed = [1]', "too many"),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_table_that_is_not_well_formed(kind, tmp_path):
    text, expected = ROWS[kind]
    path = tmp_path / "rows.toml"
    path.write_text(f"[[rows]]\n{text}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"rows.toml, entry 1") as caught:
        read_rows(path)
    assert expected in str(caught.value)


def test_matrices_are_read_row_by_row(tmp_path):
    path = tmp_path / "rows.toml"
    path.write_text(
        '[[rows]]\nrow = 1\nsays = "a"\nwhere = "assignment"\ncell = "x"\n'
        "computed = [[1, 2], [3, 4.5]]\n",
        encoding="utf-8",
    )
    (entry,) = read_rows(path)
    assert entry.computed == (1, 2, 3, 4.5)


@pytest.mark.slow
def test_numbers_in_a_figure_are_read():
    from grader.manifest import ROOT
    from grader.regenerate.execute import execute_notebook

    draw = "fig, axis = plt.subplots()\naxis.text(0, 0, f'{6 * 7}')\nplt.show()"
    book = notebook(("import matplotlib.pyplot as plt", ""), (draw, ""))
    done = execute_notebook(with_readable_figures(book), ROOT)
    assert 42 in printed(done.cells[2].outputs[0])
