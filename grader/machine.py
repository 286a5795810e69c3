"""What this machine has: some questions need a compiler, or CUDA's."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.errors import ManifestError
from grader.native import find_compiler, find_nvcc


def missing(requires: Sequence[str]) -> str:
    """Returns why this machine cannot grade a question, or ``""``.

    Args:
        requires: of the manifest, e.g. ``("c++", "nvcc")``.

    Raises:
        ManifestError: if one of them is not known.
    """
    for name in requires:
        if name not in _CHECKS:
            known = ", ".join(_CHECKS)
            raise ManifestError(f"'requires' names {name!r}; known are {known}")
        reason = _CHECKS[name]()
        if reason:
            return reason
    return ""


@functools.cache
def _no_compiler() -> str:
    compiler = find_compiler()
    if compiler is None:
        return "there is no C++ compiler (Debian, Ubuntu: apt install g++)"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "empty.cc")
        source.write_text("int main() { return 0; }\n")
        command = [compiler, "-fsanitize=address", str(source), "-o", f"{folder}/empty"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            return f"{Path(compiler).name} cannot build with -fsanitize=address"
    return ""


def _no_nvcc() -> str:
    return "" if find_nvcc() else "there is no nvcc (CUDA's compiler)"


_CHECKS: dict[str, Callable[[], str]] = {"c++": _no_compiler, "nvcc": _no_nvcc}
