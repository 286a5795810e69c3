"""Compilers, and their complaints in the lines of the student's own file."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_COMPILE_S = 30.0
_MOST_ERRORS = 3
# A blank file holds `#error "conv2d_forward_cpu: not answered yet"`.
_BLANK = re.compile(r'#error\s+"(\w+): not answered yet"')
# `file.cc:12:5: error: …` of g++ and clang++, `file.cu(12): error: …` of nvcc.
_GNU = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (.*)$")
# What the driver's own flags name, e.g. a function that the file should define.
_FLAGS = re.compile(r"^<command.line>: error: (.*)$", re.M)
_UNCLOSED = re.compile(
    r"^(?P<file>[^\s:]+):(?P<line>\d+):\d+: note: to match this '(.)'$", re.M
)
# Of GNU's linkers; and of clang, where a driver calls what is not there.
_UNDEFINED = re.compile(
    r"(?:undefined reference to [`']|error: use of undeclared identifier ')(.*)'"
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NVCC = re.compile(
    r"^(?P<file>[^\s(]+)\((?P<line>\d+)\): (?:catastrophic )?error: (.*)$"
)


class CompileError(Exception):
    """The compiler refused the file; the message has its line."""


def find_compiler() -> str | None:
    """The C++ compiler, ``$CXX`` or the first of g++, c++, clang++; None if none."""
    wanted = shlex.split(os.environ.get("CXX", ""))[:1]
    return next(filter(None, map(shutil.which, wanted or _COMPILERS)), None)


def find_nvcc() -> str | None:
    """The path of nvcc: ``$NVCC``, else on PATH or in /usr/local/cuda; None if none."""
    wanted = os.environ.get("NVCC")
    names = [wanted] if wanted else ["nvcc", "/usr/local/cuda/bin/nvcc"]
    return next(filter(None, map(shutil.which, names)), None)


@functools.cache
def is_clang(compiler: str) -> bool:
    """Whether a C++ compiler takes clang's flags; on macOS one called g++ does, too."""
    name = Path(compiler).name
    if "clang" in name or (name.startswith("g++") and sys.platform == "linux"):
        return "clang" in name
    asked = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return "clang" in asked.stdout


def linker_flags() -> tuple[str, ...]:
    """Asks for GNU's gold where it is installed.

    The usual linker takes 0.1 s for a student's small program, a third of the time
    that the whole compilation of one takes; gold takes a third of that.
    """
    return ("-fuse-ld=gold",) if shutil.which("ld.gold") else ()


_COMPILERS = ("g++", "c++", "clang++")


def compile_to(target: Path, command: Sequence[str], source: Path) -> None:
    """Runs a compiler with ``-o target``.

    Args:
        target: what it makes.
        command: compiler, flags and files.
        source: the student's file, for the messages.

    Raises:
        NotImplementedError: if the file is still the handed-out blank.
        CompileError: if the compiler refuses the file, or takes too long.
    """
    try:
        code, text = run_group([*command, "-o", str(target)], target.parent, _COMPILE_S)
    except TimeoutError:
        raise CompileError(
            f"{source.name}: the compiler was not done after {_COMPILE_S:g} s"
        ) from None
    if code == 0:
        return
    blank = _BLANK.search(text)
    if blank:
        raise NotImplementedError(blank[1])
    raise CompileError("\n".join(_complaints(text, source)))


def run_group(
    command: Sequence[str],
    folder: Path,
    timeout_s: float,
    environment: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Runs a command with all that it starts; returns its exit code and its output.

    Raises:
        TimeoutError: if it was not done in time; everything it started is killed.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(os.environ) | (environment or {}) | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"not done after {timeout_s:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode, output.decode(errors="replace")


def _complaints(text: str, source: Path) -> Iterator[str]:
    """The first errors, each with the line it is about; the student's file first."""
    if source.read_bytes()[:2] in _UTF16:
        yield f"{source.name} is saved as UTF-16: save it as UTF-8"
        return
    found = []
    for line in text.splitlines():
        match = _GNU.match(line) or _NVCC.match(line)
        if match:
            name = os.path.basename(match["file"])
            found.append((name, int(match["line"]), match[3]))
    mine = [error for error in found if error[0] == source.name]
    elsewhere = [] if mine else list(_elsewhere(text, source))
    if elsewhere:
        yield from elsewhere
        return
    for name, number, message in (mine or found)[:_MOST_ERRORS]:
        yield f"{name}, line {number}: {message}"
        if name == source.name:
            yield f"    {source_line(source, number)}"
    if not found:  # a compiler's own failure
        words = (text.strip().splitlines() or ["no reason given"])[-1]
        yield f"{source.name}: {words.strip()[-300:]}"


def _elsewhere(text: str, source: Path) -> Iterator[str]:
    """Errors that show in the driver and are the student's."""
    for match in _UNCLOSED.finditer(text):
        if os.path.basename(match["file"]) == source.name:
            number = int(match["line"])
            yield f"{source.name}, line {number}: this {match[3]} is never closed"
            yield f"    {source_line(source, number)}"
            return
    for words in [*dict.fromkeys(_FLAGS.findall(text))][:_MOST_ERRORS]:
        yield f"{source.name}: {words}"
    for symbol in [*dict.fromkeys(_UNDEFINED.findall(text))][:_MOST_ERRORS]:
        yield f"{source.name} does not define {symbol}"


def source_line(source: Path, number: int) -> str:
    """One line of the student's file, without its indent; empty if there is none."""
    lines = source.read_text(encoding="utf-8", errors="replace").split("\n")
    return lines[number - 1].strip()[:160] if 0 < number <= len(lines) else ""
