"""The levels of isolation, strongest first."""

from __future__ import annotations

import sys

LEVELS = ("isolated", "restricted", "none")

_MEANING = {
    "isolated": "own namespaces: no network, no view of solutions or other files",
    "restricted": "Landlock and seccomp: only Python's files can be opened, no network",
    "none": "no isolation: the code can read this user's files",
}


def describe(level: str) -> str:
    """Returns what `level` keeps student code from, for a report."""
    return _MEANING[level]


def candidates(wanted: str) -> tuple[str, ...]:
    """Levels to try, best first; `wanted` is ``"auto"`` or one level."""
    if wanted != "auto":
        return (wanted,)
    return LEVELS if sys.platform == "linux" else ("none",)
