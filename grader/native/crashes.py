"""What a sanitizer, a signal or a barrier said, in the student's terms."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from grader.native.toolchain import source_line

# The driver prints one such line for each array before it calls the student.
_BUFFER = re.compile(
    r"^buffer (?P<name>\w+) (?P<start>0x[0-9a-f]+) (?P<item>\d+)$", re.M
)
_KIND = re.compile(r"ERROR: AddressSanitizer:? (?P<kind>[\w-]+)")
_ACCESS = re.compile(r"^(READ|WRITE) of size \d+ at (0x[0-9a-f]+)", re.M)
_REGION = re.compile(r"(\d+)-byte region \[(0x[0-9a-f]+),(0x[0-9a-f]+)\)")
_ARRAY = re.compile(
    r"(?:variable |of global variable )?'([\w:]+)'.*(?:<== |defined in)"
)
_THROWN = re.compile(r"terminate called after throwing an instance of '([^']+)'")
_WHAT = re.compile(r"^\s*what\(\):\s*(.*)$", re.M)
_COURSE = re.compile(r"^course: (.*)$", re.M)
_WORDS = {
    "FPE": "divides a whole number by zero",
    "SEGV": "touches memory that is not there",
    "stack-overflow": "calls itself without end",
    "heap-use-after-free": "uses memory that it has given back",
    "attempting": "gives back memory that is not its own",
}


class OutOfBounds(Exception):
    """The program read or wrote outside an array."""


class DriverError(Exception):
    """The driver that ran the program found fault with it."""


class Crash(Exception):
    """The program ended without a result."""


def explain(code: int, text: str, source: Path) -> Exception:
    """Returns the exception for a program that ended badly.

    Args:
        code: its exit code, negative for a signal.
        text: what it printed.
        source: the student's file.
    """
    told = _COURSE.findall(text)
    if told:
        kind = OutOfBounds if ", outside its " in told[0] else DriverError
        return kind(f"{source.name}: {told[0]}{_place(text, source)}")
    thrown = _THROWN.search(text)
    if thrown:
        what = _WHAT.search(text)
        words = f" ({what[1]})" if what else ""
        return Crash(f"{source.name} throws {thrown[1]}{words}")
    report = _KIND.search(text)
    if report:
        return _sanitized(report["kind"], text, source)
    if code < 0:
        return Crash(f"{source.name}: ended by {_signal(-code)}")
    return Crash(
        f"{source.name}: the program ended without a result (exit code {code})"
    )


def without_noise(text: str) -> str:
    """What the student's code itself printed."""
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if not (_BUFFER.match(line) or "WARNING: ASan doesn't fully" in line)
    )


def _sanitized(kind: str, text: str, source: Path) -> Exception:
    where = _place(text, source)
    if kind in _WORDS:
        return Crash(f"{source.name} {_WORDS[kind]}{where}")
    access = _ACCESS.search(text)
    verb = "writes" if access and access[1] == "WRITE" else "reads"
    return OutOfBounds(f"{source.name} {verb} {_target(text, access)}{where}")


def _target(text: str, access: re.Match[str] | None) -> str:
    region = _REGION.search(text)
    if access and region:
        size, start = int(region[1]), int(region[2], 16)
        for name, address, item in _BUFFER.findall(text):
            if int(address, 16) == start:
                index = (int(access[2], 16) - start) // int(item)
                count = size // int(item)
                return f"{name}[{index}], outside its {count} values"
    array = _ARRAY.search(text)
    return f"outside of {array[1]}" if array else "outside of an array"


def _place(text: str, source: Path) -> str:
    """The innermost line of the student's file in the sanitizer's call stack."""
    match = re.search(rf"{re.escape(source.name)}:(\d+)", text)
    if not match:
        return ""
    return f"\n    line {match[1]}: {source_line(source, int(match[1]))}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
