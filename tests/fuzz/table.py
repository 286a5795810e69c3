"""The table of what was fuzzed: target, cases, seconds, crashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

#: Under this name a test's report carries its count.
PROPERTY = "fuzzed"
#: Cases in a run that asks for nothing else; a test adds up what the tests declare.
USUAL_CASES = 11_000


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """Yields the table over pytest's reports; nothing if none is of a fuzz test.

    A test that failed is one crash, however many of its cases ended in it.
    """
    cases = Counter[str]()
    seconds = Counter[str]()
    crashes = Counter[str]()
    failed: set[str] = set()
    for report in reports:
        failed |= {report.nodeid} if report.failed else set()
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            # Each phase of a test repeats the properties; the last has them all.
            if name == PROPERTY and report.when == "teardown":
                target, number, took = value
                cases[target] += number
                seconds[target] += took
                crashes[target] += report.nodeid in failed
    if not cases:
        return
    yield f"{'target':28} {'cases':>8} {'seconds':>9} {'crashes':>8}"
    for target in sorted(cases):
        yield _line(target, cases[target], seconds[target], crashes[target])
    yield _line("all", cases.total(), sum(seconds.values()), crashes.total())


def _line(target: str, cases: int, seconds: float, crashes: int) -> str:
    return f"{target:28} {cases:8} {seconds:9.1f} {crashes:8}"
