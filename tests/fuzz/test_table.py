"""The fuzzing's own rules: enough cases, each bounded, each counted."""

from __future__ import annotations

import importlib
import mmap
import pkgutil
import time
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

import tests.fuzz
from tests.fuzz import harness
from tests.fuzz.table import PROPERTY, USUAL_CASES, lines


def test_a_usual_run_has_ten_thousand_cases_and_more():
    for module in pkgutil.iter_modules(tests.fuzz.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"tests.fuzz.{module.name}")
    assert sum(harness.declared.values()) >= USUAL_CASES >= 10_000


def test_more_are_run_where_more_are_asked_for(monkeypatch):
    monkeypatch.delenv("FUZZ_CASES", raising=False)
    assert harness.scaled(500) == 500
    monkeypatch.setenv("FUZZ_CASES", str(10 * USUAL_CASES))
    assert harness.scaled(500) == 5000
    monkeypatch.setenv("FUZZ_CASES", "1")
    assert harness.scaled(500) == 1


def test_a_case_that_would_never_end_is_ended():
    def never():
        while True:
            try:
                time.sleep(0.001)
                sum(range(10_000))
            except Exception:
                continue

    with pytest.raises(AssertionError, match="a case took"), harness.bounded(cpu_s=0.3):
        never()
    with pytest.raises(AssertionError, match="a case took"):  # noqa: SIM117
        with harness.bounded(wall_s=0.2):
            time.sleep(30)


def test_a_case_that_takes_much_memory_fails():
    if not harness._watch_memory():
        pytest.skip("this system does not tell how much memory was the most")
    size, page = 100 << 20, mmap.PAGESIZE
    with pytest.raises(AssertionError, match="MB of memory"):  # noqa: SIM117
        with harness.bounded(memory_mb=50), mmap.mmap(-1, size) as memory:
            # Not from the heap, where as much may lie free from tests before.
            memory[::page] = b"x" * (size // page)


def test_cases_are_counted_and_a_failing_one_is_found(monkeypatch):
    monkeypatch.delenv("FUZZ_CASES", raising=False)
    ran = []

    @harness.fuzz("test of the harness", cases=40, number=st.integers(0, 10**6))
    def finds(number):
        ran.append(number)
        assert number < 500_000

    del harness.declared["test of the harness"]
    before = harness.tally.cases
    with pytest.raises(AssertionError):
        finds()
    assert harness.tally.cases - before == len(ran) > 0
    assert ran[-1] == 500_000, "shrunk to the least that fails"
    harness.tally.cases = before


def test_the_table_adds_up():
    def report(node, when, failed, *properties):
        return SimpleNamespace(
            nodeid=node, when=when, failed=failed, user_properties=[*properties]
        )

    one, two = (PROPERTY, ("a", 10, 1.5)), (PROPERTY, ["b", 5, 0.5])
    found = [
        report("x", "call", True),
        report("x", "teardown", False, one),
        report("y", "call", False, one),
        report("y", "teardown", False, ("other", 3), one),
        report("z", "teardown", False, two),
    ]
    rows = {line.split()[0]: line.split()[1:] for line in lines(found)}
    assert rows["a"] == ["20", "3.0", "1"]
    assert rows["b"] == ["5", "0.5", "0"]
    assert rows["all"] == ["25", "3.5", "1"]
    assert list(lines([report("q", "call", True)])) == []
