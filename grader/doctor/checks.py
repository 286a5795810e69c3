"""One function for each line of the table. Nothing here imports TensorFlow."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderFault
from grader.machine import missing
from grader.manifest import ROOT
from grader.native import find_compiler, find_nvcc
from grader.sandbox import Hosts
from grader.sandbox.levels import LEVELS, describe

_TENSORFLOW_S = 180.0  # a cold disk
_OLDEST, _NEWEST = (3, 11), (3, 13)
_INSTALL = "make setup, or: python -m pip install -r requirements.txt"
_TENSORFLOW = """
import json, tensorflow as tf, keras
gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
print(json.dumps([tf.__version__, keras.__version__, gpus]))
"""
_DATA = """
import json
from shared.datasets import DATASETS
from shared.datasets.folders import find, search_path
there = [n for n, i in DATASETS.items() if not i.download_mb or find(i, search_path())]
print(json.dumps([there, [name for name in DATASETS if name not in there]]))
"""
_REQUIREMENT = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;#]+)")


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        name: what was looked for.
        good: it is there and as it should be.
        found: what is there.
        mend: what to do about it; empty if nothing.
        needed: without it, nothing can be graded.
    """

    name: str
    good: bool
    found: str
    mend: str = ""
    needed: bool = False


def works(findings: Iterable[Finding]) -> bool:
    """True if grading works: nothing that is needed is missing."""
    return all(finding.good for finding in findings if finding.needed)


def python() -> Finding:
    """The version of the interpreter that runs this."""
    good = _OLDEST <= sys.version_info[:2] <= _NEWEST
    mend = "" if good else "take Python 3.11 to 3.13: make setup PYTHON=python3.12"
    found = f"{platform.python_version()}, {sys.prefix}"
    return Finding("Python", good, found, mend, needed=True)


def packages(requirements: Path = ROOT / "requirements.txt") -> Finding:
    """The packages that requirements.txt names, in its versions."""
    absent, other, count = [], [], 0
    for line in requirements.read_text(encoding="utf-8").splitlines():
        match = _REQUIREMENT.match(line)
        if match is None:
            continue
        name, wanted = match.groups()
        count += 1
        version = _version(name)
        if version is None:
            absent.append(name)
        elif version != wanted:
            other.append(f"{name} {version} instead of {wanted}")
    found = f"{count - len(absent)} of {count}"
    found += f"; missing: {', '.join(absent)}" if absent else ""
    found += f"; {', '.join(other)}" if other else ""
    mend = _INSTALL if absent or other else ""
    return Finding("packages", not absent, found, mend, needed=True)


def tensorflow() -> Finding:
    """Whether TensorFlow starts, tried in a process of its own."""
    reply, why = _ask(_TENSORFLOW)
    if reply is None:
        return Finding("TensorFlow", False, why, _INSTALL, needed=True)
    found = f"{reply[0]}, Keras {reply[1]}, {len(reply[2]) or 'no'} GPU in use"
    return Finding("TensorFlow", True, found, needed=True)


def sandbox() -> Finding:
    """The best level at which a worker starts here."""
    hosts = Hosts()
    settings = {"question": "q", "allow": ["numpy"], "forbid": [], "instead": ""}
    try:
        hosts.worker(settings | {"reference": False}, ("numpy",), 512).close()
    except GraderFault as fault:
        return Finding("sandbox", False, str(fault), _INSTALL, needed=True)
    finally:
        hosts.close()
    mend = {
        "isolated": "",
        "restricted": "for own namespaces: sysctl kernel.unprivileged_userns_clone=1, "
        "or a container started with --security-opt seccomp=unconfined",
        "none": "grade other people's code on Linux, in a virtual machine or WSL",
    }
    found = f"{hosts.level}: {describe(hosts.level)}"
    if hosts.level != LEVELS[0]:
        found += f"; hidden tests need --sandbox={hosts.level} spelled out"
    return Finding("sandbox", True, found, mend[hosts.level], needed=True)


def compiler() -> Finding:
    """The C++ compiler, for assignment 06 and ``shared.ops``."""
    reason = missing(("c++",))
    if not reason:
        return Finding("C++ compiler", True, str(find_compiler()))
    mend = "Debian, Ubuntu: apt install g++; or name one in CXX"
    return Finding("C++ compiler", False, reason, mend)


def nvcc() -> Finding:
    """CUDA's compiler, for the CUDA questions of assignment 06."""
    path = find_nvcc()
    if path:
        return Finding("nvcc", True, path)
    mend = "install NVIDIA's CUDA toolkit, or name nvcc in NVCC; else CUDA questions"
    return Finding("nvcc", False, "not found", f"{mend} are not graded here")


def gpu() -> Finding:
    """A GPU, as NVIDIA's driver sees it."""
    program = shutil.which("nvidia-smi")
    mend = "not needed: everything runs without; a GPU needs NVIDIA's driver"
    if program is None:
        return Finding("GPU", False, "no NVIDIA driver", mend)
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return Finding("GPU", False, "nvidia-smi does not answer", mend)
    names = [line.split(" (UUID")[0] for line in done.stdout.splitlines()]
    good = done.returncode == 0 and bool(names)
    return Finding("GPU", good, "; ".join(names) or "none", "" if good else mend)


def data() -> Finding:
    """Which data sets need no download."""
    reply, why = _ask(_DATA)
    if reply is None:
        return Finding("data", False, why, _INSTALL)
    there, later = reply
    found = f"here: {', '.join(there)}"
    found += f"; fetched when first used: {', '.join(later)}" if later else ""
    mend = "COURSE_DATA_DIR names a folder of prepared data" if later else ""
    return Finding("data", True, found, mend)


def jupyter() -> Finding:
    """JupyterLab and its Python kernel."""
    lab, kernel = _version("jupyterlab"), _version("ipykernel")
    if lab and kernel:
        return Finding("Jupyter", True, f"JupyterLab {lab}, ipykernel {kernel}")
    absent = "jupyterlab" if lab is None else "ipykernel"
    return Finding("Jupyter", False, f"no {absent}", _INSTALL)


def chromium() -> Finding:
    """A browser for the project's own tests of its pages."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path(folder) if folder else Path.home() / ".cache" / "ms-playwright"
    bundled = next(iter(sorted(cache.glob("chromium*"))), None)
    if path or bundled:
        return Finding("Chromium", True, path or str(bundled))
    mend = "optional, for tests of the pages: python -m playwright install chromium"
    return Finding("Chromium", False, "not found", mend)


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    packages,
    tensorflow,
    sandbox,
    compiler,
    nvcc,
    gpu,
    data,
    jupyter,
    chromium,
)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _ask(code: str) -> tuple[list[str | list[str]] | None, str]:
    """What a process of its own prints as JSON, or None and the reason."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=_TENSORFLOW_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"did not start in {_TENSORFLOW_S:g} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"ended with code {done.returncode}"
    found: list[str | list[str]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found, ""
