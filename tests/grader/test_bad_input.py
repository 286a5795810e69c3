"""Whatever a person types wrongly: one line that names the file and the mend."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from grader import cli, manifest
from grader.authoring import read_variants
from grader.errors import GraderError, ManifestError
from grader.grade import _messages, _notes
from grader.manifest import ROOT
from grader.printable import one_line
from grader.submission import Submission
from grader.submission.cells import Cell
from tests.grader.course import NAME, notebook, write_course

RIGHT = notebook(
    "import numpy as np",
    ("double", "def double(x):\n    return np.asarray(x) * 2"),
    ("total", "def total(x):\n    return float(np.sum(x))"),
)


@pytest.fixture
def here(course, monkeypatch):
    """A course that is also the current folder and where assignments are looked up."""
    course.write("assignments/01_tiny/01_tiny.ipynb", RIGHT)
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(cli, "find_assignment", _finder(course.root))
    return course


def _finder(root):
    return lambda text: manifest.find_assignment(text, root)


@pytest.fixture
def run(monkeypatch, capfd):
    """Runs the command line in this process; returns code, stdout and stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capfd.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def refused(result, *parts):
    code, out, err = result
    assert code == 2, err
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("grader: ")
    for part in parts:
        assert part in lines[0], err


def test_paths_that_are_not_there(here, run):
    refused(run("assignments/02"), "assignments/02: no such assignment", "01_tiny")
    refused(run("01", "nowhere"), "nowhere: no such notebook or folder")
    refused(run("01", "nowhere.ipynb"), "nowhere.ipynb: no such notebook or folder")
    refused(run("x" * 5000), "x" * 100)
    refused(run("01", "x" * 5000), "x" * 100)


def test_an_ambiguous_prefix(here, run):
    write_course(here.root / "other")
    for name in ("02_one", "02_two"):
        here.write(f"assignments/{name}/assignment.toml", "")
    refused(run("02"), "02: matches 02_one, 02_two; write more of the name")


def test_a_folder_that_is_no_assignment(here, run):
    refused(run("solutions"), "solutions: no assignment.toml in this folder")
    refused(run("assignments/"), "no assignment.toml in this folder")


def test_an_unreadable_notebook(here, run):
    path = here.write("a.ipynb", "{oops")
    refused(run("01", path), "a.ipynb: not a notebook: invalid JSON", "save it again")
    path.write_text("")
    refused(run("01", path), "a.ipynb: the file is empty", "save")
    path.write_bytes(b"\xff\xfe\x00")
    refused(run("01", path), "a.ipynb: not UTF-8", "save it again")
    refused(run("01", here.write("a.txt", "x")), "a.txt: expected a notebook")


