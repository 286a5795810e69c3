"""``check("question")``: the public tests of a question, in the running notebook."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Imported with the notebook's first cell, so that the first check is as quick as
# the others.
import pytest

from grader.errors import GraderError, SubmissionError
from grader.manifest import MANIFEST_NAME, Manifest, all_assignments, load
from grader.plugin import GraderPlugin
from grader.results import NOT_ANSWERED, Outcome, TestResult
from grader.running import pytest_arguments, trusted_surroundings
from grader.sandbox import Hosts
from grader.session import Session
from grader.submission import Submission
from grader.task import Task
from grader.watching import Watch
from grader.worker.serve import Answerer

_SEED = 0
_MOST_SHOWN = 3


def check(question: str, assignment: str | None = None) -> None:
    """Runs the public tests of `question` on what this notebook defines now.

    Prints a line if they pass, and otherwise what was called, what came back and
    what was expected. A further line names each package that the answer has called
    and that its question does not allow: here it works, in the grader it does not.
    Public tests are a help, not the grade: hidden tests try more.

    Args:
        question: its name, e.g. ``"im2col"``.
        assignment: folder or its number; found from the notebook's folder if None.
    """
    namespace = _callers_namespace()
    try:
        manifest = _manifest(question, assignment)
        watch = Watch(manifest, question, namespace, _is_notebook)
        results = _run(manifest, question, namespace, watch)
    except GraderError as error:
        print(f"check: {error}")
        return
    print("\n".join([_verdict(question, results), *watch.warnings()]))


@dataclass
class LiveSession(Session):
    """Calls the notebook's own definitions instead of a worker's."""

    answerer: Answerer | None = None
    watch: Watch | None = None
    stdout: Any = None

    def _define(self, name: str) -> None:
        del name  # the notebook has defined it, or not

    def _exchange_afresh(self, message: dict[str, Any]) -> Any:
        return self._exchange(message)  # there is no other notebook

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self.answerer is not None
        assert self.watch is not None
        # The student's own prints are wanted here; pytest's are not.
        with contextlib.redirect_stdout(self.stdout), self.watch:
            return self.answerer.answer(message)


def _run(
    manifest: Manifest, question: str, namespace: dict[str, Any], watch: Watch
) -> list[TestResult]:
    asked = manifest.question(question)
    if not manifest.public_tests.is_file():
        raise SubmissionError(f"{manifest.public_tests}: no such file")
    submission = Submission.from_cells([])
    hosts = Hosts()  # starts nothing unless asked to
    names = {
        name: namespace[name]
        for q in manifest.questions
        for name in q.graded_names
        if name in namespace
    }

    stdout = sys.stdout

    def live(_: object) -> LiveSession:
        answerer = Answerer(names, _is_notebook)
        return LiveSession(
            manifest,
            asked,
            submission,
            hosts,
            answerer=answerer,
            watch=watch,
            stdout=stdout,
        )

    task = Task(submission, seed=_SEED, only=[question], explain=False, session=live)
    plugin = GraderPlugin(manifest, hosts, [task])
    files = [manifest.public_tests]
    arguments = pytest_arguments(files)
    with trusted_surroundings(files), contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=[plugin])
    if task.no_worker:
        raise task.no_worker
    faults = plugin.faults + task.faults
    if code == pytest.ExitCode.INTERRUPTED and not faults:
        raise GraderError("stopped")
    if faults:
        raise GraderError(f"a public test is at fault: {faults[0]}")
    return task.outcomes.get(question, [])


def _verdict(question: str, results: list[TestResult]) -> str:
    failed = [test for test in results if test.outcome is not Outcome.PASSED]
    if not results:
        return f"{question} has no public test; hand in to have it graded."
    if not failed:
        tests = (
            f"{len(results)} public tests" if len(results) > 1 else "the public test"
        )
        return f"✓ {question}: {tests} passed. Hidden tests will try more."
    if all(test.message == NOT_ANSWERED for test in failed):
        return f"· {question}: {NOT_ANSWERED}."
    lines = [f"✗ {question}: {len(failed)} of {len(results)} public tests failed."]
    for test in failed[:_MOST_SHOWN]:
        lines.append(f"\n  {test.name}")
        lines += [f"    called    {line}" for line in test.called.splitlines()]
        lines += [f"    {line}" for line in test.message.splitlines()]
    return "\n".join(lines)


def _manifest(question: str, assignment: str | None) -> Manifest:
    if assignment is not None:
        from grader.manifest import find_assignment

        return load(find_assignment(assignment))
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MANIFEST_NAME).is_file():
            return load(folder)
    found = [m for m in map(load, all_assignments()) if question in m.ids]
    if len(found) == 1:
        return found[0]
    raise GraderError(
        f"which assignment is {question!r} of? Start Jupyter in its folder, or say "
        f'check({question!r}, assignment="04")'
    )


def _is_notebook(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


def _callers_namespace() -> dict[str, Any]:
    shell = sys.modules.get("IPython")
    if shell is not None and shell.get_ipython() is not None:
        return dict(shell.get_ipython().user_ns)
    return dict(sys._getframe(2).f_globals)
