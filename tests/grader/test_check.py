"""``check("question")`` in a notebook: the public tests, at once."""

from __future__ import annotations

import sys
import textwrap

import nbformat
import pytest

from grader.notebook import check
from grader.regenerate.execute import execute_notebook
from tests.grader.course import question

RIGHT = "def double(x):\n    return 2 * x"
WRONG = "def double(x):\n    y = x * x\n    return y"
RAISES = "def double(x):\n    return x + 'a'"


@pytest.fixture
def said(course, monkeypatch, capsys):
    """What check says of a namespace, called from within the assignment's folder."""
    monkeypatch.chdir(course.assignment)

    def call(source, asked="double", **options):
        namespace = {"check": check, "__name__": "__main__"}
        exec(compile(source, "<ipython-input-1>", "exec"), namespace)
        exec(f"check({asked!r}, **options)", namespace | {"options": options})
        return capsys.readouterr().out

    return call


def test_passed_failed_and_unanswered(said):
    assert said(RIGHT).startswith("✓ double: 2 public tests passed.")
    text = said(WRONG)
    assert text.startswith("✗ double: 1 of 2 public tests failed.")
    assert "called    double([1, 2])" in text
    assert "not twice" in text
    assert said("def double(x):\n    raise NotImplementedError") == (
        "· double: not answered yet.\n"
    )


def test_a_name_that_is_not_defined(said):
    assert "double is not defined" in said("")


def test_the_students_own_prints_are_seen(said):
    assert "twice [1 2]" in said(
        "def double(x):\n    print('twice', x)\n    return 2 * x"
    )


def test_ctrl_c_ends_the_check(said):
    text = said("def double(x):\n    raise KeyboardInterrupt")
    assert text == "check: stopped\n"


def test_an_exception_names_the_line(said):
    text = said(RAISES)
    assert "TypeError" in text or "Error" in text
    assert "line 2" in text


def test_a_question_that_is_none(said):
    text = said(RIGHT, "duoble")
    assert "did you mean double?" in text
    assert len(text.splitlines()) == 1


def test_an_assignment_that_is_none(said):
    text = said(RIGHT, assignment="99")
    assert text.startswith("check: 99: no such assignment")


def test_a_fresh_definition_counts_at_once(said):
    assert said(WRONG).startswith("✗")
    assert said(RIGHT).startswith("✓")


def test_a_broken_manifest_is_one_line(said, course):
    (course.assignment / "assignment.toml").write_text("title = ")
    text = said(RIGHT)
    assert text.startswith("check: ")
    assert len(text.splitlines()) == 1


def test_the_same_words_as_the_grader(said, course, hosts):
    report = course.grade({"double": WRONG}, hosts, public=True)
    lost = next(t for t in question(report, "double").tests if t.message)
    text = said(WRONG)
    assert lost.message in text
    assert lost.called in text


def test_in_a_real_kernel(course):
    cells = [
        "import time\nfrom grader.notebook import check",
        RIGHT + "\ncheck('double')",
        "start = time.perf_counter()\ncheck('double')\n"
        "print('took', time.perf_counter() - start)",
        WRONG + "\ncheck('double')",
        "def total(x):\n    raise NotImplementedError\ncheck('total')",
        RAISES + "\ncheck('double')",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    done = execute_notebook(book, course.assignment)
    said = ["".join(o.get("text", "") for o in cell.outputs) for cell in done.cells]
    assert said[1].startswith("✓ double")
    assert said[2].startswith("✓ double")
    assert float(said[2].split("took")[1]) < 0.5
    assert said[3].startswith("✗ double: 1 of 2")
    assert "not twice" in said[3]
    assert said[4] == "· total: not answered yet.\n"
    assert "in double" in said[5]
    assert "return x + 'a'" in said[5]


REFUSED = {
    "a module": """
        import scipy.special
        def double(x):
            return scipy.special.comb(x, 1) * 2
        """,
    "another name": """
        from scipy import special as s
        def double(x):
            return s.comb(x, 1) * 2
        """,
    "an import inside": """
        def double(x):
            from scipy.special import comb
            return comb(x, 1) * 2
        """,
    "by a helper": """
        from scipy.special import comb
        class Twice:
            def __call__(self, x):
                return [comb(part, 1) * 2 for part in (x,)][0]
        def double(x):
            return Twice()(x)
        """,
}
GRADED = {
    "an answer that can do without": """
        from scipy.special import comb
        def double(x):
            try:
                return comb(x, 1) * 2
            except Exception:
                return x + x
        """,
    "a type": """
        import scipy.sparse
        def double(x: scipy.sparse.csr_matrix):
            if isinstance(x, scipy.sparse.csr_matrix):
                x = x.toarray()
            return 2 * x
        """,
    "a way that is not taken": """
        from scipy.special import comb
        def double(x):
            return 2 * x if x is not None else comb(x, 1)
        """,
    "an import that is tried": """
        try:
            from faster import twice
        except ImportError:
            twice = lambda x: x + x
        def double(x):
            return twice(x)
        """,
    "a comparison elsewhere": """
        from scipy.special import comb
        def double(x):
            return 2 * x
        comb(double(1), 1)
        """,
    "what only shows": """
        import rich.text
        def double(x):
            rich.text.Text("here")
            return 2 * x
        """,
    "what is Python's or allowed": """
        import math, functools, numpy as np
        def double(x):
            return functools.reduce(np.add, [x, math.floor(0.5), x])
        """,
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED)
def test_a_package_that_is_not_allowed_is_told(said, course, hosts, source):
    source = textwrap.dedent(source)
    passed, told = said(source).splitlines()
    assert passed.startswith("✓ double: 2 public tests passed.")
    rule = "scipy is not allowed in double"
    assert told == f"! {rule}. The grader gives no points for it."
    assert sys.getprofile() is None
    graded = question(course.grade({"double": source}, hosts), "double")
    assert graded.score == 0
    assert "not allowed in double" in graded.tests[0].message


@pytest.mark.parametrize("source", GRADED.values(), ids=GRADED)
def test_what_the_grader_takes_is_not_told(
    said, course, hosts, source, tmp_path, monkeypatch
):
    (tmp_path / "faster.py").write_text("def twice(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)  # the student's machine has it
    source = textwrap.dedent(source)
    text = said(f"In = ['', {source!r}]\n{source}")
    assert text == "✓ double: 2 public tests passed. Hidden tests will try more.\n"
    graded = question(course.grade({"double": source}, hosts), "double")
    assert graded.score == graded.points