MANIFESTS = {
    "unknown key": ('colour = "red"', "unknown key 'colour'"),
    "a key nearly right": ("timeout = 3", "did you mean timeout_s"),
    "no TOML": ("title = ", "cannot be read"),
    "a wrong type": ("timeout_s = 'long'", "'timeout_s' must be a positive number"),
    "a fraction of a MB": ("memory_mb = 0.5", "'memory_mb' must be"),
    "not a number": ("timeout_s = nan", "'timeout_s' must be a positive number"),
    "no end": ("timeout_s = inf", "'timeout_s' must be a positive number"),
    "a boolean": ("timeout_s = true", "'timeout_s' must be a positive number"),
    "the folder": ("folder = 'x'", "unknown key 'folder'"),
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_faulty_manifest(here, run, kind):
    line, message = MANIFESTS[kind]
    path = here.assignment / "assignment.toml"
    kept = [
        text
        for text in path.read_text().splitlines()
        if text.split(" =")[0] != line.split(" =")[0]
    ]
    path.write_text("\n".join([line, *kept]))
    refused(run("01"), "assignments/01_tiny/assignment.toml", message)


QUESTIONS = {
    "unknown key": (
        "point = 3",
        "3: unknown key 'point'; did you mean points",
    ),
    "missing": ("", "question 3: the key 'points' is missing"),
    "negative": ("points = -1", "question 3: 'points' must be a positive number"),
    "twice": ('points = 1\nid = "double"', "question 'double' stands twice"),
    "no name": ('points = 1\nid = "a b"', "'a b' is not a Python name"),
    "no list": ('points = 1\nallow = "numpy"', "'allow' must be a list of texts"),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_faulty_question(here, run, kind):
    lines, message = QUESTIONS[kind]
    path = here.assignment / "assignment.toml"
    more = "" if "id =" in lines else '\nid = "third"'
    path.write_text(f'{path.read_text()}\n[[questions]]\ntitle = "x"{more}\n{lines}\n')
    refused(run("01"), "assignment.toml", message)


def test_a_manifest_that_asks_nothing_or_reaches_outside(here, run):
    path = here.assignment / "assignment.toml"
    text = path.read_text()
    path.write_text('title = "x"\nsubmit = ["a.ipynb"]\n')
    refused(run("01"), "needs at least one [[questions]]")
    path.write_text(text.replace('["01_tiny.ipynb"]', '["../a.ipynb"]'))
    refused(run("01"), "'submit' lists '../a.ipynb'")
    path.write_text(text.replace('["01_tiny.ipynb"]', "[]"))
    refused(run("01"), "'submit' lists no file")
    path.write_bytes(b"\xff")
    refused(run("01"), "assignment.toml: cannot be read")
    path.unlink()
    path.mkdir()
    refused(run("assignments/01_tiny"), "assignment.toml")


def test_tests_and_questions_that_do_not_match(here, run):
    here.write("solutions/01_tiny/tests/test_x.py", "")
    refused(run("01"), "test_x.py: a test without a question")


def test_options(here, run):
    refused(run("01", "-q", "tripple"), "01_tiny has no question 'tripple'")
    refused(run("01", "-q", "doubl"), "did you mean double?")
    refused(run("01", "--seed", "-3"), "--seed")
    refused(run("01", "--seed", "many"), "--seed")
    refused(run("01", "--sandbox", "maximal"), "--sandbox")
    refused(run("01", "--nonsense"), "--nonsense")
    refused(run("01", "--mistake", "x"), "no misconception 'x'; it has: squares, takes")


def test_misconceptions_that_cannot_be_read(here, run):
    path = here.solution / "misconceptions.py"
    path.write_text("def (")
    refused(run("01", "--mistake", "x"), "misconceptions.py: cannot be read")


def test_regenerate_without_a_source(here, run):
    (here.solution / "01_tiny.py").unlink()
    code, _, err = run("regenerate", "01", "--check")
    refused((code, "", err), "01_tiny.py: the assignment's source is missing")


def test_a_students_copy_of_the_whole_folder_is_a_submission(here, run):
    # It holds an assignment.toml and tests of its own: neither must be believed.
    copy = here.root / "handed_in" / "alice"
    for name, text in {
        "01_tiny.ipynb": notebook(("double", "def double(x):\n    return 0")),
        "assignment.toml": (here.assignment / "assignment.toml").read_text(),
        "test_public.py": "raise SystemExit(99)",
    }.items():
        here.write(f"handed_in/alice/{name}", text)
    code, out, _ = run("01", copy)
    assert code == 1
    assert "0 / 5" in out
    assert "public tests" not in out


def test_real_processes_say_one_line_and_no_traceback(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for arguments in (["nowhere"], ["assignments/04", "nowhere.ipynb"]):
        done = subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "nowhere" in done.stderr


def test_what_a_student_wrote_is_plain_text_in_every_message(here, run):
    odd = "\x1b]0;title\x07 \x9b2J \u202e \ud800\nnext line"
    message = str(GraderError(f"bob{odd}.ipynb: no notebook"))
    assert message == "bob]0;title 2J   next line.ipynb: no notebook"
    cells = [Cell(1, f"x = 1\ny = '{odd}", "double"), Cell(2, "(")]
    submission = Submission.from_cells(cells)
    questions = here.manifest.questions
    for note in (*_notes(submission, questions, {}), *said(submission, questions)):
        assert note == one_line(note)
    where = {"cell": "cell 1", "line": 1, "type": odd, "message": odd}
    (*_, note) = _notes(submission, questions, {"double": [where]})
    assert note == one_line(note)


def said(submission, questions):
    return _messages(submission, questions).values()


def test_a_thousand_cells_that_cannot_be_read_are_not_a_thousand_notes(here):
    submission = Submission.from_cells([Cell(n, "(") for n in range(1000)])
    notes = list(_notes(submission, here.manifest.questions, {}))
    assert len(notes) == 21
    assert notes[-1] == "980 more cells cannot be read"


BROKEN_MANIFESTS = {
    "brackets": f"title = {'[' * 5000}",
    "a number of 5000 digits": f"memory_mb = {'9' * 5000}",
    "a null byte": 'title = "T"\nsubmit = ["a\\u0000.ipynb"]',
    "a null byte that is given": (
        'title = "T"\nsubmit = ["a.ipynb"]\ngiven = ["a\\u0000"]\n'
        '[[questions]]\nid = "double"\ntitle = "D"\npoints = 1'
    ),
    "a date before all dates": (
        'title = "T"\nsubmit = ["a.ipynb"]\n[late]\ndue = 0001-01-01T00:00:00+14:00\n'
        '[[questions]]\nid = "double"\ntitle = "D"\npoints = 1'
    ),
}


@pytest.mark.parametrize("text", BROKEN_MANIFESTS.values(), ids=BROKEN_MANIFESTS)
def test_a_manifest_that_breaks_its_reader(here, run, text):
    (here.assignment / "assignment.toml").write_text(text)
    refused(run("assignments/01_tiny"), "assignment.toml")


BROKEN_VARIANTS = {
    "one text for two": 'changes = ["x"]',
    "no file": 'path = "nowhere.cc"',
    "a null byte": 'path = "a\\u0000"',
    "a number": "path = 5",
    "a list for a hint": 'changes = [["x", "y"]]\nhint = []',
}


@pytest.mark.parametrize("line", BROKEN_VARIANTS.values(), ids=BROKEN_VARIANTS)
def test_a_table_of_variants_that_cannot_be_read(here, line):
    row = f'[[misconception]]\nname = "a"\nquestion = "double"\n{line}\n'
    here.write(f"solutions/{NAME}/misconceptions.toml", row)
    here.write(f"solutions/{NAME}/double.cc", "x")
    asked = here.manifest
    question = replace(asked.question("double"), files=("double.cc",))
    with pytest.raises(ManifestError, match=r"misconceptions\.toml"):
        read_variants(
            replace(asked, questions=(question, asked.question("total"))),
            "misconception",
        )


@pytest.mark.parametrize(
    "text", ["\0", "x = " + "(" * 500, "@misconception({[]: 1})\ndef f(): 1"]
)
def test_variants_that_break_their_reader(here, text):
    path = here.solution / "misconceptions.py"
    path.write_text(text)
    with pytest.raises(ManifestError, match=r"misconceptions\.py"):
        read_variants(here.manifest, "misconception")
