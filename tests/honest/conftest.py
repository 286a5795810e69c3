"""One set of worker hosts, and of clean Keras processes, for all honest cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from grader.manifest import Manifest
from grader.proxies import References
from grader.sandbox import Hosts


@pytest.fixture(autouse=True)
def plain_assertions(monkeypatch):
    """The pytest that runs these tests must not rewrite the tests that they run."""
    kept = [f for f in sys.meta_path if type(f).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", kept)


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    hosts = Hosts()
    yield hosts
    hosts.close()


@pytest.fixture(scope="session")
def references(hosts: Hosts) -> Iterator[_References]:
    """The clean Keras process of each assignment, started when it is asked for."""
    found = _References(hosts)
    yield found
    for each in found.values():
        each.close()


class _References(dict[str, References]):
    def __init__(self, hosts: Hosts) -> None:
        super().__init__()
        self._hosts = hosts

    def of(self, manifest: Manifest) -> References:
        if manifest.name not in self:
            self[manifest.name] = References(manifest, self._hosts)
        return self[manifest.name]
