"""Points follow from outcomes and from nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.manifest import Manifest, Question
from grader.results import Outcome, Report, TestResult
from grader.scoring import question_outcome, score

P, F, E, T, C, N = Outcome
MANIFEST = Manifest(
    title="t",
    submit=("a.ipynb",),
    questions=(Question("a", "A", 10), Question("b", "B", 2.5), Question("c", "C", 5)),
)


def results(*outcomes):
    return [TestResult(f"test {i}", outcome) for i, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), N),
        ((P,), P),
        ((P, P), P),
        ((P, F), F),
        ((F, E), E),
        ((E, C), C),
        ((C, T), T),
        ((P, N), N),
        ((N, F), F),
    ],
)
def test_the_gravest_outcome_is_the_questions(outcomes, expected):
    assert question_outcome(results(*outcomes)) is expected


def test_all_or_nothing_per_question():
    found = score(MANIFEST, {"a": results(P, P), "b": results(P, F), "c": results(P)})
    assert [(q.id, q.score, q.points) for q in found] == [
        ("a", 10, 10),
        ("b", 0, 2.5),
        ("c", 5, 5),
    ]


def test_a_question_that_reported_nothing_earns_nothing_and_says_so():
    (a, b, c) = score(MANIFEST, {"b": results(P)}, messages={"c": "cell 3: broken"})
    assert (a.score, a.outcome, a.message) == (0, N, "no test reported a result")
    assert (b.score, b.message) == (2.5, "")
    assert (c.score, c.message) == (0, "cell 3: broken")


def test_results_of_unknown_questions_earn_nothing():
    found = score(MANIFEST, {"z": results(P)})
    assert sum(q.score for q in found) == 0


def test_chosen_questions_in_the_manifests_order():
    found = score(MANIFEST, {"a": results(P)}, only=("c", "a"))
    assert [q.id for q in found] == ["a", "c"]


OUTCOMES = st.lists(st.sampled_from(Outcome), max_size=5)


@given(st.fixed_dictionaries({"a": OUTCOMES, "b": OUTCOMES, "c": OUTCOMES}))
def test_points_only_where_every_test_passed(outcomes):
    found = score(MANIFEST, {id: results(*given) for id, given in outcomes.items()})
    for question in found:
        given_ = outcomes[question.id]
        passed = bool(given_) and set(given_) == {P}
        assert question.score == (question.points if passed else 0)
        assert (question.outcome is P) == passed


def report(**outcomes):
    return Report(
        assignment="01_tiny",
        title="Tiny",
        submission="a.ipynb",
        seed=7,
        sandbox="isolated",
        tests="hidden",
        questions=score(MANIFEST, {k: results(*v) for k, v in outcomes.items()}),
        seconds=1.25,
    )


def test_the_json_form_has_the_promised_keys():
    data = json.loads(json.dumps(report(a=(P,), b=(F, P), c=(T, N)).as_dict()))
    assert {
        k: data[k] for k in ("assignment", "score", "points", "seed", "sandbox")
    } == {
        "assignment": "01_tiny",
        "score": 10.0,
        "points": 17.5,
        "seed": 7,
        "sandbox": "isolated",
    }
    (_, b, c) = data["questions"]
    assert {k: b[k] for k in ("id", "score", "points", "outcome")} == {
        "id": "b",
        "score": 0.0,
        "points": 2.5,
        "outcome": "FAILED",
    }
    assert [test["outcome"] for test in c["tests"]] == ["TIMEOUT", "NOT_RUN"]
    assert {"name", "outcome", "message", "hint"} <= set(b["tests"][0])


def test_full_marks_need_every_question():
    assert report(a=(P,), b=(P,), c=(P,)).full_marks
    assert not report(a=(P,), b=(P,)).full_marks


def test_time_is_no_part_of_a_reports_identity():
    one, two = report(a=(P,)), report(a=(P,))
    object.__setattr__(two, "seconds", 99.0)
    assert one == two
