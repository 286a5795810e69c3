"""What must hold before an assignment may be handed out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from grader.authoring import Variant, read_variants, solution_cells
from grader.grade import Grading, grade
from grader.machine import missing
from grader.manifest import Manifest
from grader.regenerate.files import blank_files, file_leaks
from grader.regenerate.judge import SEED, Job
from grader.regenerate.judges import Judges, processes_for
from grader.regenerate.leaks import find_leaks
from grader.regenerate.notebooks import Source
from grader.results import Outcome, Report
from grader.sandbox import Hosts
from grader.session import WITH_KERAS, packages
from grader.submission import Submission
from grader.submission.cells import notebook_cells

#: A test that takes so many times as long as most is run last.
_SLOW = 4


@dataclass(frozen=True)
class Proof:
    """One statement about an assignment, and whether it holds."""

    holds: bool
    text: str


def prove(
    source: Source,
    student_text: str,
    hosts: Hosts,
    processes: int | None = None,
    recognised: dict[str, str] | None = None,
) -> Iterator[Proof]:
    """Proves the four statements, and that other right answers pass.

    Args:
        source: the assignment's source.
        student_text: the student notebook made from it.
        hosts: where answers run.
        processes: how many grade at the same time, 0 for this one alone; by the
            number of variants and of processors if None.
        recognised: misconceptions to the tests that are known to tell them; what is
            found is put in.
    """
    manifest = source.manifest
    misconceptions = _gradable(manifest, "misconception")
    alternatives = _gradable(manifest, "alternative")
    if processes is None:
        processes = processes_for(len(misconceptions) + len(alternatives))
    if processes:
        _prepare(manifest, hosts)
    judges = Judges(manifest, hosts, processes)
    try:
        work = _Work(manifest, misconceptions, alternatives, judges)
        work.submit({} if recognised is None else recognised)
        # While the judges are at it.
        leaks = [*find_leaks(source, json.loads(student_text)), *file_leaks(manifest)]
        yield from _solved(work)
        score = _blank_score(manifest, student_text, hosts)
        yield Proof(score.score == 0, f"the blank notebook scores {_points(score)}")
        yield from _caught(work, {} if recognised is None else recognised)
        yield from _passed(work)
    finally:
        judges.close()
    yield Proof(not leaks, "nothing of the solution is in the student's folder")
    for leak in leaks:
        yield Proof(False, leak)


@dataclass
class _Work:
    """What the judges are asked to grade, and its numbers there."""

    manifest: Manifest
    misconceptions: Sequence[Variant]
    alternatives: Sequence[Variant]
    judges: Judges
    solution: int = 0
    numbers: dict[int, int] = field(default_factory=dict)  # by identity: names repeat

    def submit(self, recognised: Mapping[str, str]) -> None:
        """Asks for all that can be asked for before the solution has been graded."""
        self.solution = self.judges.submit(Job(None))
        for variant in self.misconceptions:
            known = [recognised[variant.name]] if variant.name in recognised else []
            if known or not self._uses_keras(variant):
                self._submit(variant, Job(variant, True, tuple(known)), 3)
        for variant in self.alternatives:
            self._submit(variant, Job(variant), 2)

    def submit_rest(self, solved: Report) -> None:
        """Asks for the others, by tests whose times are known now."""
        for variant in self.misconceptions:
            if id(variant) not in self.numbers:
                order = _cheapest_first(solved, variant.question)
                self._submit(variant, Job(variant, True, order), 3)

    def report(self, variant: Variant) -> Report:
        return self.judges.report(self.numbers[id(variant)])

    def _submit(self, variant: Variant, job: Job, priority: int) -> None:
        # What needs no TensorFlow is judged while that loads; the longest first.
        if not self._uses_keras(variant):
            priority = 1
        self.numbers[id(variant)] = self.judges.submit(job, priority)

    def _uses_keras(self, variant: Variant) -> bool:
        allow = self.manifest.question(variant.question).allow
        return bool({"keras", "tensorflow"} & {a.partition(".")[0] for a in allow})


def _solved(work: _Work) -> Iterator[Proof]:
    report = work.judges.report(work.solution)
    yield Proof(report.full_marks, f"the solution scores {_points(report)}")
    yield from _lost(report)
    work.submit_rest(report)


def _caught(work: _Work, recognised: dict[str, str]) -> Iterator[Proof]:
    for id in _gradable_questions(work.manifest):
        if not any(variant.question == id for variant in work.misconceptions):
            yield Proof(False, f"no misconception tests the tests of {id}")
    caught = 0
    for variant in work.misconceptions:
        report = work.report(variant)
        complaint = _not_caught(variant, report)
        recognised |= _telling(variant, report)
        caught += not complaint
        if complaint:
            yield Proof(False, complaint)
    total = len(work.misconceptions)
    yield Proof(caught == total, f"{caught} of {total} misconceptions lose, with hint")


def _passed(work: _Work) -> Iterator[Proof]:
    passed = 0
    for variant in work.alternatives:
        report = work.report(variant)
        passed += report.full_marks
        if not report.full_marks:
            yield Proof(False, f"{variant.name} is a right answer but loses")
            yield from _lost(report)
    total = len(work.alternatives)
    yield Proof(passed == total, f"{passed} of {total} other right answers pass")


def _gradable_questions(manifest: Manifest) -> list[str]:
    """Questions for which this machine has what they need."""
    return [q.id for q in manifest.questions if not missing(q.requires)]


def _gradable(manifest: Manifest, kind: str) -> list[Variant]:
    """Variants of those; the solution's own proof says which are not graded here."""
    ids = _gradable_questions(manifest)
    return [v for v in read_variants(manifest, kind) if v.question in ids]


def _blank_score(manifest: Manifest, student_text: str, hosts: Hosts) -> Report:
    cells = notebook_cells(student_text, "student notebook")
    blank = Submission.from_cells(cells, files=blank_files(manifest))
    return grade(manifest, blank, Grading(seed=SEED, explain=False, hosts=hosts))


def _prepare(manifest: Manifest, hosts: Hosts) -> None:
    """Starts now what all judges will use."""
    definitions = Submission.from_cells(solution_cells(manifest)).definitions
    for question in manifest.questions:
        hosts.prepare(packages(question, definitions))
        test = manifest.solution_folder / "tests" / f"test_{question.id}.py"
        if "reference" in test.read_text(encoding="utf-8"):
            hosts.prepare(WITH_KERAS)


def _cheapest_first(solved: Report, question: str) -> tuple[str, ...]:
    """An order of tests in which a wrong answer is found out soon.

    Every test function once, the quickest first, then each with its second case, and
    so on; tests that take much longer than most, say with training, at the end.
    """
    seen: Counter[str] = Counter()
    places = {}
    (tests,) = (q.tests for q in solved.questions if q.id == question)
    slow = _SLOW * median([test.seconds for test in tests] or [0.0])
    for test in tests:
        function = test.name.partition(":")[0]
        places[test.name] = test.seconds > slow, seen[function], test.seconds
        seen[function] += 1
    return tuple(sorted(places, key=lambda name: places[name]))


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


def _telling(variant: Variant, report: Report) -> dict[str, str]:
    """The misconception and the test that told it."""
    tests = [test for question in report.questions for test in question.tests]
    telling = [test.name for test in tests if test.misconception == variant.name]
    return {variant.name: telling[0]} if telling else {}


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
