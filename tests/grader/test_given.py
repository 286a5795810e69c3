"""What tests get besides the student's names: functions to pass on, and Keras."""

from __future__ import annotations

import numpy as np
import pytest

from grader.describe import describe_calls, describe_failure
from grader.results import Outcome
from grader.session import Call
from grader.worker.functions import affine_map
from tests.grader.course import question, write_course

PROBES = """
def double(fn):
    start = fn([0.0, 0.0, 0.0])
    return [fn(row) - start for row in np.eye(3)]
"""
DRAWS = """
def double(rng):
    return rng.random(3)
"""
TESTS = {
    "double": """
        import numpy as np

        def test_is_called(student, rng):
            matrix, bias = rng.normal(size=(4, 3)), rng.normal(size=4)
            fn = student.affine_map(matrix, bias, (2, 2))
            columns = [np.ravel(c) for c in student.double(fn)]
            assert np.allclose(np.transpose(columns), matrix), "not the matrix"
        """,
    "total": """
        def test_keras_counts(student, reference):
            dense = reference.layer("Dense", units=3)
            assert dense.output_shape((None, 2)) == (None, 3), "not Keras"
            assert student.total([1, 2]) == 3, "not the sum"
        """,
}


@pytest.fixture
def given(tmp_path):
    return write_course(tmp_path / "course", tests=TESTS, memory_mb=4096)


def test_an_answer_calls_a_function_that_the_test_gave(given, hosts):
    right = {"# imports": "import numpy as np", "double": PROBES}
    report = given.grade(right, hosts, only=["double"])
    assert question(report, "double").score == 3, report


def test_a_failure_names_the_function(given, hosts):
    wrong = {"double": "def double(fn):\n    return fn([1.0, 2.0, 3.0])"}
    lost = question(given.grade(wrong, hosts, only=["double"]), "double").tests[0]
    made, called = lost.called.splitlines()
    assert made.startswith("f = lambda x: ([[")
    assert made.endswith("]).reshape((2, 2))")
    assert called == "double(f)"


def test_a_function_is_not_asked_for_a_part():
    fn = affine_map(np.ones((2, 6)), np.zeros(2), (2,))
    with pytest.raises(ValueError, match=r"takes 6 numbers.*shape \(1, 3\)"):
        fn(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="takes 6 numbers"):
        fn(3.0)  # which NumPy would stretch


def test_where_there_is_no_connection_nothing_passes():
    fn = affine_map(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([5.0, 0.0]), (2,))
    out = fn(np.array([np.nan, 3.0]))
    assert np.isnan(out[0])
    assert out[1] == 6


def test_a_function_may_bend():
    fn = affine_map(np.array([[1.0], [-1.0]]), np.zeros(2), (2,), relu=True)
    assert fn(np.array([3.0])).tolist() == [3.0, 0.0]


def test_an_answer_draws_from_a_generator_that_the_test_gave(tmp_path, hosts):
    """It goes on from call to call; another of the same seed begins again."""
    test = """
        import numpy as np

        def test_draws(student):
            one, other = student.generator(5), student.generator(5)
            first, second = student.double(one), student.double(one)
            expected = np.random.default_rng(5).random(6)
            assert np.array_equal([*first, *second], expected), "other numbers"
            assert np.array_equal(student.double(other), first), "another start"
        """
    course = write_course(tmp_path / "course", tests=TESTS | {"double": test})
    report = course.grade({"double": DRAWS}, hosts, only=["double"])
    assert question(report, "double").score == 3, report
    wrong = {"double": "def double(rng):\n    return [0.0, 0.0, 0.0]"}
    lost = question(course.grade(wrong, hosts, only=["double"]), "double").tests[0]
    assert lost.called.splitlines() == [
        "rng2 = np.random.default_rng(5)",
        "double(rng1)",
        "double(rng1)",
    ]


def test_what_a_test_asks_to_look_at_a_model_is_not_what_was_called():
    name = {"name": "net", "args": [], "kwargs": {}}
    log = [
        Call({"op": "call", **name}, 1),
        Call({"op": "operate", "operation": "shapes", **name, "args": [None]}, 1),
        Call({"op": "operate", "operation": "weights", **name, "args": [None]}, 1),
    ]
    assert describe_calls(log).splitlines() == ["net()", "layer.weights()"]


def test_an_answer_without_a_return_is_told_so():
    """A test that then uses the None must not explain itself to the student."""
    error = AttributeError("'NoneType' object has no attribute 'shapes'")
    log = [Call({"op": "call", "name": "net", "args": [], "kwargs": {}}, 1)]
    said = (Outcome.FAILED, "net returned None: is a `return` missing?")
    assert describe_failure(error, log) == said
    log.append(Call({"op": "operate", "operation": "set_weights", "name": "net"}, 1))
    assert "AttributeError" in describe_failure(error, log)[1]


@pytest.mark.slow
def test_the_reference_is_keras_where_the_answer_may_use_numpy_only(given, hosts):
    right = {"total": "def total(x):\n    return sum(x)"}
    report = given.grade(right, hosts, only=["total"])
    assert question(report, "total").score == 2, report
