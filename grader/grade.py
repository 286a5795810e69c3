"""Grades one submission: tests on this side, answers in workers."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import GraderFault
from grader.explain import Explainer
from grader.machine import missing
from grader.manifest import ROOT, Manifest, Question, check_tests
from grader.proxies import References
from grader.results import NOT_ANSWERED, Outcome, Report, TestResult
from grader.sandbox import Hosts
from grader.scoring import score
from grader.session import packages
from grader.submission import Submission, is_blank_file

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


@dataclass
class Grading:
    """How to grade.

    Attributes:
        seed: from which all random inputs follow; drawn if None.
        only: question ids; all if empty.
        sandbox: ``"auto"`` or one level.
        explain: whether failures are matched with misconceptions; an `Explainer` is
            used as it is and left open, which saves starting its workers again.
        progress: called with the question's id before each test.
        hosts: processes to use again; started and ended by `grade` if None.
        public: grade with the public tests even where hidden ones exist.
        enough: given a question's results so far, tells whether to skip the rest.
        references: a clean Keras process to use again; left open.
        first: names of tests in the order to run them, before all others.
    """

    seed: int | None = None
    only: Sequence[str] = ()
    sandbox: str = "auto"
    explain: bool | Explainer = True
    progress: Callable[[str], None] = field(default=lambda question: None)
    hosts: Hosts | None = None
    public: bool = False
    enough: Callable[[Sequence[TestResult]], bool] | None = None
    references: References | None = None
    first: Sequence[str] = ()


def grade(
    manifest: Manifest, submission: Submission, how: Grading | None = None
) -> Report:
    """Runs the tests of an assignment against a submission.

    Raises:
        ManifestError: if tests and questions do not match.
        GraderFault: if a test itself is broken, or no worker can be started.
    """
    how = how or Grading()
    started = time.perf_counter()
    check_tests(manifest)
    for id in how.only:
        manifest.question(id)
    seed = random.SystemRandom().randrange(2**31) if how.seed is None else how.seed
    hidden = None if how.public else manifest.hidden_tests
    hosts = how.hosts or Hosts(how.sandbox, guarded=hidden is not None)
    try:
        chosen = [q for q in manifest.questions if not how.only or q.id in how.only]
        answered = [q for q in chosen if not _blank(manifest, submission, q)]
        not_here = {q.id: r for q in answered if (r := missing(q.requires))}
        answered = [q for q in answered if q.id not in not_here]
        for question in answered:
            # Started now, needed later: TensorFlow loads while NumPy is graded.
            hosts.prepare(packages(question, submission.definitions))
        outcomes, problems = _run(manifest, submission, how, hosts, seed, answered)
        for question in chosen:
            if question not in answered:
                test = TestResult("answered", Outcome.ERROR, NOT_ANSWERED)
                outcomes[question.id] = [test]
        for id, reason in not_here.items():
            outcomes[id] = [TestResult("can run here", Outcome.NOT_RUN, reason)]
        level = hosts.level
    finally:
        if how.hosts is None:
            hosts.close()
    return Report(
        assignment=manifest.name,
        title=manifest.title,
        submission=str(submission.path),
        seed=seed,
        sandbox=level,
        tests="public" if hidden is None else "hidden",
        questions=score(
            manifest,
            outcomes,
            tuple(q.id for q in chosen),
            _messages(submission, chosen),
            not_here,
        ),
        notes=tuple(_notes(submission, chosen, problems)),
        seconds=time.perf_counter() - started,
    )


def _files(manifest: Manifest, public: bool, questions: Sequence[str]) -> list[Path]:
    """Returns the files with the tests of `questions`."""
    if manifest.hidden_tests is None or public:
        return [manifest.public_tests] if manifest.public_tests.is_file() else []
    return [manifest.hidden_tests / f"test_{id}.py" for id in questions]


def _run(
    manifest: Manifest,
    submission: Submission,
    how: Grading,
    hosts: Hosts,
    seed: int,
    questions: Sequence[Question],
) -> tuple[dict[str, list[TestResult]], dict[str, list[dict[str, object]]]]:
    ids = [question.id for question in questions]
    files = _files(manifest, how.public, ids)
    if not files or not ids:
        return {}, {}
    import pytest  # not needed to say that a path is wrong

    from grader.plugin import GraderPlugin

    plugin = GraderPlugin(
        manifest,
        submission,
        hosts,
        seed=seed,
        only=ids,
        explain=how.explain,
        progress=how.progress,
        enough=how.enough,
        references=how.references,
        first=how.first,
    )
    arguments = pytest_arguments(files)
    with trusted_surroundings(files), contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=[plugin])
    if plugin.no_worker:
        raise plugin.no_worker
    if code == pytest.ExitCode.INTERRUPTED and not plugin.faults:
        raise KeyboardInterrupt
    if plugin.faults:
        raise GraderFault(f"a test is at fault: {plugin.faults[0]}")
    if code not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        raise GraderFault(f"pytest ended with code {int(code)}")
    return plugin.outcomes, plugin.problems


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


def _blank(manifest: Manifest, submission: Submission, question: Question) -> bool:
    """True if nothing was answered; then no process need be started."""
    if question.files:
        found = [submission.files.get(name, b"") for name in question.files]
        return all(not text.strip() or is_blank_file(text) for text in found)
    # With bindings, the other names are theirs.
    names = question.graded_names[:1] if manifest.bindings else question.graded_names
    return submission.definitions.is_blank(question.id, names)


def _messages(submission: Submission, questions: Sequence[Question]) -> dict[str, str]:
    """Question id to what went wrong with its cell as a whole."""
    messages = {}
    for question in questions:
        for problem in submission.definitions.problems:
            names = submission.definitions.missing(question.graded_names)
            hit = problem.question == question.id or any(
                f"def {name}" in problem.source or f"class {name}" in problem.source
                for name in question.graded_names
            )
            if hit and names:
                messages[question.id] = f"{problem.cell}: {problem.message}"
    return messages


def _notes(
    submission: Submission,
    questions: Sequence[Question],
    problems: dict[str, list[dict[str, object]]],
) -> Iterator[str]:
    for problem in submission.definitions.problems:
        yield f"{problem.cell} cannot be read: {problem.message}"
    for question in questions:
        for name in question.graded_names:
            again = submission.definitions.again(question.id, name)
            if again:
                yield (
                    f"{name} is defined again in {again}; graded was its answer cell. "
                    "Put your answer there."
                )
        for found in problems.get(question.id, []):
            text = f"{found['type']}: {found['message']}"
            yield f"{found['cell']}, line {found['line']} failed: {text}"[:300]
