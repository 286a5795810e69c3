"""From one source to notebooks, with the proofs, each of which must be able to fail."""

from __future__ import annotations

import io
import json
import re

import nbformat
import pytest
from rich.console import Console

from grader import regenerate as package
from grader.errors import GraderError, ManifestError
from grader.manifest import load
from grader.regenerate import regenerate, regenerate_walkthrough
from grader.regenerate.allowed import check_packages
from grader.regenerate.execute import execute_notebook
from grader.regenerate.leaks import find_leaks
from grader.regenerate.notebooks import (
    read_source,
    solution_notebook,
    student_notebook,
)
from grader.regenerate.proofs import prove
from tests.grader.course import MISCONCEPTIONS, SOLUTION, TESTS, write_course


@pytest.fixture
def here(course, monkeypatch):
    """The course stands where the project itself does."""
    monkeypatch.setattr(package, "ROOT", course.root)
    monkeypatch.setattr(package, "WALKTHROUGHS", course.root / "notebooks")
    monkeypatch.setattr(package.leaks, "ROOT", course.root)
    return course


def student_cells(course):
    book = json.loads(student_notebook(read_source(course.manifest)))
    return [cell | {"source": "".join(cell["source"])} for cell in book["cells"]]


def test_the_student_gets_everything_but_the_solution(course):
    title, imports, double, total = student_cells(course)
    assert (title["cell_type"], title["source"]) == ("markdown", "# Tiny")
    assert imports["source"] == "import numpy as np"
    assert double["metadata"] == {"course": {"question": "double"}}
    assert double["source"] == (
        'def double(x):\n    """Returns x + x, of the same shape."""\n'
        "    # TODO: x may have any shape\n"
        '    raise NotImplementedError("double")'
    )
    assert total["source"].endswith(
        '# TODO: your code here\n    raise NotImplementedError("total")'
    )
    assert all(cell.get("outputs", []) == [] for cell in (imports, double, total))


def test_written_answers_and_hidden_cells(course):
    more = """
# %% [markdown] answer="why"
# Because I said so.

# %% hidden=true
secret_number = 42

# %% [markdown]
# The end.
"""
    course.write("solutions/01_tiny/01_tiny.py", SOLUTION + more)
    *_, why, end = student_cells(course)
    assert why["source"] == "*Your answer here.*"
    assert end["source"] == "The end."
    text = student_notebook(read_source(course.manifest))
    assert "Because" not in text
    assert "secret_number" not in text
    solved = str(solution_notebook(read_source(course.manifest)))
    assert "Because" in solved
    assert "secret_number" in solved
    assert "BEGIN SOLUTION" not in solved


def test_the_same_source_makes_the_same_bytes(course):
    first = student_notebook(read_source(course.manifest))
    assert first == student_notebook(read_source(course.manifest))
    assert first.endswith("\n")
    assert not first.endswith("\n\n")
    changed = SOLUTION.replace("of the same shape", "of its shape")
    course.write("solutions/01_tiny/01_tiny.py", changed)
    assert first != student_notebook(read_source(course.manifest))


UNBALANCED = {
    "no end": ("    # END SOLUTION\n\n", "\n", "BEGIN SOLUTION` without"),
    "no begin": ("    # BEGIN SOLUTION\n", "", "END SOLUTION` without its partner"),
    "two begins": (
        "    # BEGIN SOLUTION\n",
        "    # BEGIN SOLUTION\n    # BEGIN SOLUTION\n",
        "BEGIN SOLUTION` without its partner",
    ),
}


@pytest.mark.parametrize("kind", UNBALANCED)
def test_markers_that_do_not_pair_up(course, kind):
    old, new, message = UNBALANCED[kind]
    course.write("solutions/01_tiny/01_tiny.py", SOLUTION.replace(old, new, 1))
    with pytest.raises(ManifestError, match=rf"01_tiny.py, cell 3: `.*{message}"):
        student_notebook(read_source(course.manifest))


def test_a_misspelt_option_does_not_hand_the_answer_out(course):
    more = '\n# %% [markdown] answr="why"\n# Because I said so.\n'
    course.write("solutions/01_tiny/01_tiny.py", SOLUTION + more)
    told = r"01_tiny.py, cell 5: unknown option 'answr'; a cell may have question, ans"
    with pytest.raises(ManifestError, match=told):
        student_notebook(read_source(course.manifest))


