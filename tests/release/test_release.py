"""The bundle is complete, holds no answer in any disguise, and works alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.manifest import ROOT, all_assignments, find_assignment, load
from grader.regenerate import leaks as leaks_module
from grader.release import find_answers, make_bundle, write_folder, write_zip
from tests.grader.course import SOLUTION, write_course


@pytest.fixture(scope="module")
def real():
    """The bundle of assignment 04 of this course."""
    return make_bundle([load(find_assignment("04"))])


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny course with everything that a bundle needs."""
    course = write_course(tmp_path / "course")
    monkeypatch.setattr(leaks_module, "ROOT", course.root)
    for name in ("LICENSE", "Makefile", "pyproject.toml", "requirements.txt"):
        course.write(name, f"# {name}\n")
    course.write("shared/shapes.py", "def size(n):\n    return n\n")
    course.write("grader/cli.py", "")
    course.write("notebooks/00_tour.py", "# %%\nprint(1)\n")
    return course


def bundle_of(course):
    return make_bundle([course.manifest], course.root)


def test_what_is_in_a_bundle(tiny):
    assert sorted(bundle_of(tiny).files) == [
        "LICENSE",
        "Makefile",
        "README.md",
        "assignments/01_tiny/01_tiny.ipynb",
        "assignments/01_tiny/assignment.toml",
        "assignments/01_tiny/test_public.py",
        "grader/cli.py",
        "notebooks/00_tour.py",
        "pyproject.toml",
        "requirements.txt",
        "shared/shapes.py",
    ]


def test_what_was_run_cached_or_comes_later_stays_out(tiny):
    before = sorted(bundle_of(tiny).files)
    run = {"cells": [{"cell_type": "code", "source": "x", "outputs": [{"text": "1"}]}]}
    tiny.write("assignments/01_tiny/01_tiny.ipynb", json.dumps(run))
    later = "[[questions]]\nid = 'q'\ntitle = 'Q'\npoints = 1\n"
    later = f"title = 'Later'\nsubmit = ['a.ipynb']\n{later}"
    tiny.write("assignments/02_later/assignment.toml", later)
    for name in (
        "notebooks/02_later.ipynb",
        "shared/__pycache__/shapes.cpython-311.pyc",
        "shared/.cache/data.txt",
        "grader/.git/config",
        "shared/build/lib.so",
        "shared/shapes.py~",
        "tests/test_all.py",
        "assignments/01_tiny/.ipynb_checkpoints/01_tiny-checkpoint.ipynb",
    ):
        tiny.write(name, "text")
    (tiny.root / "shared/link.py").symlink_to(tiny.root / "solutions")
    bundle = bundle_of(tiny)
    assert sorted(bundle.files) == before
    book = json.loads(bundle.files["assignments/01_tiny/01_tiny.ipynb"])
    assert not any(cell.get("outputs") for cell in book["cells"])
    assert "NotImplementedError" in str(book)


