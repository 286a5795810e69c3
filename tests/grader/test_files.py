"""Answers that are files: compiled and run in the worker, and nowhere else."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

import grader.grade
import grader.machine
from grader import native
from grader.authoring import read_variants, solution_files, substituted
from grader.errors import ManifestError, StudentCrash, StudentError
from grader.grade import Grading, grade
from grader.manifest import ROOT, load
from grader.native.toolchain import is_clang
from grader.regenerate.files import blank_files, file_leaks, fingerprint
from grader.results import NOT_ANSWERED, Outcome
from grader.session import Session
from grader.submission import Submission, read_submission
from tests.grader.course import NAME, opened, write_course

DRIVER = """
    #include <stdio.h>
    #include <stdlib.h>
    #include STUDENT_FILE
    int main(int, char** argv) {
      FILE* request = fopen(argv[1], "rb");
      double* x = static_cast<double*>(malloc(2 * sizeof(double)));
      fprintf(stderr, "buffer x %p 8\\n", static_cast<void*>(x));
      if (fread(x, sizeof(double), 2, request) != 2) return 4;
      const double sum = add(x);
      FILE* result = fopen(argv[2], "wb");
      fwrite(&sum, sizeof(sum), 1, result);
      return fclose(result);
    }
    """
BINDINGS = """
    import os, sys
    from pathlib import Path
    import numpy as np
    from grader import native

    GRADED = ("add", "prebuilt")
    HERE = Path(__file__).parent

    def add(x):
        program = native.Program(HERE / "add.cc", HERE / "given" / "driver.cc")
        return float(np.frombuffer(program.run(np.asarray(x, float).tobytes()))[0])

    def prebuilt():
        return (HERE / "prebuilt" / "text").read_text()

    def not_graded():
        return 1

    if __name__ == "__main__":
        path = Path(os.environ["COURSE_TEST_FOLDER"], "made")
        path.write_text(" ".join(sys.argv[1:]))
        print(path)
    """
SOLUTION = """\
// Adds two numbers.
double add(const double* x) {
  // BEGIN SOLUTION
  // TODO: x holds two numbers
  double total_of_both = 0;
  for (int i = 0; i < 2; ++i) total_of_both += x[i];
  return total_of_both;
  // END SOLUTION
}
"""
MISCONCEPTIONS = """
    [[misconception]]
    name = "subtracts"
    question = "add"
    hint = "You subtracted."
    changes = [["total_of_both += x[i]", "total_of_both = x[i] - total_of_both"]]
    """
ALTERNATIVES = """
    [[alternative]]
    name = "at_once"
    question = "add"
    path = "at_once.cc"
    """
TEST = """
    import pytest

    @pytest.mark.parametrize("n", [1, 2])
    def test_adds(student, n):
        assert student.add([n, 0.5]) == n + 0.5, "not the sum"
    """
ASKED = {
    "id": "add",
    "title": "A sum in C++",
    "points": 3,
    "files": ["add.cc"],
    "requires": ["c++"],
}


@pytest.fixture
def course(tmp_path):
    made = write_course(
        tmp_path / "course",
        questions=[],
        solution="# %%\nimport numpy as np\n",
        tests={"add": TEST},
        public="",
        misconceptions="",
        alternatives="",
    )
    manifest(made, ASKED)
    made.write(f"assignments/{NAME}/given/driver.cc", DRIVER)
    made.write(f"assignments/{NAME}/bindings.py", BINDINGS)
    made.write(f"solutions/{NAME}/add.cc", SOLUTION)
    made.write(f"solutions/{NAME}/misconceptions.toml", MISCONCEPTIONS)
    made.write(f"solutions/{NAME}/alternatives.toml", ALTERNATIVES)
    made.write(
        f"solutions/{NAME}/at_once.cc",
        "double add(const double* x) { return x[0] + x[1]; }",
    )
    return made


def manifest(course, asked, **top):
    head = {
        "title": "Tiny",
        "submit": [f"{NAME}.ipynb", "add.cc"],
        "given": ["given"],
        "bindings": "bindings.py",
        "timeout_s": 30,
        "memory_mb": 1024,
    } | top
    lines = [f"{key} = {_toml(value)}" for key, value in head.items()]
    lines += ["[[questions]]", *(f"{k} = {_toml(v)}" for k, v in asked.items())]
    course.write(f"assignments/{NAME}/assignment.toml", "\n".join(lines) + "\n")


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).replace("'", '"')


def session(course, hosts, text, **settings):
    asked = replace(course.manifest.question("add"), **settings)
    given = Submission.from_cells([], files={"add.cc": textwrap.dedent(text).encode()})
    made = Session(course.manifest, asked, given, hosts)
    opened.append(made)
    return made


def ask(course, hosts, text, x=(1, 2), **settings):
    """What a student's `add` answers, in a worker."""
    return session(course, hosts, text, **settings).call("add", [list(x)], {}, False)


