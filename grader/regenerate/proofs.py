"""What must hold before an assignment may be handed out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
        text = f"the blank notebook scores {score.score:g} of {score.points:g}"
        yield Proof(score.score == 0, text)
        yield from _caught(work, recognised)
        yield from _passed(work)
    finally:
        judges.close()
    yield Proof(not leaks, "nothing of the solution is in the student's folder")
    for leak in leaks:
        yield Proof(False, leak)


@dataclass(frozen=True, eq=False)
class _Answer:
    """One answer to one question; the solution's if it is no variant."""

    question: str
    variant: Variant | None = None

    @property
    def name(self) -> str:
        return self.variant.name if self.variant else self.question


class _Work:
    """What there is to prove of answers, and who is asked to grade them.

    Args:
        manifest: the assignment.
        proven: what is known already, if anything is.
    """

    def __init__(self, manifest: Manifest, proven: Proven | None) -> None:
        ids = _gradable_questions(manifest)

        def variants(kind: str) -> list[_Answer]:
            found = read_variants(manifest, kind)
            return [_Answer(v.question, v) for v in found if v.question in ids]

        self.manifest = manifest
        self.proven = proven
        self.solutions = [_Answer(id) for id in ids]
        self.misconceptions = variants("misconception")
        self.alternatives = variants("alternative")
        answers = [*self.solutions, *self.misconceptions, *self.alternatives]
        #: What was said of an answer before and still holds.
        self.told = {a: proven.told(a.question, a.variant) for a in answers if proven}
        self.size = len(answers) - sum(told is not None for told in self.told.values())
        self._numbers: dict[_Answer, int] = {}

    def submit(self, judges: Judges, recognised: Mapping[str, str]) -> None:
        """Asks for all that can be asked for before the solution has been graded."""
        self._judges = judges
        # The first ones are begun at once: those that need not wait for TensorFlow.
        right = [*self.solutions, *self.alternatives]
        for answer in sorted(right, key=self._uses_keras):
            self._submit(answer, 2)
        for answer in self.misconceptions:
            known = [recognised[answer.name]] if answer.name in recognised else []
            if known or not self._uses_keras(answer):
                self._submit(answer, 3, known)

    def submit_rest(self, reports: Mapping[str, Report]) -> None:
        """Asks for the others, with the quickest tests of the solution's first.

        Args:
            reports: of the solution, by question, where they are new.
        """
        for answer in self.misconceptions:
            if answer not in self._numbers:
                report = reports.get(answer.question)
                self._submit(answer, 3, _cheapest_first(report) if report else ())

    def report(self, answer: _Answer) -> Report | None:
        """The report of an answer; None if it is known to be as it should be."""
        if self.told.get(answer) is not None:
            return None
        return self._judges.report(self._numbers[answer])

    def note(self, answer: _Answer, told: str = "") -> None:
        """Keeps that an answer is as it should be."""
        if self.proven:
            self.proven.note(answer.question, answer.variant, told)

    def _submit(
        self, answer: _Answer, priority: int, first: Sequence[str] | None = None
    ) -> None:
        if self.told.get(answer) is not None:
            return
        # What needs no TensorFlow is judged while that loads; the longest first.
        priority = priority if self._uses_keras(answer) else 1
        job = Job(answer.question, answer.variant, first is not None, (*(first or ()),))
        self._numbers[answer] = self._judges.submit(job, priority)

    def _uses_keras(self, answer: _Answer) -> bool:
        allow = self.manifest.question(answer.question).allow
        return bool({"keras", "tensorflow"} & {a.partition(".")[0] for a in allow})


def _solved(work: _Work) -> Iterator[Proof]:
    reports: dict[str, Report] = {}
    lost: list[Proof] = []
    score = points = 0.0
    for answer in work.solutions:
        worth = work.manifest.question(answer.question).points
        report = work.report(answer)
        points += worth
        score += report.score if report else worth
        if report:
            reports[answer.question] = report
            lost += _lost(report)
            if report.full_marks:
                work.note(answer)
    work.submit_rest(reports)
    total = len(work.solutions)
    text = f"the solution scores {score:g} of {points:g}"
    text += _as_before(total - len(reports), total)
    reasons = {q.id: missing(q.requires) for q in work.manifest.questions}
    skipped = [f"{id}: {reason}" for id, reason in reasons.items() if reason]
    text += f"; not graded here: {'; '.join(skipped)}" if skipped else ""
    yield Proof(all(r.full_marks for r in reports.values()), text)
    yield from lost


def _caught(work: _Work, recognised: dict[str, str]) -> Iterator[Proof]:
    for id in _gradable_questions(work.manifest):
        if not any(answer.question == id for answer in work.misconceptions):
            yield Proof(False, f"no misconception tests the tests of {id}")
    caught = before = 0
    for answer in work.misconceptions:
        report = work.report(answer)
        if report is None:
            recognised[answer.name] = work.told[answer] or ""
            caught, before = caught + 1, before + 1
            continue
        complaint = _not_caught(answer, report)
        if complaint:
            yield Proof(False, complaint)
            continue
        caught += 1
        recognised[answer.name] = _telling(answer, report)
        work.note(answer, recognised[answer.name])
    total = len(work.misconceptions)
    text = f"{caught} of {total} misconceptions lose, with hint"
    yield Proof(caught == total, text + _as_before(before, total))


def _passed(work: _Work) -> Iterator[Proof]:
    passed = before = 0
    for answer in work.alternatives:
        report = work.report(answer)
        if report is None:
            passed, before = passed + 1, before + 1
        elif report.full_marks:
            passed += 1
            work.note(answer)
        else:
            yield Proof(False, f"{answer.name} is a right answer but loses")
            yield from _lost(report)
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


def _cheapest_first(solved: Report) -> tuple[str, ...]:
    """An order of tests in which a wrong answer is found out soon.

    Every test function once, the quickest first, then each with its second case, and
    so on; tests that take much longer than most, say with training, at the end.
    """
    seen: Counter[str] = Counter()
    places = {}
    (tests,) = (question.tests for question in solved.questions)
    slow = _SLOW * median([test.seconds for test in tests] or [0.0])
    for test in tests:
        function = test.name.partition(":")[0]
        places[test.name] = test.seconds > slow, seen[function], test.seconds
        seen[function] += 1
    return tuple(sorted(places, key=lambda name: places[name]))


def _lost(report: Report) -> Iterator[Proof]:
    for question in report.questions:
        if question.message:  # its cell as a whole; then no test says more
            yield Proof(False, f"{question.id}: {question.message}")
            continue
        for test in question.tests:
            if test.outcome is not Outcome.PASSED:
                text = f"{question.id}: {test.name}: {test.message}".splitlines()
                yield Proof(False, text[0])


def _telling(answer: _Answer, report: Report) -> str:
    """The test that told the misconception."""
    tests = [test for question in report.questions for test in question.tests]
    return next(test.name for test in tests if test.misconception == answer.name)


def _not_caught(answer: _Answer, report: Report) -> str:
    """Returns what is wrong with how a misconception was graded, or ``""``."""
    (question,) = report.questions
    if question.score:
        return f"{answer.name} is wrong but gets the points of {answer.question}"
    recognised = {test.misconception for test in question.tests} - {""}
    if answer.name not in recognised:
        instead = f"; it was taken for {', '.join(recognised)}" if recognised else ""
        return f"{answer.name} loses, but its hint is not given{instead}"
    return ""