TOTAL = """\
def my_own_sum(values):
    flat = np.ravel(values)
    answer = 0.0
    for item in flat:
        answer += float(item)
    return answer
"""
INDENTED = "".join(f"    {line}\n" for line in TOTAL.splitlines())
COMMENTED = "".join(f"# {line}\n" for line in TOTAL.splitlines())
WHAT = "my_own_sum is the solution's total (01_tiny)"
HIDING = {
    "code": ("shared/sums.py", f"import numpy as np\n\n\n{TOTAL}", WHAT),
    "a method": ("shared/sums.py", f"class Sums:\n{INDENTED}", WHAT),
    "an inner function": (
        "shared/s.py",
        f"def outer():\n{INDENTED}    return 1\n",
        WHAT,
    ),
    "a comment": ("grader/cli.py", f"x = 1\n{COMMENTED}y = 2\n", WHAT),
    "a string": ("grader/cli.py", f'TEXT = """\n{TOTAL}"""\n', WHAT),
    "prose": (
        "assignments/01_tiny/README.md",
        f"Like this:\n\n```\n{TOTAL}```\nSo.",
        WHAT,
    ),
    "a file that is not Python": ("shared/s.py", f"%%time\n{TOTAL}\n!ls\n", WHAT),
    "a long signature": (
        "shared/s.py",
        "!\n" + TOTAL.replace("(values):", "(\n    values,\n):"),
        WHAT,
    ),
    "a notebook's cell": (
        "notebooks/00_tour.ipynb",
        json.dumps({"cells": [{"source": TOTAL.splitlines(keepends=True)}]}),
        WHAT,
    ),
    "a notebook's output": (
        "notebooks/00_tour.ipynb",
        json.dumps({"cells": [{"source": "", "outputs": [{"text": ["a\n", TOTAL]}]}]}),
        WHAT,
    ),
    "an alternative": (
        "shared/s.py",
        "def f(a):\n    c = 0\n    while a:\n        c += 1\n    return c\n",
        "f is counts of solutions/01_tiny/alternatives.py",
    ),
}


@pytest.mark.parametrize("kind", HIDING)
def test_a_planted_answer_is_named(tiny, kind):
    path, text, expected = HIDING[kind]
    other = "def counts(x):\n    n = 0\n    while x:\n        n += 1\n    return n\n"
    tiny.write("solutions/01_tiny/alternatives.py", other)
    assert list(find_answers(bundle_of(tiny).files, tiny.root)) == []
    tiny.write(path, text)
    found = set(find_answers(bundle_of(tiny).files, tiny.root))
    assert found == {f"{path}: {expected}"}


def test_a_helper_that_the_notebook_gives_is_no_secret(tiny):
    given = "def spread(x):\n    a = min(x)\n    b = max(x)\n    return b - a\n"
    tiny.write("solutions/01_tiny/misconceptions.py", given)
    tiny.write("shared/spread.py", given)
    (leak,) = find_answers(bundle_of(tiny).files, tiny.root)
    assert leak.endswith("spread is spread of solutions/01_tiny/misconceptions.py")
    tiny.write("solutions/01_tiny/01_tiny.py", f"{SOLUTION}\n# %%\n{given}")
    assert list(find_answers(bundle_of(tiny).files, tiny.root)) == []


def test_an_answer_in_cpp_is_found_under_other_names(tiny):
    body = "  for (int i = 0; i < n; ++i) {\n    out[i] = a[i] * w + b[i] * v;\n  }\n"
    body += "  if (n > 3) { out[0] = a[n - 1]; }\n"
    source = f"void f() {{\n  // BEGIN SOLUTION\n{body}  // END SOLUTION\n}}\n"
    tiny.write("solutions/01_tiny/kernel.cc", source)
    assert list(find_answers(bundle_of(tiny).files, tiny.root)) == []
    renamed = body.replace("out", "result").replace("a[", "left[")
    tiny.write("shared/ops/fast.inl", f"// fast\n{renamed}")
    found = list(find_answers(bundle_of(tiny).files, tiny.root))
    name = "01_tiny/kernel.cc"
    assert found == [f"shared/ops/fast.inl: holds the solution of {name}, renamed"]


def test_a_line_of_the_solution_in_the_assignments_folder(tiny):
    tiny.write("assignments/01_tiny/README.md", "twice_as_much = np.multiply(x, 2)")
    (leak,) = bundle_of(tiny).leaks
    assert "README.md: a line of the solution" in leak


def test_what_cannot_be_read_is_refused(tiny):
    (tiny.root / "shared/data.bin").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(GraderError, match=r"shared/data\.bin: not a text file"):
        bundle_of(tiny)
    (tiny.root / "shared/data.bin").unlink()
    (tiny.root / "LICENSE").unlink()
    with pytest.raises(GraderError, match="LICENSE: No such file"):
        bundle_of(tiny)