def graded(course, hosts, files, **how):
    submission = Submission.from_cells([], files=files)
    return grade(course.manifest, submission, Grading(seed=1, hosts=hosts, **how))


# -- where the code runs --------------------------------------------------------------


def test_a_file_is_compiled_and_run_at_every_level(course, any_level):
    assert ask(course, any_level, SOLUTION) == 3


def test_includes_find_nothing_of_the_course(course, confined):
    for path in (
        ROOT / "solutions" / "oracles" / "conv.py",
        ROOT / "shared" / "ops" / "kernels" / "naive.cc",
        course.solution / "add.cc",
    ):
        assert path.is_file()
        text = f'#include "{path}"\ndouble add(const double*) {{ return 0; }}'
        words = r"add.cc, line 1: .*(No such|denied|not found)"
        with pytest.raises(StudentError, match=words):
            ask(course, confined, text)


def test_no_other_means_reads_a_solution(course, confined):
    """An assembler's .incbin, a system() call and a stream all see the same root."""
    path = course.solution / "add.cc"
    assembled = f"""
        asm(".data\\n stolen: .incbin \\"{path}\\"\\n .text");
        extern "C" char stolen[];
        double add(const double*) {{ return stolen[0]; }}
        """
    with pytest.raises(StudentError, match="CompileError"):
        ask(course, confined, assembled)
    shell = f"""
        #include <stdlib.h>
        double add(const double*) {{ return system("cat {path} > /dev/null 2>&1"); }}
        """
    assert ask(course, confined, shell) != 0
    stream = f"""
        #include <stdio.h>
        double add(const double*) {{ return fopen("{path}", "r") == nullptr; }}
        """
    assert ask(course, confined, stream) == 1


def test_without_confinement_an_include_would_find_it(course, hosts_by_level):
    path = course.solution / "add.cc"  # or else the tests above show nothing
    assert ask(course, hosts_by_level["none"], f'#include "{path}"') == 3


def test_a_static_constructor_runs_in_the_sandbox(course, confined, tmp_path):
    mark = tmp_path / "mark"
    mark.mkdir(mode=0o777)
    text = f"""
        #include <stdio.h>
        struct Early {{
          int made;
          Early() {{
            FILE* file = fopen("{mark}/was-here", "w");
            made = file != nullptr;
          }}
        }} early;
        double add(const double*) {{ return early.made; }}
        """
    assert ask(course, confined, text) == 0
    assert not list(mark.iterdir())


def test_there_is_no_network(course, confined):
    text = """
        #include <sys/socket.h>
        double add(const double*) { return socket(AF_INET, SOCK_STREAM, 0); }
        """
    assert ask(course, confined, text) == -1


# -- what does not end ----------------------------------------------------------------


def test_a_compile_time_bomb_is_stopped(course, hosts):
    text = """
        template <int n, int m> struct Bomb {
          static const int value = Bomb<n - 1, 2 * m>::value
                                   + Bomb<n - 1, 2 * m + 1>::value;
        };
        template <int m> struct Bomb<0, m> { static const int value = m; };
        double add(const double*) { return Bomb<26, 0>::value; }
        """
    with pytest.raises((StudentError, StudentCrash, grader.errors.StudentTimeout)):
        ask(course, hosts, text, timeout_s=4)


def test_a_bomb_of_memory_is_stopped(course, hosts):
    text = """
        #include <stdlib.h>
        #include <string.h>
        double add(const double*) {
          for (;;) memset(malloc(1 << 24), 1, 1 << 24);
        }
        """
    with pytest.raises((StudentCrash, StudentError)):
        ask(course, hosts, text)


@pytest.mark.parametrize(
    ("name", "version", "clang"),
    [
        ("g++", "Apple clang version 17.0.0", sys.platform != "linux"),
        ("c++", "Debian clang version 14.0.6", True),
        ("c++", "c++ (Debian 12.2.0-14) 12.2.0", False),
        ("clang++-18", "no version asked for", True),
        ("x86_64-linux-gnu-g++-12", "x86_64-linux-gnu-g++-12 12.2.0", False),
    ],
)
def test_a_compiler_is_asked_whose_it_is(tmp_path, name, version, clang):
    """Each refuses some of the other's flags; on macOS g++ is a name of clang's."""
    compiler = tmp_path / name
    compiler.write_text(f"#!/bin/sh\necho '{version}'\n")
    compiler.chmod(0o755)
    assert is_clang(str(compiler)) is clang


