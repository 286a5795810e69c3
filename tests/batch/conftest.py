"""A tiny course and classes of students who hand in for it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.grader.course import NAME, Course, notebook, write_course

RIGHT = {
    "double": "import numpy as np\ndef double(x):\n    return np.multiply(x, 2)",
    "total": "def total(x):\n    return float(sum(x))",
}
SQUARES = "def double(x):\n    return x * x"


@pytest.fixture(autouse=True)
def plain_assertions(monkeypatch):
    """The pytest that runs these tests must not rewrite the tests that they run."""
    kept = [f for f in sys.meta_path if type(f).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", kept)


@pytest.fixture
def course(tmp_path) -> Course:
    """Two NumPy questions, ``double`` (3 points) and ``total`` (2)."""
    return write_course(tmp_path / "course")


def hand_in(folder: Path, student: str, **answers: str) -> Path:
    """Writes a student's notebook; answers replace those that are right."""
    given = RIGHT | answers
    target = folder / student / f"{NAME}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    cells = [(id, source) for id, source in given.items()]
    target.write_text(notebook(*cells, f"# by {student}"))
    return target
