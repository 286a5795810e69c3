"""The gradebook keeps everything and loses nothing; grades follow from it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import GraderError, ManifestError
from grader.gradebook import Attempt, Gradebook, Override, State, Student, grades
from grader.late import LatePolicy, days_late, penalty_percent
from grader.manifest import load
from tests.grader.course import write_course

DUE = datetime(2027, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=1)))
POLICY = LatePolicy(due=DUE, grace_minutes=30, percent_per_day=10, cap_percent=35)
#: hours after the due time -> days begun, percent
LATENESS = {-5.0: (0, 0), 0.0: (0, 0), 0.5: (0, 0), 0.51: (1, 10), 24.0: (1, 10)}
LATENESS |= {24.1: (2, 20), 71.9: (3, 30), 80.0: (4, 35), 2000.0: (84, 35)}


@pytest.mark.parametrize(("hours", "expected"), LATENESS.items())
def test_lateness_is_counted_in_days_begun(hours, expected):
    submitted = (DUE + timedelta(hours=hours)).astimezone(UTC)
    days, percent = expected
    assert days_late(submitted, POLICY) == days
    assert penalty_percent(submitted, POLICY) == percent


@given(st.floats(-1e4, 1e4), st.floats(0, 1e3))
def test_handing_in_later_never_costs_less(hours, more):
    first, then = (DUE + timedelta(hours=h) for h in (hours, hours + more))
    assert penalty_percent(first, POLICY) <= penalty_percent(then, POLICY) <= 35


def test_a_mark_without_a_time_is_one_day():
    assert penalty_percent(None, POLICY, flagged=True) == 10
    assert penalty_percent(None, POLICY) == 0
    assert penalty_percent(DUE + timedelta(days=9), None) == 0


def test_the_policy_stands_in_the_manifest(tmp_path):
    course = write_course(tmp_path)
    path = course.assignment / "assignment.toml"
    good = path.read_text()
    late = "\n[late]\ndue = 2027-03-01T23:59:00+01:00\ngrace_minutes = 30\n"
    path.write_text(good + late + "percent_per_day = 10\ncap_percent = 35\n")
    assert load(course.assignment).late == POLICY
    path.write_text(good + late + "percent_per_day = -1\n")
    with pytest.raises(ManifestError, match="'percent_per_day' must be a number"):
        load(course.assignment)
    path.write_text(good + "\n[late]\ndue = 2027-03-01\n")
    with pytest.raises(ManifestError, match="'due' must be a date with a time"):
        load(course.assignment)


@pytest.fixture
def book(tmp_path):
    with Gradebook(tmp_path / "gradebook.sqlite") as opened:
        yield opened


def attempt(student="alice", key="k1", turn=1, penalty=0.0, **scores) -> Attempt:
    scores = scores or {"f": 3.0, "g": 2.0}
    questions = [{"id": id, "score": s, "points": 5.0} for id, s in scores.items()]
    return Attempt(
        assignment="04_conv_layer",
        student=student,
        key=key,
        digest=f"digest of {key}",
        state=State.GRADED,
        reason="",
        score=sum(scores.values()),
        points=10.0,
        submitted="2027-03-01T22:00:00+00:00",
        late=False,
        penalty_percent=penalty,
        folder=f"handed_in/{student}",
        note="",
        graded="2027-03-02T08:00:00+00:00",
        seconds=0.5,
        report={"questions": questions},
        turn=turn,
    )


def word(question, score, student="alice") -> Override:
    made = "2027-03-03T09:00:00+00:00"
    return Override("04_conv_layer", student, question, score, "seen", "TA", made)


def grade(book, student="alice"):
    return next(g for g in grades(book, "04_conv_layer") if g.student.id == student)


def test_an_attempt_comes_back_as_it_was_written(book):
    assert book.record(attempt(), Student("alice", "Alice A", "a@example.org"))
    assert book.attempts("04_conv_layer") == [attempt()]
    assert book.students()["alice"].name == "Alice A"
    assert book.keys("04_conv_layer") == {("alice", "k1")}


def test_a_key_counts_once(book):
    assert book.record(attempt(), Student("alice"))
    assert not book.record(attempt(f=0.0), Student("alice"))
    assert book.attempts("04_conv_layer") == [attempt()]
    assert book.record(attempt("bob"), Student("bob")), "another student's is another"


def test_the_latest_turn_counts_and_all_are_kept(book):
    book.record(attempt(key="k1", turn=1, f=1.0), Student("alice"))
    book.record(attempt(key="k2", turn=2, f=5.0), Student("alice"))
    assert grade(book).score == 5
    book.take_turns("04_conv_layer", {("alice", "k1"): book.next_turn()})
    assert grade(book).score == 1, "the first was handed in again"
    assert len(book.attempts("04_conv_layer", "alice")) == 2


def test_a_tas_word_survives_a_regrade(book):
    book.record(attempt(penalty=20.0), Student("alice"))
    assert grade(book).score == 4
    book.override(word("g", 4.5))
    assert grade(book).score == pytest.approx(0.8 * 7.5)
    book.record(attempt(key="k2", turn=2, penalty=20.0, f=5.0, g=0.0), Student("alice"))
    assert grade(book).score == pytest.approx(0.8 * 9.5)
    book.override(word("", 9.0))
    assert grade(book).score == 9, "a word on the whole is final"
    book.override(word("", None))
    book.override(word("g", None))
    assert grade(book).score == 4, "taken back"


def test_who_handed_in_nothing_is_there_too(book):
    book.enrol([Student("alice", on_roster=True), Student("bob", on_roster=True)])
    book.record(attempt(), Student("alice", "Alice"))
    bob = grade(book, "bob")
    assert (bob.score, bob.points, bob.attempt) == (0, 10, None)
    assert bob.reason == "nothing was handed in"
    assert book.students()["alice"] == Student("alice", "Alice", "", True)


def test_nothing_is_half_written(book, tmp_path):
    class Broken(dict):
        def items(self):
            raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, TypeError)):
        book.record(replace(attempt(), report={"x": object()}), Student("alice"))
    other = sqlite3.connect(tmp_path / "gradebook.sqlite")
    assert other.execute("SELECT count(*) FROM attempts").fetchone() == (0,)
    other.close()
    assert book.record(attempt(), Student("alice"))


def test_what_is_no_gradebook_is_told_in_a_line(tmp_path):
    (tmp_path / "text").write_text("hello " * 1000)
    with pytest.raises(GraderError, match="cannot be used: file is not a database"):
        Gradebook(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other") as db:
        db.execute("CREATE TABLE x (y)")
    db.close()
    with pytest.raises(GraderError, match="not a gradebook of this version"):
        Gradebook(tmp_path / "other")
    with pytest.raises(GraderError, match="no gradebook here"):
        Gradebook(tmp_path / "none", create=False)
    with pytest.raises(GraderError, match="cannot be used"):
        Gradebook(tmp_path / "no" / "folder")


def test_a_second_process_may_read_while_one_writes(book, tmp_path):
    book.record(attempt(), Student("alice"))
    with Gradebook(tmp_path / "gradebook.sqlite") as other:
        book.record(attempt("bob"), Student("bob"))
        assert len(other.latest("04_conv_layer")) == 2


def test_many_may_open_a_new_gradebook_at_once(tmp_path):
    path = tmp_path / "gradebook.sqlite"

    def opened(number: int) -> int:
        with Gradebook(path) as made:
            made.record(attempt(f"s{number}"), Student(f"s{number}"))
        return number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(opened, range(24))) == list(range(24))
    with Gradebook(path) as made:
        assert len(made.students()) == 24