@pytest.mark.skipif(shutil.which("clang++") is None, reason="clang is not installed")
def test_clang_finds_what_gcc_does(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "clang++")
    driver = tmp_path / "driver.cc"
    driver.write_text(DRIVER)
    source = tmp_path / "add.cc"
    program = native.Program(source, driver)
    source.write_text("double add(const double* x) { return x[0] + x[1]; }")
    assert np.frombuffer(program.run(np.array([3.0, 4.0]).tobytes()))[0] == 7
    source.write_text("double add(const double* x) { return x[0] + x[2]; }")
    with pytest.raises(native.OutOfBounds, match="reads"):
        program.run(np.array([3.0, 4.0]).tobytes())


def test_an_endless_loop_ends(course, hosts):
    text = "double add(const double* x) { for (volatile int i = 0;;) i = 1 - i; }"
    with pytest.raises(grader.errors.StudentTimeout, match="no answer"):
        ask(course, hosts, text, timeout_s=3)


# -- what a student reads -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "a name": (
            "\n\ndouble add(const double* x) { return y[0]; }",
            "line 3: .*'y'",
        ),
        "no function": ("double sum(const double*);", "add"),
        "one too far": (
            "double add(const double* x) {\n  return x[0] + x[2];\n}",
            r"reads x\[2\], outside its 2 values\n.*line 2: return x\[0\]",
        ),
        "before": ("double add(const double* x) { return x[-1]; }", r"reads x\[-1\]"),
        "an array": (
            "double add(const double* x) {\n  double a[2] = {x[0], 1};\n"
            "  volatile int i = 2;\n  return a[i];\n}",
            r"uses index 2 of an array double ?\[2\]\n.*line 4: return a\[i\]",
        ),
        "a division": (
            "int zero;\ndouble add(const double*) { return 7 / zero; }",
            "divides a whole number by zero",
        ),
        "an exception": (
            "#include <stdexcept>\ndouble add(const double*) "
            '{ throw std::range_error("far"); }',
            r"throws std::range_error \(far\)",
        ),
        "an exit": (
            "#include <stdlib.h>\ndouble add(const double*) { exit(0); }",
            "without a result",
        ),
        "an abort": (
            "#include <stdlib.h>\ndouble add(const double*) { abort(); }",
            "SIGABRT",
        ),
    }.values(),
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_errors_name_the_students_own_line(course, hosts, text, message):
    with pytest.raises(StudentError, match=message) as found:
        ask(course, hosts, text)
    assert str(ROOT) not in str(found.value)


def test_other_files_of_a_student_do_not_count(course, hosts):
    """Neither the driver nor the bindings come from a submission."""
    files = {"add.cc": SOLUTION.encode(), "given/driver.cc": b"", "bindings.py": b""}
    assert graded(course, hosts, files).score == 3


def test_the_bindings_offer_what_they_name_and_no_more(course, hosts):
    made = session(course, hosts, SOLUTION, names=("add", "not_graded"))
    with pytest.raises(StudentError, match="not_graded is not defined"):
        made.call("not_graded", [], {}, False)


# -- grading --------------------------------------------------------------------------


def test_the_solution_has_full_marks_and_the_blank_none(course, hosts):
    report = graded(course, hosts, solution_files(course.manifest))
    assert report.score == 3
    blank = blank_files(course.manifest)
    assert b"total_of_both" not in blank["add.cc"]
    assert b"// TODO: x holds two numbers" in blank["add.cc"]
    (result,) = graded(course, hosts, blank).questions
    assert (result.score, result.tests[0].message) == (0, NOT_ANSWERED)
    with pytest.raises(StudentError, match="NotImplementedError: add"):
        ask(course, hosts, blank["add.cc"].decode())


def test_a_missing_file_is_a_question_not_answered(course, hosts, tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / f"{NAME}.ipynb").write_text('{"cells": [], "nbformat": 4}')
    submission = read_submission(course.manifest, folder)
    report = grade(course.manifest, submission, Grading(seed=1, hosts=hosts))
    assert report.questions[0].tests[0].message == NOT_ANSWERED
    assert report.notes == ("add.cc is missing, so add is not answered",)


