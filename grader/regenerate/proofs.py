"""What must hold before an assignment may be handed out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from grader.regenerate.proven import Proven
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
    proven: Proven | None = None,
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
        proven: what need not be proven again; what is proven is put in. Everything is
            proven if None.
    """
    manifest = source.manifest
    recognised = {} if recognised is None else recognised
    work = _Work(manifest, proven)
    if processes is None:
        processes = processes_for(work.size)
    if processes:
        _prepare(manifest, hosts)
    judges = Judges(manifest, hosts, processes)
    try:
        work.submit(judges, recognised)
        # While the judges are at it.
        leaks = [*find_leaks(source, json.loads(student_text)), *file_leaks(manifest)]
        yield from _solved(work)
        score = _blank_score(manifest, student_text, hosts)
        yield Proof(score.score == 0, f"the blank notebook scores {_points(score)}")
        yield from _caught(work, recognised)
        yield from _passed(work)
    finally:
        judges.close()
    yield Proof(not leaks, "nothing of the solution is in the student's folder")
    for leak in leaks:
        yield Proof(False, leak)


class _Work:
    """What there is to prove of answers, and who is asked to grade them.

    Args:
        manifest: the assignment.
        proven: what is known already, if anything is.
    """

    def __init__(self, manifest: Manifest, proven: Proven | None) -> None:
        self.manifest = manifest
        self.proven = proven
        self.misconceptions = _gradable(manifest, "misconception")
        self.alternatives = _gradable(manifest, "alternative")
        self.solved = proven.solution() if proven else None
        variants = [*self.misconceptions, *self.alternatives]
        known = [proven.variant(variant) if proven else None for variant in variants]
        # By identity: names may be the same.
        self._told = {id(v): t for v, t in zip(variants, known, strict=True)}
        self._numbers: dict[int, int] = {}
        self._solution = 0

    @property
    def size(self) -> int:
        """How many answers are to be graded."""
        return [self.solved, *self._told.values()].count(None)

    def told(self, variant: Variant) -> str | None:
        """What was said of an answer before and still holds."""
        return self._told[id(variant)]

    def submit(self, judges: Judges, recognised: Mapping[str, str]) -> None:
        """Asks for all that can be asked for before the solution has been graded."""
        self._judges = judges
        if self.solved is None:
            self._solution = judges.submit(Job(None))
        for variant in self.misconceptions:
            known = [recognised[variant.name]] if variant.name in recognised else []
            if known or not self._uses_keras(variant):
                self._submit(variant, Job(variant, True, tuple(known)), 3)
        for variant in self.alternatives:
            self._submit(variant, Job(variant), 2)

    def solution(self) -> Report | None:
        """The report of the solution, unless it is known to be right."""
        report = judged = None
        if self.solved is None:
            report = judged = self._judges.report(self._solution)
        for variant in self.misconceptions:  # by tests whose times are known now
            if id(variant) not in self._numbers:
                order = _cheapest_first(judged, variant.question) if judged else ()
                self._submit(variant, Job(variant, True, order), 3)
        return report

    def report(self, variant: Variant) -> Report:
        """The report of an answer that was not known."""
        return self._judges.report(self._numbers[id(variant)])

    def _submit(self, variant: Variant, job: Job, priority: int) -> None:
        if self.told(variant) is not None:
            return
        # What needs no TensorFlow is judged while that loads; the longest first.
        if not self._uses_keras(variant):
            priority = 1
        self._numbers[id(variant)] = self._judges.submit(job, priority)

    def _uses_keras(self, variant: Variant) -> bool:
        allow = self.manifest.question(variant.question).allow
        return bool({"keras", "tensorflow"} & {a.partition(".")[0] for a in allow})


def _solved(work: _Work) -> Iterator[Proof]:
    report = work.solution()
    if report is None:
        yield Proof(True, f"the solution scores {work.solved}, as before")
        return
    yield Proof(report.full_marks, f"the solution scores {_points(report)}")
    yield from _lost(report)
    if report.full_marks and work.proven:
        work.proven.note_solution(_points(report))


def _caught(work: _Work, recognised: dict[str, str]) -> Iterator[Proof]:
    for id in _gradable_questions(work.manifest):
        if not any(variant.question == id for variant in work.misconceptions):
            yield Proof(False, f"no misconception tests the tests of {id}")
    caught = before = 0
    for variant in work.misconceptions:
        if (told := work.told(variant)) is not None:
            recognised[variant.name] = told
            caught, before = caught + 1, before + 1
            continue
        report = work.report(variant)
        complaint = _not_caught(variant, report)
        if complaint:
            yield Proof(False, complaint)
            continue
        caught += 1
        recognised[variant.name] = _telling(variant, report)
        if work.proven:
            work.proven.note_variant(variant, recognised[variant.name])
    total = len(work.misconceptions)
    text = f"{caught} of {total} misconceptions lose, with hint"
    yield Proof(caught == total, text + _as_before(before, total))


def _passed(work: _Work) -> Iterator[Proof]:
    passed = before = 0
    for variant in work.alternatives:
        if work.told(variant) is not None:
            passed, before = passed + 1, before + 1
            continue
        report = work.report(variant)
        passed += report.full_marks
        if not report.full_marks:
            yield Proof(False, f"{variant.name} is a right answer but loses")
            yield from _lost(report)
        elif work.proven:
            work.proven.note_variant(variant, "")
    total = len(work.alternatives)
    text = f"{passed} of {total} other right answers pass"
    yield Proof(passed == total, text + _as_before(before, total))


def _as_before(before: int, total: int) -> str:
    """How many of the answers were not graded again."""
    if not before:
        return ""
    return ", as before" if before == total else f"; {before} as before"


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


def _telling(variant: Variant, report: Report) -> str:
    """The test that told the misconception."""
    tests = [test for question in report.questions for test in question.tests]
    return next(test.name for test in tests if test.misconception == variant.name)


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
