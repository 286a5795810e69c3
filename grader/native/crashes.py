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
# Of a global variable, or of one in shared memory, there may be one on either side.
_NEAR = re.compile(
    r"is located (\d+) bytes (after|before|to the right of|to the left of|inside of) "
    r"global variable '([\w:]+)'"
)
_LOCAL = re.compile(r"'([\w:]+)'.*<== ")
_THROWN = re.compile(r"terminate called after throwing an instance of '([^']+)'")
_WHAT = re.compile(r"^\s*what\(\):\s*(.*)$", re.M)
_ASSERTION = re.compile(r"Assertion [`'](.*)' failed\.$", re.M)
_INDEX = re.compile(r"runtime error: index (-?\d+) out of bounds for type '([^']+)'")
_COURSE = re.compile(r"^course: (.*)$", re.M)
_WORDS = {
    "FPE": "divides a whole number by zero",
    "SEGV": "touches memory that is not there",
    "stack-overflow": "needs more stack than there is: does it call itself without "
    "end, or is a local array too large?",
    "requested": "asks for more memory than there can be",
    "allocator": "asks for more memory than there is",
    "negative-size-param": "asks for a negative number of bytes",
    "heap-use-after-free": "uses memory that it has given back",
    "attempting": "gives back memory that is not its own, or gives it back twice",
    "alloc-dealloc-mismatch": "gives back memory in another way than it was taken: "
    "malloc goes with free, new with delete, new[] with delete[]",
    "stack-use-after-scope": "uses a local variable that is no more",
    "stack-use-after-return": "uses a local variable that is no more",
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
    assertion = _ASSERTION.search(text)
    if assertion:
        words = f"its assertion {assertion[1]} does not hold"
        return Crash(f"{source.name}: {words}{_place(text, source)}")
    if "terminate called without an active exception" in text:
        return Crash(f"{source.name} gives up a std::thread that it has not joined")
    if "runtime error: execution reached the end of a value-returning" in text:
        words = "a function that promises a value ends without `return`"
        return Crash(f"{source.name}: {words}{_place(text, source)}")
    index = _INDEX.search(text)
    if index:
        words = f"uses index {index[1]} of an array {index[2]}"
        return OutOfBounds(f"{source.name} {words}{_place(text, source)}")
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
    # The nearest, and of two the one that ends there: one value too far is the rule.
    near = [
        (int(bytes_), "before" in side or "left" in side, name)
        for bytes_, side, name in _NEAR.findall(text)
    ]
    local = _LOCAL.search(text)
    array = min(near)[2] if near else local[1] if local else "an array"
    return f"outside of {array}"


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