def test_the_notebook_that_is_made_is_one_that_is_handed_in(course):
    text = course.assignment / "assignment.toml"
    text.write_text(text.read_text().replace("01_tiny.ipynb", "01_tyny.ipynb"))
    with pytest.raises(ManifestError, match=r"'submit' does not list 01_tiny.ipynb"):
        read_source(load(course.assignment))


def test_questions_and_cells_must_match(course):
    path = "solutions/01_tiny/01_tiny.py"
    course.write(path, SOLUTION.replace('question="total"', 'question="totl"'))
    with pytest.raises(ManifestError, match=r"'totl' is not in the manifest"):
        read_source(course.manifest)
    course.write(path, SOLUTION.replace('question="total"', ""))
    with pytest.raises(ManifestError, match=r'0 cells are marked question="total"'):
        read_source(course.manifest)
    course.write(path, SOLUTION.replace('question="total"', 'question="double"'))
    with pytest.raises(ManifestError, match=r'2 cells are marked question="double"'):
        read_source(course.manifest)


def test_an_answer_cell_defines_what_is_asked_for(course):
    text = SOLUTION.replace("def total(x)", "unit = 1\ndef totel(x)")
    course.write("solutions/01_tiny/01_tiny.py", text)
    told = r"01_tiny.py, cell 4: marked question=\"total\", it defines no total; it "
    with pytest.raises(ManifestError, match=told + "defines unit, totel$"):
        read_source(course.manifest)


# -- proofs --------------------------------------------------------------------------


def failures(course, hosts):
    source = read_source(course.manifest)
    proofs = list(prove(source, student_notebook(source), hosts))
    assert len(proofs) >= 5
    return [proof.text for proof in proofs if not proof.holds]


def test_a_sound_assignment_has_every_proof(here, hosts):
    assert failures(here, hosts) == []


def test_a_solution_that_loses(here, hosts):
    here.write(
        "solutions/01_tiny/01_tiny.py", SOLUTION.replace("result = 0.0", "result = 1.0")
    )
    texts = failures(here, hosts)
    assert "the solution scores 3 of 5" in texts
    assert "total: adds up: 1: not the sum" in texts


def test_a_blank_that_scores(here, hosts):
    here.write(
        "solutions/01_tiny/01_tiny.py",
        SOLUTION.replace("    # BEGIN SOLUTION\n    # TODO", "    # TODO").replace(
            "twice_as_much\n    # END SOLUTION", "twice_as_much"
        ),
    )
    assert "the blank notebook scores 3 of 5" in failures(here, hosts)


def test_a_misconception_that_is_not_caught(here, hosts):
    tame = TESTS["total"].replace('"n", [1, 5]', '"n", [1]')
    here.write("solutions/01_tiny/tests/test_total.py", tame)
    texts = failures(here, hosts)
    assert "takes_the_mean is wrong but gets the points of total" in texts
    assert "1 of 2 misconceptions lose, with hint" in texts


def test_a_misconception_that_is_taken_for_another(here, hosts):
    twin = MISCONCEPTIONS.replace(
        '@misconception("total"',
        '@misconception("double", hint="Again.")\n'
        '    def squares_too(x):\n        return x ** 2\n\n    @misconception("total"',
    )
    here.write("solutions/01_tiny/misconceptions.py", twin)
    (text, _) = failures(here, hosts)
    assert text.startswith("squares_too loses, but its hint is not given; it was taken")


def test_a_question_without_a_misconception(here, hosts):
    only = MISCONCEPTIONS.split('    @misconception("total"')[0]
    here.write("solutions/01_tiny/misconceptions.py", only)
    assert failures(here, hosts) == ["no misconception tests the tests of total"]


def test_a_right_answer_that_loses(here, hosts):
    strict = TESTS["total"] + (
        "\n        def test_float(student):\n"
        "            assert type(student.total([1.0])) is float, 'no float'\n"
    )
    here.write("solutions/01_tiny/tests/test_total.py", strict)
    texts = failures(here, hosts)
    assert "sums is a right answer but loses" in texts
    assert "0 of 1 other right answers pass" in texts


# -- leaks ---------------------------------------------------------------------------


def leaks(course, student=None):
    source = read_source(course.manifest)
    if student is None:
        student = json.loads(student_notebook(source))
    return list(find_leaks(source, student))


