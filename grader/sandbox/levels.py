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


def candidates(wanted: str, guarded: bool = False) -> tuple[str, ...]:
    """Returns the levels to try, best first.

    Args:
        wanted: ``"auto"`` or one level.
        guarded: hidden tests judge code that is not the course's own. Then ``"auto"``
            is the best level alone; who wants less has to name it.
    """
    if wanted != "auto":
        return (wanted,)
    if guarded:
        return LEVELS[:1]
    return LEVELS if sys.platform == "linux" else LEVELS[-1:]


def refusal(wanted: str, tried: tuple[str, ...], reason: str) -> str:
    """Returns why no worker could be started, and what can be done about it."""
    levels = " or ".join(tried)
    if wanted == "auto" and tried == LEVELS[:1]:
        weaker = ", ".join(
            f"--sandbox={level} ({_MEANING[level]})" for level in LEVELS[1:]
        )
        return (
            f"hidden tests need the sandbox level {levels}, which does not work here "
            f"({reason}); a weaker one must be spelled out: {weaker}"
        )
    return (
        f"no worker could be started at sandbox level {levels}: {reason}; "
        "python -m grader doctor says which levels work here"
    )
