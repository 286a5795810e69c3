"""Runs an assignment's tests by pytest, alike everywhere."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.errors import GraderFault
from grader.manifest import ROOT, Manifest
from grader.sandbox import Hosts
from grader.task import Task

#: Parts of pytest that grading has no use for; the first two collect garbage, slowly.
_UNUSED_PLUGINS = (
    "unraisableexception",
    "threadexception",
    "faulthandler",
    "cacheprovider",
    "doctest",
    "junitxml",
    "pastebin",
    "stepwise",
    "debugging",
    "unittest",
    "legacypath",
    "logging",
    "setuponly",
    "setupplan",
)


def run_tests(
    manifest: Manifest,
    public: bool,
    hosts: Hosts,
    questions: Sequence[str],
    tasks: Iterable[Task],
) -> None:
    """Runs the tests of some questions for each task; its results are in it then.

    Args:
        manifest: the assignment.
        public: whether to run the public tests even where hidden ones exist.
        hosts: where submissions run.
        questions: ids of all that the tasks are about.
        tasks: what to grade; the next is asked for when the one before is done.

    Raises:
        GraderFault: if the tests cannot be collected.
        KeyboardInterrupt: if the caller was interrupted meanwhile.
    """
    files = _files(manifest, public, questions)
    if not files or not questions:
        return
    import pytest  # not needed to say that a path is wrong

    from grader.plugin import GraderPlugin

    plugin = GraderPlugin(manifest, hosts, tasks)
    arguments = pytest_arguments(files)
    with trusted_surroundings(files), contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.faults:
        raise GraderFault(f"a test is at fault: {plugin.faults[0]}")
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        raise GraderFault(f"pytest ended with code {int(code)}")


def pytest_arguments(files: Sequence[Path]) -> list[str]:
    """Settings under which tests run alike everywhere: no caller's, no conftest."""
    return [
        *("-c", os.devnull, "--rootdir", str(files[0].parent), "--noconftest"),
        # Otherwise pytest lists every folder from the root of the disk down.
        *("--confcutdir", str(files[0].parent)),
        *("--import-mode=importlib", "--assert=plain", "--tb=native"),
        *(part for name in _UNUSED_PLUGINS for part in ("-p", f"no:{name}")),
        *("--capture=no", "-q", "-W", "ignore"),
        *map(str, files),
    ]


@contextlib.contextmanager
def trusted_surroundings(files: Sequence[Path]) -> Iterator[None]:
    """Neither the caller's settings nor what lies in the current folder matter.

    Nor do tests that ran before: pytest keeps a test module under its file's name,
    and another assignment's ``test_public.py`` has the same.

    Args:
        files: the tests that will run; forgotten afterwards.
    """
    changed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    path = list(sys.path)
    no_cache, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    try:
        with warnings.catch_warnings():
            yield
    finally:
        known = {str(file.resolve()) for file in files}
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) in known:
                del sys.modules[name]
        sys.path[:] = path
        sys.dont_write_bytecode = no_cache
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _files(manifest: Manifest, public: bool, questions: Sequence[str]) -> list[Path]:
    """Returns the files with the tests of `questions`."""
    if manifest.hidden_tests is None or public:
        return [manifest.public_tests] if manifest.public_tests.is_file() else []
    return [manifest.hidden_tests / f"test_{id}.py" for id in questions]
