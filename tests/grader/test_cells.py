"""Files as students hand them in: what is read, and what is said of the rest."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission import read_submission
from grader.submission.cells import Cell, notebook_cells, percent_cells, read_cells
from tests.grader.course import notebook

ANSWER = "def double(x):\n    return 2 * x\n"


def test_code_cells_with_their_questions_and_numbers():
    book = json.loads(notebook("a = 1", ("double", ANSWER)))
    book["cells"].insert(1, {"cell_type": "markdown", "source": "def no(): pass"})
    assert notebook_cells(json.dumps(book), "nb") == [
        Cell(1, "a = 1"),
        Cell(3, ANSWER, "double"),
    ]


def test_sources_as_lists_of_lines():
    book = json.loads(notebook("x"))
    book["cells"][0]["source"] = ["a = 1\n", "b = 2"]
    assert notebook_cells(json.dumps(book), "nb")[0].source == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "metadata",
    [None, {}, [], "course", {"course": "double"}, {"course": {"question": 5}}],
)
def test_metadata_that_says_nothing(metadata):
    book = json.loads(notebook(ANSWER))
    book["cells"][0]["metadata"] = metadata
    assert notebook_cells(json.dumps(book), "nb") == [Cell(1, ANSWER)]
    del book["cells"][0]["metadata"]
    assert notebook_cells(json.dumps(book), "nb") == [Cell(1, ANSWER)]


@pytest.mark.parametrize(
    "cell",
    [
        None,
        5,
        "code",
        [],
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": 5},
    ],
)
def test_a_cell_that_is_nonsense_costs_only_itself(cell):
    book = json.loads(notebook(ANSWER))
    book["cells"].insert(0, cell)
    assert notebook_cells(json.dumps(book), "nb")[-1] == Cell(2, ANSWER)


def test_a_notebook_of_version_3():
    sheet = {"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}]}
    book = {"worksheets": [sheet, {}, None], "nbformat": 3}
    assert notebook_cells(json.dumps(book), "nb") == [Cell(1, "a = 1\nb = 2")]


def test_deleted_cells_are_taken_from_what_was_handed_out(course, tmp_path):
    blank = "def total(x):\n    raise NotImplementedError('total')"
    given = ["import math", "import math as m\nONE, FACTOR = 1, 3", ("total", blank)]
    out = course.assignment / "01_tiny.ipynb"
    out.write_text(notebook(*given))
    answers = ["FACTOR = 2", ("double", "def double(x): return FACTOR * x * m.cos(0)")]
    handed_in = tmp_path / "in.ipynb"
    handed_in.write_text(notebook(*answers))
    found = read_submission(course.manifest, handed_in).definitions
    units = found.units("double", ["double"])
    # ONE and FACTOR come together, and FACTOR is the student's.
    assert [u.source for u in units] == [
        "import math as m",
        "FACTOR = 2",
        answers[1][1],
    ]
    assert units[0].cell == "cell 2 as handed out"
    assert found.missing(["total", "ONE"]) == ["total", "ONE"]
    out.unlink()
    found = read_submission(course.manifest, handed_in).definitions
    assert len(found.units("double", ["double"])) == 2


NOT_A_NOTEBOOK = {
    "empty": ("", "empty; save the notebook again"),
    "white space": (" \n\t\n", "empty; save the notebook again"),
    "no JSON": ("hello", "invalid JSON .*save it again"),
    "cut off": (notebook(ANSWER)[:-20], "invalid JSON .*save it again"),
    "a number too long": ("1" * 6000, "invalid JSON .*save it again"),
    "too deep": ("[" * 200_000, "invalid JSON .*save it again"),
    "a list": ("[1, 2]", "not a notebook: no cells"),
    "a text": ('"cells"', "not a notebook: no cells"),
    "no cells": ('{"nbformat": 4}', r"nbformat 4\): it has no list of cells"),
    "cells no list": ('{"nbformat": 2, "cells": {}}', r"nbformat 2\): it has no list"),
    "conflict": (
        '{"cells": [\n<<<<<<< HEAD\n{}\n=======\n>>>>>>> theirs\n]}',
        "merge-conflict markers .*git checkout --ours",
    ),
}


@pytest.mark.parametrize("kind", NOT_A_NOTEBOOK)
def test_what_is_no_notebook_is_named_with_the_mend(course, kind):
    text, message = NOT_A_NOTEBOOK[kind]
    path = course.assignment / "01_tiny.ipynb"
    path.write_text(text)
    with pytest.raises(SubmissionError, match=rf"01_tiny.ipynb: .*{message}") as caught:
        read_submission(course.manifest)
    assert "\n" not in str(caught.value)


def test_conflict_markers_within_a_text_are_no_conflict():
    source = 'print("""\n<<<<<<< HEAD\n""")'
    assert notebook_cells(notebook(source), "nb") == [Cell(1, source)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_trouble(tmp_path, encoding):
    path = tmp_path / "a.ipynb"
    path.write_text(notebook("name = 'é'"), encoding=encoding)
    assert read_cells(path)[0].source == "name = 'é'"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named(tmp_path, encoding):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": "é"}, ensure_ascii=False), encoding=encoding)
    with pytest.raises(SubmissionError, match=r"a.ipynb: not UTF-8 text; save it"):
        read_cells(path)


def test_a_notebook_of_50_mb_is_read(tmp_path):
    book = json.loads(notebook(("double", ANSWER)))
    picture = {"output_type": "display_data", "data": {"image/png": "A" * (5 << 20)}}
    book["cells"][0]["outputs"] = [picture] * 10
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(book))
    assert path.stat().st_size > 50 << 20
    started = time.monotonic()
    assert read_cells(path) == [Cell(1, ANSWER, "double")]
    assert time.monotonic() - started < 5


def test_a_notebook_over_the_limit_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.submission.cells.MAX_FILE_BYTES", 3 << 20)
    path = tmp_path / "a.ipynb"
    path.write_bytes(b" " * (5 << 20))
    with pytest.raises(SubmissionError, match="5 MB, over the limit of 3 MB: clear"):
        read_cells(path)


SCRIPT = """\
# A comment before the first cell.
import os

