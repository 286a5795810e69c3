"""The autograder in a layout like Gradescope's, run as it is run there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.commands.gradescope import command
from grader.errors import GraderError
from grader.gradescope import autograder_files
from grader.manifest import load
from tests.grader.course import NAME, notebook, write_course

IMPORTS = "import numpy as np"
RIGHT = {
    "double": "def double(x):\n    return np.multiply(x, 2)",
    "total": "def total(x):\n    return float(sum(x))",
}
SPY = """
import os
from pathlib import Path
def total(x):
    found = []
    for path in (ROOT + "/source/course/solutions", ROOT + "/source", ROOT):
        try:
            found += os.listdir(path)
        except OSError:
            pass
    try:
        Path(ROOT, "source/course/solutions/01_tiny/01_tiny.py").read_text()
        found.append("the solution")
    except OSError:
        pass
    try:
        Path(ROOT, "results/results.json").write_text('{"score": 1000}')
        found.append("the results")
    except OSError:
        pass
    if found:
        raise ValueError("SEEN " + str(found))
    return float(sum(x))
"""


class Machine:
    """A folder laid out like Gradescope's, and its two scripts."""

    def __init__(self, root: Path, archive: Path) -> None:
        self.root = root
        for name in ("source", "submission", "results"):
            (root / name).mkdir(parents=True)
        # As `unzip` does: with the modes of the archive.
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                path = Path(opened.extract(info, root / "source"))
                path.chmod(info.external_attr >> 16)
        self.environment = os.environ | {
            "AUTOGRADER_ROOT": str(root),
            "AUTOGRADER_PYTHON": sys.executable,
        }
        self.script("setup.sh")

    def script(self, name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "source" / name],
            env=self.environment,
            capture_output=True,
            text=True,
            check=name == "setup.sh",
        )

    def graded(self, name: str = f"{NAME}.ipynb", **answers: str):
        for old in self.root.glob("submission/*"):
            old.unlink()
        self.results.unlink(missing_ok=True)
        cells = [IMPORTS, *((RIGHT | answers).items())]
        (self.root / "submission" / name).write_text(notebook(*cells))
        done = self.script("run_autograder")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(self.results.read_text())

    @property
    def results(self) -> Path:
        return self.root / "results" / "results.json"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("gradescope") / "course")


@pytest.fixture(scope="module")
def machine(course, tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    arguments = [str(course.assignment), "--out", str(out)]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    root = tmp_path_factory.mktemp("machine") / "autograder"
    return Machine(root, out / f"gradescope-{NAME}.zip")


def test_full_marks(machine):
    found = machine.graded()
    assert found["score"] == 5
    assert [test["status"] for test in found["tests"]] == ["passed", "passed"]
    assert machine.graded() == found  # the same again


def test_a_mistake_and_its_hint(machine):
    found = machine.graded("my notebook (2).ipynb", double="def double(x): return x*x")
    assert found["score"] == 2
    assert "hint: " in found["tests"][0]["output"]


def test_hidden_tests_and_results_are_out_of_reach(machine):
    hidden = machine.root / "source" / "course" / "solutions"
    for path in (hidden, *hidden.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
        assert path.stat().st_uid == os.geteuid()
    spy = SPY.replace("ROOT", repr(str(machine.root)))
    found = machine.graded(total=spy)
    assert "SEEN" not in json.dumps(found)
    assert found["score"] == 5


def test_so_they_are_without_namespaces(machine):
    """Gradescope's container may forbid them."""
    machine.graded(total=SPY.replace("ROOT", repr(str(machine.root))))
    machine.results.unlink()
    run = [sys.executable, "-m", "grader.gradescope.run", NAME]
    run += ["--root", str(machine.root), "--sandbox", "restricted"]
    folder = machine.root / "source" / "course"
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    if "no worker could be started" in done.stderr:
        pytest.skip(f"sandbox level restricted does not work here: {done.stderr}")
    found = json.loads(machine.results.read_text())
    assert "SEEN" not in json.dumps(found)
    assert found["score"] == 5


def test_the_spy_sees_everything_where_nothing_stops_it(machine):
    """The test above can fail."""
    namespace = {}
    exec(SPY.replace("ROOT", repr(str(machine.root))), namespace)
    with pytest.raises(ValueError, match=r"SEEN .*the solution.*the results"):
        namespace["total"]([1.0])


def test_an_unreadable_notebook_scores_nothing_and_says_why(machine):
    machine.graded()
    (machine.root / "submission" / f"{NAME}.ipynb").write_text("no notebook")
    assert machine.script("run_autograder").returncode == 0
    found = json.loads(machine.results.read_text())
    assert found["score"] == 0
    assert "not a notebook" in json.dumps(found)


def test_a_fault_of_the_grader_is_no_zero(machine):
    machine.graded()
    machine.results.unlink()
    test = machine.root / f"source/course/solutions/{NAME}/tests/test_total.py"
    kept = test.read_text()
    test.write_text("import no_such_module_here\n" + kept)
    try:
        done = machine.script("run_autograder")
    finally:
        test.write_text(kept)
    assert done.returncode == 3
    assert not machine.results.exists()
    assert len(done.stderr.splitlines()) == 1


def test_lateness_is_gradescopes_time_and_the_manifests_policy(machine):
    manifest = machine.root / f"source/course/assignments/{NAME}/assignment.toml"
    kept = manifest.read_text()
    late = "\n[late]\ndue = 2027-03-01T12:00:00+00:00\npercent_per_day = 10\n"
    manifest.write_text(kept + late)
    told = machine.root / "submission_metadata.json"
    told.write_text(json.dumps({"created_at": "2027-03-02T05:30:00.000000-08:00"}))
    try:
        assert machine.graded()["score"] == 4
    finally:
        manifest.write_text(kept)
        told.unlink()


def test_what_is_packed(course):
    files = autograder_files(course.manifest)
    assert {"setup.sh", "run_autograder"} <= {n for n in files if "/" not in n}
    assert f"course/solutions/{NAME}/tests/test_total.py" in files
    requirements = files["course/requirements.txt"].decode()
    assert "tensorflow==" in requirements
    assert "-e ." not in requirements
    assert b"@" not in files["run_autograder"].replace(b"$@", b"")
    assert b"@packages@" not in files["setup.sh"]


def test_a_bundle_without_solutions_makes_no_autograder(tmp_path):
    course = write_course(tmp_path)
    for path in sorted(course.solution.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(GraderError, match="no hidden tests here"):
        autograder_files(load(course.assignment))
