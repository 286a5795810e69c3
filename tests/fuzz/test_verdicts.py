"""Damaged notebooks graded in full: every question has a verdict."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.grade import Grading, grade
from grader.results import Outcome
from grader.submission import read_submission
from tests.fuzz import mutate
from tests.fuzz.harness import fuzz
from tests.fuzz.test_notebooks import assert_plain, book_text, manifest_of
from tests.grader.conftest import hosts, hosts_by_level, plain_assertions  # noqa: F401

#: NumPy alone, and quickly graded.
NAME = "02_shapes_and_cost"
TREES = mutate.TREE_CHANGES.map(lambda changes: changes[:1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("verdicts")


@fuzz(
    "notebooks, graded in full",
    cases=24,
    tree=TREES,
    code=st.lists(st.tuples(mutate.INDEX, mutate.CODE_CHANGES), min_size=1, max_size=3),
)
def test_every_question_has_a_verdict(folder, hosts, tree, code):  # noqa: F811
    book = json.loads(book_text(NAME, True))
    cells = [
        c for c in book["cells"] if c["metadata"].get("course", {}).get("question")
    ]
    for index, changes in code:
        cell = cells[index % len(cells)]
        cell["source"] = mutate.change_code("".join(cell["source"]), changes)
    file = folder / f"{NAME}.ipynb"
    file.write_text(json.dumps(mutate.change_tree(book, tree)))
    # An endless loop among the changes is no news, and takes its time.
    manifest = replace(manifest_of(NAME), timeout_s=3)
    try:
        submission = read_submission(manifest, file)
    except SubmissionError as error:
        assert_plain(str(error))
        return
    report = grade(manifest, submission, Grading(seed=1, hosts=hosts))
    assert [q.id for q in report.questions] == [*manifest.ids]
    for question in report.questions:
        assert question.graded
        assert question.outcome in Outcome
        assert question.tests
        passed = question.outcome is Outcome.PASSED
        assert question.score == (question.points if passed else 0)
    for note in report.notes:
        assert_plain(note)
    json.dumps(report.as_dict()).encode()