# %% [markdown]
# def no(): pass

# %% question="double"
def double(x):
    return 2 * x

# %% tags=["a"] question=total
def total(x):
    return 1

# %%% not a marker
# %%
"""


def test_a_script_in_percent_format():
    assert percent_cells(SCRIPT) == [
        Cell(1, "# A comment before the first cell.\nimport os"),
        Cell(2, "def double(x):\n    return 2 * x", "double"),
        Cell(3, "def total(x):\n    return 1\n\n# %%% not a marker", "total"),
        Cell(4, ""),
    ]


def test_a_script_with_windows_line_ends_and_odd_separators():
    text = "# %%\r\ntext = 'a\u2028b\x0cc'\r\nb = 2\r\n"
    assert percent_cells(text) == [Cell(1, "text = 'a\u2028b\x0cc'\nb = 2")]


# -- which files ------------------------------------------------------------------


def write(course, path, question="double", source=ANSWER):
    return course.write(path, notebook((question, source)))


def defines(submission, name="double"):
    return not submission.definitions.missing([name])


def test_the_assignments_own_folder(course):
    write(course, "assignments/01_tiny/01_tiny.ipynb")
    assert defines(read_submission(course.manifest))


def test_a_folder_or_a_file_elsewhere(course, monkeypatch):
    notebook_ = write(course, "handed_in/alice/01_tiny.ipynb")
    renamed = write(course, "handed_in/bob (2).ipynb")
    for path in (notebook_, notebook_.parent, renamed):
        assert defines(read_submission(course.manifest, path))
    monkeypatch.chdir(notebook_.parent.parent)
    assert defines(read_submission(course.manifest, Path("alice")))


def test_the_beginning_of_a_name_is_enough_if_only_one_begins_so(course):
    write(course, "handed_in/alice/01_tiny.ipynb")
    folder = course.root / "handed_in"
    assert defines(read_submission(course.manifest, folder / "al"))
    write(course, "handed_in/alan/01_tiny.ipynb")
    with pytest.raises(SubmissionError, match=r"al: matches alan, alice; write more"):
        read_submission(course.manifest, folder / "al")
    with pytest.raises(SubmissionError, match=r"x\*: no such notebook or folder"):
        read_submission(course.manifest, folder / "x*")


def test_a_solution_is_a_script(course):
    assert defines(read_submission(course.manifest, course.solution))
    # A notebook that was made from an earlier source is not the solution.
    name = f"{course.name}.ipynb"
    (course.solution / name).write_text(notebook(("double", "stale = 1")))
    assert defines(read_submission(course.manifest, course.solution))


def test_a_folder_without_the_notebook(course):
    folder = course.write("handed_in/alice/other.ipynb", "{}").parent
    with pytest.raises(SubmissionError, match=r"alice: 01_tiny.ipynb is not in this"):
        read_submission(course.manifest, folder)


def test_only_listed_files_are_taken(course):
    folder = write(course, "handed_in/alice/01_tiny.ipynb").parent
    course.write("handed_in/alice/extra.py", "def total(x): return 1")
    submission = read_submission(course.manifest, folder)
    assert not defines(submission, "total")
    assert submission.files == {}


def test_a_file_that_is_no_notebook_is_not_replaced_by_its_neighbour(course):
    write(course, "handed_in/01_tiny.ipynb")
    report = course.write("handed_in/report.txt", "words")
    with pytest.raises(SubmissionError, match=r"report.txt: expected a notebook"):
        read_submission(course.manifest, report)


def test_a_link_to_elsewhere_is_refused(course, tmp_path):
    secret = write(course, "secret/01_tiny.ipynb")
    folder = course.root / "handed_in"
    folder.mkdir()
    (folder / "01_tiny.ipynb").symlink_to(secret)
    with pytest.raises(SubmissionError, match="a link to elsewhere; hand in the file"):
        read_submission(course.manifest, folder)


def test_a_linked_folder_inside_is_refused(course):
    course.write("secret/nested.txt", "secret")
    folder = write(course, "handed_in/01_tiny.ipynb").parent
    (folder / "src").symlink_to(course.root / "secret")
    manifest = replace(course.manifest, submit=("01_tiny.ipynb", "src/nested.txt"))
    with pytest.raises(SubmissionError, match="a link to elsewhere"):
        read_submission(manifest, folder)


def test_a_folder_in_the_notebooks_place(course):
    folder = course.root / "handed_in"
    (folder / "01_tiny.ipynb").mkdir(parents=True)
    with pytest.raises(SubmissionError, match=r"01_tiny.ipynb: no such file"):
        read_submission(course.manifest, folder)


def test_a_question_that_is_no_name_is_none():
    for odd in ("\ud800", "\x1b[2J", "a b", "", "x" * 10 + "\n"):
        cell = {"cell_type": "code", "metadata": {"course": {"question": odd}}}
        (found,) = notebook_cells(json.dumps({"cells": [cell]}), "x.ipynb")
        assert found.question == ""
        assert found.label == "cell 1"


def test_a_notebook_of_millions_of_empty_lists_is_refused_before_it_is_read():
    text = '{"cells": [' + "[]," * 3_000_000 + "[]]}"
    with pytest.raises(SubmissionError, match="more than 5 million values"):
        notebook_cells(text, "x.ipynb")


def test_a_long_line_after_a_marker_costs_no_time():
    started = time.process_time()
    for rest in ("a" * 300_000, 'a="' * 100_000, "a=" * 150_000):
        percent_cells(f"# %% {rest}\nx = 1")
    assert time.process_time() - started < 5
