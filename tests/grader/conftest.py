"""Tiny courses, and one set of worker hosts per sandbox level for the whole run."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from grader.errors import GraderFault
from grader.sandbox import LEVELS, Hosts
from tests.grader.course import Course, opened, write_course


@pytest.fixture(autouse=True)
def plain_assertions(monkeypatch):
    """The pytest that runs these tests must not rewrite the tests that they run."""
    kept = [f for f in sys.meta_path if type(f).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", kept)


@pytest.fixture(autouse=True)
def close_sessions():
    """Ends the workers that a test has left running."""
    yield
    while opened:
        opened.pop().close()


@pytest.fixture
def course(tmp_path) -> Course:
    """Two NumPy questions, ``double`` and ``total``, with everything around them."""
    return write_course(tmp_path / "course")


@pytest.fixture(scope="session")
def hosts_by_level() -> Iterator[dict[str, Hosts]]:
    """Hosts of each level; their processes start when they are first used."""
    found = {level: Hosts(level) for level in LEVELS}
    yield found
    for hosts in found.values():
        hosts.close()


_works: dict[str, str] = {}


def _hosts(level: str, hosts_by_level: dict[str, Hosts]) -> Hosts:
    """The level's hosts; skips where this machine cannot have the level."""
    hosts = hosts_by_level[level]
    if level not in _works:
        settings = {"question": "q", "allow": ["numpy"], "forbid": [], "instead": ""}
        try:
            worker = hosts.worker(settings | {"reference": False}, ("numpy",), 512)
            worker.close()
            _works[level] = ""
        except GraderFault as fault:
            _works[level] = str(fault)
    if _works[level]:
        pytest.skip(f"sandbox level {level} does not work here: {_works[level]}")
    return hosts


@pytest.fixture(params=LEVELS)
def any_level(request, hosts_by_level) -> Hosts:
    """Hosts of each level in turn."""
    return _hosts(request.param, hosts_by_level)


@pytest.fixture(params=("isolated", "restricted"))
def confined(request, hosts_by_level) -> Hosts:
    """Hosts of each level that confines."""
    return _hosts(request.param, hosts_by_level)


@pytest.fixture(params=("restricted", "none"))
def less_confined(request, hosts_by_level) -> Hosts:
    """Hosts of each level without namespaces."""
    return _hosts(request.param, hosts_by_level)


@pytest.fixture
def isolated(hosts_by_level) -> Hosts:
    """Hosts of the best level."""
    return _hosts("isolated", hosts_by_level)


@pytest.fixture
def restricted(hosts_by_level) -> Hosts:
    """Hosts of the second level."""
    return _hosts("restricted", hosts_by_level)


@pytest.fixture
def hosts(hosts_by_level) -> Hosts:
    """Hosts for tests of anything but confinement: the best level there is."""
    for level in LEVELS:
        try:
            return _hosts(level, hosts_by_level)
        except pytest.skip.Exception:
            continue
    raise AssertionError("no level works, not even none")