def test_the_same_files_make_the_same_archive(tmp_path):
    files = {"b/run": b"#!/bin/sh\n", "a.txt": b"text"}
    write_zip(files, tmp_path / "1.zip", executable=("b/run",))
    os.utime(tmp_path / "1.zip", (1, 1))
    write_zip(dict(reversed(files.items())), tmp_path / "2.zip", ("b/run",))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["a.txt", "b/run"]
        modes = [info.external_attr >> 16 & 0o777 for info in archive.infolist()]
    assert modes == [0o644, 0o755]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.zip", "2.zip"]


def test_a_folder_is_written_once(tmp_path):
    write_folder({"a/b.txt": b"text"}, tmp_path / "out" / "course")
    assert (tmp_path / "out/course/a/b.txt").read_bytes() == b"text"
    with pytest.raises(GraderError, match="is there already"):
        write_folder({"a/b.txt": b"new"}, tmp_path / "out" / "course")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["course"]
    (tmp_path / "file").write_text("")
    with pytest.raises(GraderError, match="cannot be written: "):
        write_zip({"a": b""}, tmp_path / "file" / "x.zip")


# -- the real one ---------------------------------------------------------------------


def test_this_courses_bundle_holds_no_answer(real):
    assert real.leaks == ()
    assert list(find_answers(real.files)) == []
    for name in real.files:
        assert not name.startswith(("solutions", "tests", "benchmarks", ".")), name
        assert not name.startswith("assignments/05"), name


def test_the_bundle_of_the_whole_course_holds_no_answer():
    bundle = make_bundle([load(folder) for folder in all_assignments()])
    assert bundle.leaks == ()
    assert list(find_answers(bundle.files)) == []
    for folder in all_assignments():
        assert f"assignments/{folder.name}/{folder.name}.ipynb" in bundle.files


def test_this_courses_bundle_works_alone(real, tmp_path):
    write_folder(real.files, tmp_path / "course")
    here = tmp_path / "course"
    # As if `make setup` had run: its stamps, and this Python in its place.
    (here / ".venv").mkdir()
    for stamp in ("created.stamp", "requirements.stamp"):
        (here / ".venv" / stamp).touch()
    run = ["make", "--no-print-directory", f"BIN={Path(sys.executable).parent}"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    settings = {"cwd": here, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([*run, "grade"], **settings)
    assert done.returncode == 0, done.stderr
    assert "0 / " in done.stdout
    assert "graded after" in " ".join(done.stdout.split())
    assert done.stderr == ""
    shown = subprocess.run([*run, "help"], **settings).stdout
    assert "make grade" in shown
    assert "make test" not in shown


def test_the_makefile_still_serves_the_instructor():
    run = ["make", "-C", str(ROOT), "-n", "grade", "-o", "setup"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert "assignments/04 solutions/04" in done.stdout
    assert "make test" in subprocess.run(run[:3], capture_output=True, text=True).stdout


def test_the_command_refuses_to_write_a_leak(tiny, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from grader import release
    from grader.commands.release import command

    monkeypatch.setattr(
        release, "make_bundle", lambda manifests: make_bundle(manifests, tiny.root)
    )
    monkeypatch.setattr(
        release, "find_answers", lambda files: find_answers(files, tiny.root)
    )
    out = tmp_path / "dist"
    arguments = [str(tiny.assignment), "--out", str(out)]
    tiny.write("shared/sums.py", TOTAL)
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"  shared/sums.py: {WHAT}",
        "grader: 1 leak; nothing was written",
    ]
    assert not out.exists()
    (tiny.root / "shared/sums.py").unlink()
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out / "cnn-course.zip") as archive:
        names = archive.namelist()
        text = b"".join(archive.read(name) for name in names)
    assert "cnn-course/README.md" in names
    assert SOLUTION.split("# TODO")[0].encode() not in text
    assert b"flattened" not in text
