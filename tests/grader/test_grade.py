"""From cells to a report, on a tiny assignment."""

from __future__ import annotations

import re

import numpy as np
import pytest

from grader.errors import GraderError, GraderFault, ManifestError
from grader.grade import Grading, grade
from grader.results import Outcome
from grader.submission import Submission
from tests.grader.course import cells, question, write_course

RIGHT = {
    "# imports": "import numpy as np",
    "double": "def double(x):\n    return np.asarray(x) * 2",
    "total": "def total(x):\n    return sum(x.tolist())",
}


def test_right_answers_get_all_points(course, hosts):
    report = course.grade(RIGHT, hosts)
    assert (report.score, report.points, report.full_marks) == (5, 5, True)
    assert [len(q.tests) for q in report.questions] == [2, 2]
    assert report.tests == "hidden"
    assert not report.notes


def test_one_wrong_answer_loses_its_question_only(course, hosts):
    wrong = {"double": "def double(x):\n    return x + 1", "total": RIGHT["total"]}
    report = course.grade(wrong, hosts)
    assert report.score == 2
    lost = question(report, "double")
    assert lost.outcome is Outcome.FAILED
    assert lost.tests[0].message == "the result is not x + x"
    assert re.fullmatch(r"double\(\[\[.+, .+\], *\[.+\]\]\)", lost.tests[0].called)


def test_one_failing_test_loses_all_points_of_its_question(course, hosts):
    in_place = {"double": "def double(x):\n    x *= 2\n    return x"}
    result = question(course.grade(in_place, hosts), "double")
    assert [t.outcome.value for t in result.tests] == ["PASSED", "FAILED"]
    assert result.tests[1].message == "x was modified"
    assert result.score == 0


def test_half_precision_is_judged_as_single(course, hosts):
    source = (
        "import numpy as np\ndef double(x):\n    return np.float16(x), [np.float16(1)]"
    )
    array, (number,) = course.session(source, hosts).call("double", [[1.5]], {}, False)
    assert (array.dtype, number.dtype) == (np.float32, np.float32)
    assert (array.tolist(), float(number)) == ([1.5], 1.0)


def test_nothing_answered_starts_no_process(course, hosts, monkeypatch):
    blank = {
        "double": 'def double(x):\n    """x + x"""\n    raise NotImplementedError("d")',
        "total": "def total(x):\n    pass",
    }
    monkeypatch.setattr(type(hosts), "worker", lambda *_: pytest.fail("a worker"))
    report = course.grade(blank, hosts)
    assert report.score == 0
    assert {t.message for q in report.questions for t in q.tests} == {
        "not answered yet"
    }


def test_an_answer_that_is_not_there(course, hosts):
    report = course.grade({"# note": "x = 1"}, hosts)
    assert report.score == 0
    assert {q.outcome for q in report.questions} == {Outcome.ERROR}


def test_a_half_written_answer_that_raises_not_implemented(course, hosts):
    half = {
        "double": "def double(x):\n    if 0: return x\n    raise NotImplementedError"
    }
    result = question(course.grade(half, hosts), "double")
    assert {t.message for t in result.tests} == {"not answered yet"}


def test_statements_on_one_line_are_all_defined(course, hosts):
    one_line = {
        "# two": "a = 1; b = a + 1",
        "double": "def double(x):\n    return b * x",
    }
    assert course.grade(one_line, hosts).score == 3


def test_an_exception_names_the_students_cell_and_line(course, hosts):
    source = "import numpy as np\n\ndef double(x):\n    y = x + 'a'\n    return y"
    answers = [*cells({"# first": "a = 1"}), *cells({"double": source})]
    test = question(course.grade(answers, hosts), "double").tests[0]
    assert test.outcome is Outcome.ERROR
    assert test.message.endswith("cell 1 (double), line 4: y = x + 'a'")
    assert "Error" in test.message.splitlines()[0]


def test_what_a_test_cannot_use_is_the_students_fault(course, hosts):
    odd = {"total": "def total(x):\n    return {'sum': {1, 2}}"}
    test = question(course.grade(odd, hosts), "total").tests[0]
    assert test.outcome is Outcome.FAILED
    assert "sum" in test.message


def test_a_result_that_cannot_travel(course, hosts):
    odd = {"total": "def total(x):\n    return '\\ud800'"}
    report = course.grade(odd | {"double": RIGHT["double"].replace("np.", "")}, hosts)
    test = question(report, "total").tests[0]
    assert test.outcome is Outcome.ERROR
    assert "cannot be sent" in test.message


@pytest.mark.parametrize("odd", ["{1, 2}", "'text'", "object()", "[x, 'text']"])
def test_a_result_that_a_test_passes_on_is_the_students_fault(tmp_path, hosts, odd):
    again = """
        import numpy as np

        def test_twice(student):
            assert student.total(np.asarray(student.total([1.0]))) == 1
        """
    tests = {"total": again, "double": "def test_a(student):\n    student.double(1)"}
    course = write_course(tmp_path, tests=tests)
    answers = {"total": f"def total(x):\n    return {odd}"}
    lost = question(course.grade(answers, hosts), "total")
    assert (lost.score, lost.outcome) == (0, Outcome.FAILED)
    assert "total returned" in lost.tests[0].message


NUMBERS = {
    "long doubles": "np.asarray(x, np.longdouble) * 2",
    "Python numbers in an array of objects": "np.frompyfunc(lambda v: v + v, 1, 1)(x)",
    "a matrix": "np.asmatrix(x) * 2 if np.ndim(x) == 2 else x + x",
    "a masked array": "np.ma.masked_array(x) * 2",
    "a subclass": "(x + x).view(type('Mine', (np.ndarray,), {}))",
}


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_other_kinds(course, hosts, numbers):
    source = f"import numpy as np\ndef double(x):\n    return {numbers}"
    report = course.grade({"double": source}, hosts, only=["double"])
    assert report.full_marks, question(report, "double").tests


