"""What must hold before an assignment may be handed out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.authoring import (
    Variant,
    read_variants,
    solution_cells,
    solution_files,
    substituted,
)
from grader.explain import Explainer
from grader.grade import Grading, grade
from grader.machine import missing
from grader.manifest import Manifest
from grader.regenerate.files import blank_files, file_leaks
from grader.regenerate.leaks import find_leaks
from grader.regenerate.notebooks import Source
from grader.results import Outcome, Report, TestResult
from grader.sandbox import Hosts
from grader.submission import Submission
from grader.submission.cells import notebook_cells

#: Proofs are repeatable: the same inputs every time.
_SEED = 4


@dataclass(frozen=True)
class Proof:
    """One statement about an assignment, and whether it holds."""

    holds: bool
    text: str


def prove(source: Source, student_text: str, hosts: Hosts) -> Iterator[Proof]:
    """Proves the four statements, and that other right answers pass.

    Args:
        source: the assignment's source.
        student_text: the student notebook made from it.
        hosts: where answers run.
    """
    manifest = source.manifest
    solution = solution_cells(manifest)
    files = solution_files(manifest)
    report = _grade(manifest, Submission.from_cells(solution, files=files), hosts)
    yield Proof(report.full_marks, f"the solution scores {_points(report)}")
    yield from _lost(report)

    cells = notebook_cells(student_text, "student notebook")
    blank = Submission.from_cells(cells, files=blank_files(manifest))
    report = _grade(manifest, blank, hosts)
    yield Proof(report.score == 0, f"the blank notebook scores {_points(report)}")

    misconceptions = _gradable(manifest, "misconception")
    for id in _gradable_questions(manifest):
        if not any(variant.question == id for variant in misconceptions):
            yield Proof(False, f"no misconception tests the tests of {id}")
    caught = 0
    explainer = Explainer(manifest, hosts)
    try:
        for variant in misconceptions:
            submission = substituted(manifest, solution, variant)
            how = _until_recognised(variant, hosts, explainer)
            complaint = _not_caught(variant, grade(manifest, submission, how))
            caught += not complaint
            if complaint:
                yield Proof(False, complaint)
    finally:
        explainer.close()
    total = len(misconceptions)
    yield Proof(caught == total, f"{caught} of {total} misconceptions lose, with hint")

    alternatives = _gradable(manifest, "alternative")
    passed = 0
    for variant in alternatives:
        submission = substituted(manifest, solution, variant)
        report = _grade(manifest, submission, hosts, variant.question)
        passed += report.full_marks
        if not report.full_marks:
            yield Proof(False, f"{variant.name} is a right answer but loses")
            yield from _lost(report)
    total = len(alternatives)
    yield Proof(passed == total, f"{passed} of {total} other right answers pass")

    leaks = [*find_leaks(source, json.loads(student_text)), *file_leaks(manifest)]
    yield Proof(not leaks, "nothing of the solution is in the student's folder")
    for leak in leaks:
        yield Proof(False, leak)


def _gradable_questions(manifest: Manifest) -> list[str]:
    """Questions for which this machine has what they need."""
    return [q.id for q in manifest.questions if not missing(q.requires)]


def _gradable(manifest: Manifest, kind: str) -> list[Variant]:
    """Variants of those; the solution's own proof says which are not graded here."""
    ids = _gradable_questions(manifest)
    return [v for v in read_variants(manifest, kind) if v.question in ids]


def _grade(
    manifest: Manifest, submission: Submission, hosts: Hosts, *only: str
) -> Report:
    return grade(manifest, submission, Grading(seed=_SEED, only=only, hosts=hosts))


def _until_recognised(variant: Variant, hosts: Hosts, explainer: Explainer) -> Grading:
    """One test that recognises the misconception is proof enough."""

    def enough(tests: Sequence[TestResult]) -> bool:
        return any(test.misconception == variant.name for test in tests)

    return Grading(
        seed=_SEED,
        only=(variant.question,),
        explain=explainer,
        hosts=hosts,
        enough=enough,
    )


def _points(report: Report) -> str:
    skipped = [f"{q.id}: {q.message}" for q in report.questions if not q.graded]
    end = f"; not graded here: {'; '.join(skipped)}" if skipped else ""
    return f"{report.score:g} of {report.points:g}{end}"


def _lost(report: Report) -> Iterator[Proof]:
    for question in report.questions:
        for test in question.tests:
            if test.outcome is not Outcome.PASSED:
                text = f"{question.id}: {test.name}: {test.message}".splitlines()
                yield Proof(False, text[0])


def _not_caught(variant: Variant, report: Report) -> str:
    """Returns what is wrong with how a misconception was graded, or ``""``."""
    (question,) = report.questions
    if question.score:
        return f"{variant.name} is wrong but gets the points of {variant.question}"
    recognised = {test.misconception for test in question.tests} - {""}
    if variant.name not in recognised:
        instead = f"; it was taken for {', '.join(recognised)}" if recognised else ""
        return f"{variant.name} loses, but its hint is not given{instead}"
    return ""