def test_a_huge_file_is_refused(course, tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    (folder / f"{NAME}.ipynb").write_text('{"cells": [], "nbformat": 4}')
    (folder / "add.cc").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(grader.errors.SubmissionError, match="over the limit"):
        read_submission(course.manifest, folder)


def test_variants_are_caught_and_recognised(course, hosts):
    (wrong,) = read_variants(course.manifest, "misconception")
    report = grade(
        course.manifest,
        substituted(course.manifest, [], wrong),
        Grading(seed=1, hosts=hosts),
    )
    (result,) = report.questions
    assert result.score == 0
    assert result.tests[0].hint == "You subtracted."
    (right,) = read_variants(course.manifest, "alternative")
    submission = substituted(course.manifest, [], right)
    assert grade(course.manifest, submission, Grading(seed=1, hosts=hosts)).full_marks


def test_a_change_that_no_longer_fits_is_named(course):
    course.write(
        f"solutions/{NAME}/misconceptions.toml",
        MISCONCEPTIONS.replace("total_of_both += x[i]", "total += x[i]"),
    )
    with pytest.raises(ManifestError, match=r"subtracts: add\.cc holds 0 times"):
        read_variants(course.manifest, "misconception")


def test_what_is_missing_here_costs_nothing(course, hosts, monkeypatch):
    """A question that needs what is not there is reported so; points stay out."""
    monkeypatch.setitem(grader.machine._CHECKS, "c++", lambda: "there is no compiler")
    report = graded(course, hosts, {"add.cc": SOLUTION.encode()})
    (result,) = report.questions
    assert result.outcome is Outcome.NOT_RUN
    assert (report.score, report.points, report.not_graded) == (0, 0, 3)
    assert not report.full_marks, "nothing was graded, so nothing is complete"
    assert report.as_dict()["questions"][0]["graded"] is False


def test_an_unknown_requirement_is_named(course, hosts):
    manifest(course, ASKED | {"requires": ["fortran"]})
    with pytest.raises(ManifestError, match="'fortran'; known are"):
        graded(course, hosts, {"add.cc": SOLUTION.encode()})


@pytest.mark.parametrize(
    ("asked", "top", "message"),
    [
        (ASKED | {"files": ["other.cc"]}, {}, "list it in 'submit'"),
        (ASKED, {"given": ["nothing.h"]}, "'nothing.h' is given"),
        (ASKED, {"given": ["../other"]}, "is given"),
        (ASKED | {"prebuilt": "yes"}, {}, "'prebuilt' must be a list of texts"),
    ],
)
def test_a_faulty_manifest_is_refused(course, asked, top, message):
    manifest(course, asked, **top)
    with pytest.raises(ManifestError, match=message):
        load(course.assignment)


def test_what_bindings_prebuild_goes_with_the_answer(
    course, confined, tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_TEST_FOLDER", str(tmp_path))
    asked = ASKED | {"names": ["add", "prebuilt"], "prebuilt": ["text"]}
    manifest(course, asked | {"allow": ["numpy"]})
    made = session(course, confined, SOLUTION)
    assert made.call("prebuilt", [], {}, False) == "prebuild text"


# -- leaks ----------------------------------------------------------------------------


def test_a_line_or_a_renamed_block_in_the_students_folder_is_found(course, monkeypatch):
    folder = course.assignment
    assert not list(file_leaks(course.manifest))
    (folder / "given" / "notes.h").write_text("  return   total_of_both ; // sum\n")
    (found,) = file_leaks(course.manifest)
    assert "a line of the solution" in found
    (folder / "given" / "notes.h").unlink()
    long = SOLUTION.replace(
        "return total", "total_of_both *= 1 + 0 * x[0];\n  return total"
    )
    course.write(f"solutions/{NAME}/add.cc", long)
    names = {"total_of_both": "s", "x": "values", "i": "k"}
    renamed = long
    for old, new in names.items():
        renamed = renamed.replace(f"{old} ", f"{new} ").replace(f"{old}[", f"{new}[")
        renamed = renamed.replace(f"{old};", f"{new};").replace(f"[{old}]", f"[{new}]")
        renamed = renamed.replace(f"{old})", f"{new})")
    (folder / "other.h").write_text(renamed)
    assert any("renamed" in leak for leak in file_leaks(course.manifest))


def test_short_pieces_have_no_fingerprint():
    assert fingerprint("return x + y;") == ""


def test_the_workers_folder_is_gone_afterwards(course, less_confined):
    made = session(course, less_confined, SOLUTION)
    assert made.call("add", [[1, 2]], {}, False) == 3
    before = {name for name in os.listdir("/tmp") if name.startswith("grader-worker-")}
    assert before
    made.close()
    after = {name for name in os.listdir("/tmp") if name.startswith("grader-worker-")}
    assert after < before


def test_printing_by_a_student_is_kept_apart(course, hosts):
    """A static constructor or a printf writes nothing into the result."""
    text = """
        #include <stdio.h>
        struct Early { Early() { printf("buffer x 0x1 8"); } } early;
        double add(const double* x) { puts("course: pass"); return x[0] + x[1]; }
        """
    assert ask(course, hosts, text) == 3