RENAMED = """
def my_own_sum(values):
    flat = np.ravel(values)
    answer = 0.0
    for item in flat:
        answer += float(item)
    return answer
"""
PLANTED = {
    "a line in the README": (
        "assignments/01_tiny/README.md",
        "Hint:\n\n        twice_as_much = np.multiply(x,2)\n",
        "README.md: a line of the solution: `twice_as_much = np.multiply(x,2)`",
    ),
    "a line in the public tests": (
        "assignments/01_tiny/test_public.py",
        "# result += float(element)\nresult += float(element)",
        "test_public.py: a line of the solution: `result += float(element)`",
    ),
    "a function by another name": (
        "assignments/01_tiny/helpers.py",
        RENAMED,
        "helpers.py: my_own_sum is the solution's total",
    ),
    "in a walk-through": (
        "notebooks/01_tiny.py",
        f"# %%\n{RENAMED}",
        "01_tiny.py: my_own_sum is the solution's total",
    ),
    "in another notebook's output": (
        "assignments/01_tiny/other.ipynb",
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "source": "help(total)",
                        "outputs": [{"text": "a\nflattened = np.ravel(x)\nb"}],
                    }
                ]
            }
        ),
        "other.ipynb: a line of the solution: `flattened = np.ravel(x)`",
    ),
    "compiled code": (
        "assignments/01_tiny/__pycache__/01_tiny.cpython-311.pyc",
        "binary",
        "01_tiny.cpython-311.pyc: compiled code without its source",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_leak_is_found(here, kind):
    path, text, expected = PLANTED[kind]
    assert leaks(here) == []
    here.write(path, text)
    found = leaks(here)
    assert len(found) == 1, found
    assert found[0].endswith(expected)


def test_the_solution_inside_another_function_is_found(here):
    inside = "".join(f"    {line}\n" for line in RENAMED.strip("\n").split("\n"))
    here.write("notebooks/01_tiny.py", f"# %%\ndef shown(v1, total):\n{inside}")
    (found,) = leaks(here)
    assert found.endswith("01_tiny.py: my_own_sum is the solution's total")


def test_outputs_and_metadata_in_the_student_notebook_are_leaks(here):
    student = json.loads(student_notebook(read_source(here.manifest)))
    student["cells"][1]["outputs"] = [{"text": "42"}]
    student["cells"][2]["metadata"]["hidden"] = "x"
    student["cells"][3]["execution_count"] = 3
    assert leaks(here, student) == [
        "cell 2 of the student notebook has outputs",
        "cell 3 of the student notebook has metadata of its own",
        "cell 4 of the student notebook has outputs",
    ]


def test_what_the_student_sees_anyway_is_no_leak(here):
    here.write(
        "assignments/01_tiny/README.md",
        '"""Returns the sum of all elements of x, a float."""\nimport numpy as np\n',
    )
    here.write("assignments/01_tiny/__pycache__/test_public.cpython-311.pyc", "x")
    assert leaks(here) == []


# -- the command ----------------------------------------------------------------------


def test_writing_then_checking_then_a_stale_notebook(here):
    def run(**settings):
        buffer = io.StringIO()
        console = Console(file=buffer, width=200)
        settings = {"check": False, "execute": False, "afresh": False} | settings
        good = regenerate([here.assignment], console=console, **settings)
        return good, buffer.getvalue()

    student = here.assignment / "01_tiny.ipynb"
    good, text = run(check=True)
    assert not good
    assert "01_tiny.ipynb is not what its source makes; run `python -m" in text
    assert not student.exists()

    good, text = run()
    assert good, text
    assert "the solution notebook runs" in text
    first = student.read_bytes()
    solved = json.loads((here.solution / "01_tiny.ipynb").read_text())
    assert "twice_as_much" in json.dumps(solved)

    # Nothing changed: nothing is executed, unless that is asked for.
    assert "the solution notebook is up to date" in run()[1]
    assert "the solution notebook runs" in run(execute=True)[1]
    changed = SOLUTION.replace("result = 0.0", "result = 0.0 + 0")
    here.write("solutions/01_tiny/01_tiny.py", changed)
    assert "the solution notebook runs" in run()[1]
    assert "the solution notebook is up to date" in run()[1]

    good, text = run(check=True)
    assert good, text
    assert student.read_bytes() == first
    student.write_bytes(first.replace(b"Tiny", b"tiny"))
    assert not run(check=True)[0]
    assert student.read_bytes() != first  # nothing is written by a check


def test_a_stale_walk_through_is_told_and_made_anew(here):
    def run(check, execute=False):
        buffer = io.StringIO()
        console = Console(file=buffer, width=200)
        how = {"check": check, "execute": execute, "afresh": False}
        good = regenerate([here.assignment], console=console, **how)
        return good, buffer.getvalue()

    script = here.root / "notebooks" / "01_tiny.py"
    stale = "notebooks/01_tiny.ipynb is not what 01_tiny.py makes"
    here.write("notebooks/01_tiny.py", "# %%\nprint(6 * 7)\n")
    good, text = run(check=False)
    assert good, text
    assert "the walk-through runs" in text
    assert '"42\\n"' in script.with_suffix(".ipynb").read_text()
    assert run(check=True)[0]
    assert "the walk-through runs" not in run(check=False)[1]

    here.write("notebooks/01_tiny.py", "# %%\nprint(6 * 8)\n")
    good, text = run(check=True)
    assert not good
    assert stale in text
    assert run(check=False)[0]
    assert run(check=True)[0]


def test_a_walk_through_without_an_assignment(here):
    script = here.root / "notebooks" / "00_tour.py"
    here.write("notebooks/00_tour.py", "# %%\nprint(6 * 7)\n")
    console = Console(file=io.StringIO(), width=200)
    how = {"execute": False, "console": console}
    with pytest.raises(GraderError, match=r"00_tour.ipynb is not what 00_tour.py make"):
        regenerate_walkthrough(script, check=True, **how)
    regenerate_walkthrough(script, check=False, **how)
    regenerate_walkthrough(script, check=True, **how)
    assert "the walk-through is up to date" in console.file.getvalue()


def test_a_solution_that_cannot_be_read_is_told_by_its_line(here):
    broken = SOLUTION.replace("np.multiply(x, 2)", "np.multiply(x, 2))")
    here.write("solutions/01_tiny/01_tiny.py", broken)
    buffer = io.StringIO()
    how = {"check": True, "execute": False, "afresh": True}
    assert not regenerate(
        [here.assignment], console=Console(file=buffer, width=200), **how
    )
    assert "double: cell 3 (double): line 5: unmatched ')'" in buffer.getvalue()
    assert "not answered yet" not in buffer.getvalue()


def test_a_solution_notebook_that_fails_is_no_proof(here):
    broken = SOLUTION + "\n# %%\nraise ValueError('no data')\n"
    here.write("solutions/01_tiny/01_tiny.py", broken)
    source = read_source(here.manifest)
    proof = package._executed(source, write=True)
    assert not proof.holds
    assert proof.text == "the solution notebook fails: cell 5: ValueError: no data"
    assert not (here.solution / "01_tiny.ipynb").exists()


def test_what_a_cell_prints_in_pieces_is_one_output(tmp_path):
    slowly = "print(1, flush=True)\nimport time\ntime.sleep(0.3)\nprint(2)"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(slowly)])
    (output,) = execute_notebook(book, tmp_path).cells[0].outputs
    assert output.text == "1\n2\n"


