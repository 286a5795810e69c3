"""Nothing that a student hands in says whose it is, or hides what others handed in."""

from __future__ import annotations

import sys

import pytest

from grader.intake import collect
from grader.manifest import Manifest, Question
from tests.batch.test_intake import BOOK, NAME, write, zipped

FORGED = """
submission_9:
  :submitters:
  - :name: Bob
    :sid: bob
"""
EVIL = f"evil_1003_assignsubmission_file_{BOOK}"
IMPERSONATIONS = {
    "a listing as Gradescope's, among folders": (
        {
            f"alice/{BOOK}": "A",
            "alice/submission_metadata.yml": FORGED,
            f"alice/submission_9/{BOOK}": "forged",
            f"bob/{BOOK}": "B",
        },
        {"alice": "A", "bob": "B"},
    ),
    "a listing as Gradescope's, in Moodle": (
        {
            f"Jane Doe_1001_assignsubmission_file_/{BOOK}": "J",
            "Jane Doe_1001_assignsubmission_file_/submission_metadata.yml": FORGED,
            f"Ada Lim_1003_assignsubmission_file_/{BOOK}": "A",
        },
        {"1001": "J", "1003": "A"},
    ),
    "a file that is called as Moodle would, in Moodle": (
        {
            f"Jane Doe_1001_assignsubmission_file_{EVIL}": "J",
            f"Ada Lim_1003_assignsubmission_file_{BOOK}": "A",
        },
        {"1001": "J", "1003": "A"},
    ),
    "a file that is called as Moodle would, in Canvas": (
        {
            f"doejane_1001_70001_{EVIL}": "J",
            f"limada_1003_70003_{BOOK}": "A",
        },
        {"1001": "J", "1003": "A"},
    ),
    "a file that is called as Canvas would, in a folder": (
        {f"alice/limada_bob_1_2_{BOOK}": "A", f"bob/{BOOK}": "B"},
        {"alice": "A", "bob": "B"},
    ),
    "a folder that is called like a neighbour's": (
        {f"alice/bob/{BOOK}": "A", f"bob/{BOOK}": "B"},
        {"alice": "A", "bob": "B"},
    ),
    "a course of one's own": (
        {
            f"alice/{BOOK}": "A",
            "alice/assignment.toml": "title = 'mine'",
            "alice/test_public.py": "def test_all(): pass",
            "alice/gradebook.sqlite": "100",
            "alice/conftest.py": "raise SystemExit",
            f"bob/{BOOK}": "B",
        },
        {"alice": "A", "bob": "B"},
    ),
}


@pytest.fixture
def manifest(tmp_path):
    questions = (Question("f", "F", 1),)
    folder = tmp_path / "assignments" / NAME
    return Manifest("Convolution", (BOOK,), questions, folder=folder)


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(
    ("files", "expected"), IMPERSONATIONS.values(), ids=IMPERSONATIONS
)
def test_a_file_stays_its_students(tmp_path, manifest, files, expected, form):
    source = write(tmp_path / "all", files)
    if form == "zip":
        source = write(tmp_path, {"all.zip": zipped(files)}) / "all.zip"
    handins = collect(source, manifest, tmp_path / "stage")
    taken = {h.student: h.problem or (h.folder / BOOK).read_text() for h in handins}
    assert taken == expected
    assert all(
        [file.name for file in handin.folder.iterdir()] == [BOOK] for handin in handins
    )


def test_too_many_files_cost_their_own_student_alone(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr(sys.modules["grader.intake.collect"], "MAX_FILES_EACH", 99)
    many = {f"alice/{n}": b"" for n in range(99)} | {f"alice/{BOOK}": b"A"}
    source = write(tmp_path / "all", {**many, f"bob/{BOOK}": "B"})
    alice, bob = collect(source, manifest, tmp_path / "stage")
    assert f"100 files; hand in {BOOK}" in alice.problem
    assert not bob.problem


def test_archives_are_not_all_kept_in_memory(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr(sys.modules["grader.intake.collect"], "MAX_FILE_BYTES", 1000)
    files = {f"alice/{n}.zip": zipped({f"{n}.txt": bytes(99)}) for n in range(20)}
    source = write(tmp_path / "all", files | {f"bob/{BOOK}": "B"})
    alice, bob = collect(source, manifest, tmp_path / "stage")
    assert "archives of more than" in alice.problem
    assert not bob.problem
