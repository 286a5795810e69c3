"""Courses of one tiny assignment, made in a temporary folder, and ways to use them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.grade import Grading, grade
from grader.manifest import Manifest, load
from grader.results import QuestionResult, Report
from grader.sandbox import Hosts
from grader.session import Session
from grader.submission import Submission
from grader.submission.cells import Cell

NAME = "01_tiny"
QUESTIONS = (
    {"id": "double", "title": "Twice as much", "points": 3, "allow": ["numpy"]},
    {"id": "total", "title": "All together", "points": 2, "allow": ["numpy"]},
)
SOLUTION = '''\
# %% [markdown]
# # Tiny

# %%
import numpy as np

# %% question="double"
def double(x):
    """Returns x + x, of the same shape."""
    # BEGIN SOLUTION
    # TODO: x may have any shape
    twice_as_much = np.multiply(x, 2)
    return twice_as_much
    # END SOLUTION

# %% question="total"
def total(x):
    """Returns the sum of all elements of x, a float."""
    # BEGIN SOLUTION
    flattened = np.ravel(x)
    result = 0.0
    for element in flattened:
        result += float(element)
    return result
    # END SOLUTION
'''
TESTS = {
    "double": """
        import numpy as np

        def test_is_twice_as_much(student, rng):
            x = rng.normal(size=(2, 3))
            out = student.double(x)
            assert np.shape(out) == (2, 3), f"shape {np.shape(out)}, not (2, 3)"
            assert np.allclose(out, 2 * x), "the result is not x + x"

        def test_leaves_x_alone(student, rng):
            x = rng.normal(size=4)
            _, after = student.with_inputs("double", x)
            assert np.array_equal(after[0], x), "x was modified"
        """,
    "total": """
        import pytest

        @pytest.mark.parametrize("n", [1, 5])
        def test_adds_up(student, rng, n):
            x = rng.normal(size=n)
            assert student.total(x) == pytest.approx(x.sum()), "not the sum"
        """,
}
PUBLIC = """
    import numpy as np
    import pytest

    @pytest.mark.question("double")
    def test_doubles(student):
        assert np.array_equal(student.double(np.array([1, 2])), [2, 4]), "not twice"

    @pytest.mark.question("double")
    def test_doubles_zero(student):
        assert student.double(0) == 0, "twice 0 is 0"

    @pytest.mark.question("total")
    def test_adds(student):
        assert student.total(np.array([1.0, 2])) == 3, "1 + 2 is 3"
    """
MISCONCEPTIONS = '''
    """Wrong answers that students give."""
    import numpy as np
    from grader.authoring import misconception

    @misconception("double", hint="You squared x; twice x is x + x.")
    def squares(x):
        return x * x

    @misconception("total", hint="That is the mean: you divided by the number.")
    def takes_the_mean(x):
        return float(np.mean(x))
    '''
ALTERNATIVES = """
    import numpy as np
    from grader.authoring import alternative

    @alternative("total")
    def sums(x):
        return np.sum(x)
    """


#: Sessions that the running test has opened; closed when it is over.
opened: list[Session] = []


@dataclass(frozen=True)
class Course:
    """A course in a temporary folder."""

    root: Path
    name: str = NAME

    @property
    def assignment(self) -> Path:
        return self.root / "assignments" / self.name

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / self.name

    @property
    def manifest(self) -> Manifest:
        return load(self.assignment)

    def write(self, path: str, text: str) -> Path:
        """Writes a file of the course; `text` may be indented."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def session(
        self, source: str, hosts: Hosts, question: str = "", **settings: Any
    ) -> Session:
        """A session with `source` as the only cell; settings replace the question's."""
        manifest = self.manifest
        asked = manifest.question(question or manifest.ids[0])
        asked = type(asked)(**{**asked.__dict__, **settings})
        cell = Cell(1, textwrap.dedent(source), asked.id)
        session = Session(manifest, asked, Submission.from_cells([cell]), hosts)
        opened.append(session)
        return session

    def grade(
        self, answers: Mapping[str, str] | Sequence[Cell], hosts: Hosts, **how: Any
    ) -> Report:
        """Grades question ids to cells, or cells as they are."""
        submission = Submission.from_cells(cells(answers))
        return grade(self.manifest, submission, Grading(seed=1, hosts=hosts, **how))


def cells(answers: Mapping[str, str] | Sequence[Cell]) -> list[Cell]:
    """Returns one cell per entry; the key is its question, or a comment with `#`."""
    if not isinstance(answers, Mapping):
        return list(answers)
    return [
        Cell(number, textwrap.dedent(source), "" if key.startswith("#") else key)
        for number, (key, source) in enumerate(answers.items(), 1)
    ]


def write_course(
    root: Path,
    *,
    questions: Sequence[Mapping[str, Any]] = QUESTIONS,
    solution: str = SOLUTION,
    tests: Mapping[str, str] = TESTS,
    public: str = PUBLIC,
    misconceptions: str = MISCONCEPTIONS,
    alternatives: str = ALTERNATIVES,
    timeout_s: float = 20,
    memory_mb: int = 512,
) -> Course:
    """Writes a course with one assignment and returns it."""
    course = Course(root)
    head = {"title": "Tiny", "submit": [f"{NAME}.ipynb"], "timeout_s": timeout_s}
    lines = _toml(head | {"memory_mb": memory_mb})
    for question in questions:
        lines += ["", "[[questions]]", *_toml(question)]
    course.write(f"assignments/{NAME}/assignment.toml", "\n".join(lines) + "\n")
    files = {
        f"assignments/{NAME}/test_public.py": public,
        f"solutions/{NAME}/{NAME}.py": solution,
        f"solutions/{NAME}/misconceptions.py": misconceptions,
        f"solutions/{NAME}/alternatives.py": alternatives,
    }
    files |= {f"solutions/{NAME}/tests/test_{q}.py": t for q, t in tests.items()}
    for path, text in files.items():
        if text:
            course.write(path, text)
    return course


def question(report: Report, id: str) -> QuestionResult:
    """Returns one question of a report."""
    return next(q for q in report.questions if q.id == id)


def notebook(*sources: str | tuple[str, str], **top: Any) -> str:
    """The text of a notebook: a code cell for each source, or (question, source)."""
    made = []
    for item in sources:
        asked, source = item if isinstance(item, tuple) else ("", item)
        metadata = {"course": {"question": asked}} if asked else {}
        cell = {"cell_type": "code", "metadata": metadata, "source": source}
        made.append(cell | {"outputs": [], "execution_count": None})
    book = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book | top)


def _toml(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {json.dumps(value)}" for key, value in table.items()]
