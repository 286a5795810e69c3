"""The test that tells a wrong answer is remembered, and the memory decides nothing."""

from __future__ import annotations

import pytest

from grader.regenerate import leaks
from grader.regenerate.notebooks import read_source, student_notebook
from grader.regenerate.proofs import prove
from grader.regenerate.recognised import read_recognised, write_recognised
from grader.session import Session


@pytest.fixture
def calls(monkeypatch):
    """How many calls the tests and the replays made."""
    made = []
    perform = Session.perform

    def counted(self, message):
        made.append(message)
        return perform(self, message)

    monkeypatch.setattr(Session, "perform", counted)
    return made


@pytest.fixture
def course(course, monkeypatch):
    """The tiny course; leaks are looked for in it."""
    monkeypatch.setattr(leaks, "ROOT", course.root)
    return course


def proved(course, hosts, recognised):
    source = read_source(course.manifest)
    found = prove(source, student_notebook(source), hosts, 0, recognised)
    return [(proof.holds, proof.text) for proof in found]


def test_the_table_is_filled_and_followed(course, hosts, calls):
    first = {}
    verdicts = proved(course, hosts, first)
    assert first == {"squares": "is twice as much", "takes_the_mean": "adds up: 5"}
    before = len(calls)
    again = dict(first)
    assert proved(course, hosts, again) == verdicts
    assert again == first
    assert len(calls) - before < before, "one element alone is its own mean"


@pytest.mark.parametrize("wrong", ["no such test", "is twice as much: zeros", ""])
def test_a_wrong_table_changes_nothing(course, hosts, wrong):
    right = {}
    verdicts = proved(course, hosts, right)
    table = dict.fromkeys(right, wrong)
    assert proved(course, hosts, table) == verdicts
    assert wrong not in table.values()


def test_the_table_is_a_file_that_may_be_missing_or_broken(course):
    path = course.solution / "recognised.toml"
    assert read_recognised(course.manifest) == {}
    table = {"squares": 'matches "it"\\: [0]', "of_yesterday": "a test"}
    write_recognised(course.manifest, table)
    assert read_recognised(course.manifest) == {"squares": table["squares"]}
    written = path.read_bytes()
    write_recognised(course.manifest, table)
    assert path.read_bytes() == written
    path.write_text("no table")
    assert read_recognised(course.manifest) == {}