@pytest.mark.parametrize("exact", ["fractions.Fraction", "decimal.Decimal"])
def test_exact_numbers_of_python(course, hosts, exact):
    source = (
        "import fractions, decimal\n"
        f"def double(x):\n    return [{exact}(2), {exact}('0.5'), {exact}(10) ** 30]"
    )
    found = course.session(source, hosts).call("double", [1], {}, False)
    assert found == [2, 0.5, 10**30]
    assert [type(number) for number in found] == [int, float, int]


def test_calls_between_answers_use_the_students_own(course, hosts):
    answers = {
        "double": "def double(x):\n    return add(x, x)",
        "total": "def total(x):\n    return double(x).sum() / 2",
        "# helpers": "def add(a, b):\n    return a + b",
    }
    assert course.grade(answers, hosts).score == 5
    broken = answers | {"double": "def double(x):\n    return x"}
    assert course.grade(broken, hosts).score == 0


def test_the_seed_repeats_every_number(course, hosts):
    guess = {"total": "def total(x):\n    return float(x[0])"}

    def messages(seed):
        how = Grading(seed=seed, hosts=hosts)
        report = grade(course.manifest, Submission.from_cells(cells(guess)), how)
        return [t.called for t in question(report, "total").tests], report.seed

    assert messages(7) == messages(7)
    assert messages(7)[0] != messages(8)[0]
    assert messages(7)[1] == 7


def test_random_answers_are_seeded_too(course, hosts):
    source = """
        import random
        import numpy as np
        def total(x):
            raise ValueError(f"{random.random()} {np.random.rand()}")
        """
    one, two = (course.grade({"total": source}, hosts) for _ in range(2))
    first, second = (
        [t.message for t in question(r, "total").tests] for r in (one, two)
    )
    assert first == second
    assert first[0] != first[1]


def test_a_chosen_question_alone(course, hosts):
    report = course.grade(RIGHT, hosts, only=("total",))
    assert [q.id for q in report.questions] == ["total"]
    assert (report.score, report.points) == (2, 2)
    with pytest.raises(GraderError, match="did you mean total"):
        course.grade(RIGHT, hosts, only=("totl",))


def test_public_tests_where_there_are_no_hidden_ones(tmp_path, hosts):
    course = write_course(tmp_path, tests={}, misconceptions="", alternatives="")
    report = course.grade(RIGHT, hosts)
    assert report.tests == "public"
    assert report.score == 5
    assert [len(q.tests) for q in report.questions] == [2, 1]


def test_no_tests_at_all_is_no_full_mark(tmp_path, hosts):
    course = write_course(tmp_path, tests={}, public="")
    report = course.grade(RIGHT, hosts)
    assert report.score == 0
    assert {q.message for q in report.questions} == {"no test reported a result"}


FAULTY = {
    "cannot be imported": "import nowhere_to_be_found",
    "does not parse": "def test_a(student:\n    pass",
    "fails before any call": "def test_a(student):\n    assert 1 == 2",
    "asks for no question's name": "def test_a(student):\n    student.other(1)",
    "sends what cannot be sent": "def test_a(student):\n    student.total({1, 2})",
}


@pytest.mark.parametrize("test", FAULTY.values(), ids=FAULTY)
def test_a_faulty_hidden_test_is_the_graders_fault(tmp_path, hosts, test):
    tests = {"total": test, "double": "def test_a(student):\n    student.double(1)"}
    course = write_course(tmp_path, tests=tests)
    with pytest.raises(GraderFault, match="test_total"):
        course.grade(RIGHT, hosts)


def test_a_public_test_of_no_question_is_a_fault(tmp_path, hosts):
    public = """
        import pytest

        @pytest.mark.question("totl")
        def test_typo(student):
            student.total([])
        """
    course = write_course(tmp_path, tests={}, public=public)
    with pytest.raises(GraderFault, match="totl"):
        course.grade(RIGHT, hosts)


def test_questions_and_hidden_tests_must_match(course, hosts):
    course.write("solutions/01_tiny/tests/test_third.py", "def test_a(): pass")
    with pytest.raises(ManifestError, match=r"test_third.py: a test without a quest"):
        course.grade(RIGHT, hosts)
    (course.solution / "tests" / "test_third.py").unlink()
    (course.solution / "tests" / "test_total.py").unlink()
    with pytest.raises(ManifestError, match="'total' has no test"):
        course.grade(RIGHT, hosts)


def test_nothing_around_the_tests_matters(course, hosts, monkeypatch):
    evil = "raise SystemExit(3)\n"
    course.write("solutions/01_tiny/tests/conftest.py", evil)
    course.write("solutions/01_tiny/conftest.py", evil)
    course.write("solutions/01_tiny/tests/pytest.ini", "[pytest]\naddopts = --bad\n")
    monkeypatch.chdir(course.write("here/conftest.py", evil).parent)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    assert course.grade(RIGHT, hosts).score == 5


def test_tests_of_the_same_name_do_not_replace_each_other(tmp_path, hosts):
    one, two = (write_course(tmp_path / name) for name in ("one", "two"))
    two.write(
        "solutions/01_tiny/tests/test_total.py",
        "def test_a(student):\n    assert student.total([1]) == 5, 'not five'",
    )
    assert one.grade(RIGHT, hosts).score == 5
    assert two.grade(RIGHT, hosts).score == 3
    assert one.grade(RIGHT, hosts).score == 5


def test_grading_leaves_no_trace_in_the_course(course, hosts):
    before = sorted(course.root.rglob("*"))
    course.grade(RIGHT, hosts)
    assert sorted(course.root.rglob("*")) == before
