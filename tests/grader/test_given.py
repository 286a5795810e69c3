"""What tests get besides the student's names: functions to pass on, and Keras."""

from __future__ import annotations

import numpy as np
import pytest

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
    assert made.startswith("affine_map([[")
    assert called == "double(<affine_map's result>)"


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


@pytest.mark.slow
def test_the_reference_is_keras_where_the_answer_may_use_numpy_only(given, hosts):
    right = {"total": "def total(x):\n    return sum(x)"}
    report = given.grade(right, hosts, only=["total"])
    assert question(report, "total").score == 2, report