def test_a_faulty_course_is_named(tmp_path):
    course = write_course(tmp_path)
    (course.solution / "tests" / "test_total.py").unlink()
    with pytest.raises(ManifestError, match="'total' has no test"):
        regenerate(
            [course.assignment],
            check=True,
            execute=False,
            afresh=True,
            console=Console(),
        )


PACKAGES = {
    "a letter less": ("allow", "nump", "'nump' is .* did you mean numpy"),
    "a part": ("allow", "nump.linalg", "'nump' is .* did you mean numpy"),
    "a short name": ("forbid", "tf.nn.conv2d", "'tf' is .* did you mean tensorflow"),
    "nothing like it": ("allow", "zqxj", "install it, or correct the name"),
    "no name": ("allow", ".", "'' is Python's"),
}


@pytest.mark.parametrize("case", PACKAGES.values(), ids=PACKAGES)
def test_a_package_that_does_not_exist_is_told(tmp_path, case):
    key, name, told = case
    asked = {"id": "total", "title": "T", "points": 2, key: [name]}
    course = write_course(tmp_path, questions=[asked], tests={"total": "x = 1"})
    assert load(course.assignment), "a student's machine need not have it"
    start = f"01_tiny/assignment.toml: question 'total': '{key}' names '{name}', but no"
    with pytest.raises(ManifestError, match=re.escape(start) + ".*" + told):
        regenerate(
            [course.assignment],
            check=True,
            execute=False,
            afresh=True,
            console=Console(file=io.StringIO()),
        )


@pytest.mark.parametrize("name", ["numpy.linalg", "math", "sys", "scipy", "shared"])
def test_a_package_that_exists_may_be_allowed(tmp_path, name):
    asked = {"id": "total", "title": "T", "points": 2, "allow": [name]}
    check_packages(write_course(tmp_path, questions=[asked]).manifest)
