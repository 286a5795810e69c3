"""The doctor sees what is missing, and says so without starting TensorFlow itself."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from grader import doctor
from grader.commands.doctor import command
from grader.doctor import Finding, checks, works
from grader.manifest import ROOT


def test_this_machine_can_grade():
    code = (
        "import sys\nfrom grader.__main__ import main\n"
        "try:\n    main()\nfinally:\n"
        "    print('imported:', {'tensorflow', 'keras'} & sys.modules.keys())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "imported: set()" in done.stdout
    lines = done.stdout.splitlines()
    names = [line.split()[1] for line in lines if line[0] in "✓✗-"]
    assert len(names) == len(checks.CHECKS)
    assert re.search(r"✓ TensorFlow +\d+\.\d+.*, Keras \d+", done.stdout)
    assert re.search(r"✓ sandbox +(isolated|restricted|none): ", done.stdout)
    assert "digits" in done.stdout
    assert "grading works here" in done.stdout


def test_only_what_is_needed_decides():
    there, absent = Finding("a", True, "", needed=True), Finding("b", False, "")
    assert works([there, absent])
    assert not works([there, Finding("c", False, "", needed=True)])


def test_a_missing_need_ends_in_3(monkeypatch):
    found = Finding("Python", False, "2.7", "take Python 3.11", needed=True)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: found,))
    done = CliRunner().invoke(command)
    assert done.exit_code == 3
    assert done.output.splitlines()[:2] == [
        "✗ Python        2.7",
        "                → take Python 3.11",
    ]


def test_packages_missing_or_of_another_version(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# for all\npytest==0.0.1\n\nno-such-package==1.0  # why\n-e .\n")
    found = checks.packages(path)
    assert not found.good
    assert found.found.startswith("1 of 2; missing: no-such-package; pytest ")
    assert found.found.endswith(" instead of 0.0.1")
    assert "pip install" in found.mend


@pytest.mark.parametrize("name", ["compiler", "nvcc", "gpu", "chromium"])
def test_what_is_not_on_the_path(monkeypatch, tmp_path, name):
    from grader import machine

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NVCC", "nvcc-is-not-here")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    machine._no_compiler.cache_clear()
    try:
        found = getattr(checks, name)()
    finally:
        machine._no_compiler.cache_clear()
    assert not found.good
    assert not found.needed
    assert found.mend


def test_a_tensorflow_that_does_not_start(monkeypatch):
    monkeypatch.setattr(checks, "_TENSORFLOW", "raise ImportError('no AVX')")
    found = checks.tensorflow()
    assert (found.good, found.found) == (False, "ImportError: no AVX")


def test_another_python(monkeypatch):
    monkeypatch.setattr(checks.sys, "version_info", (3, 10, 1))
    assert not checks.python().good
    assert "3.12" in checks.python().mend
