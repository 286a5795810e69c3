"""Grades attacks as a teacher would, one alone or a class of them, and judges.

A trial returns complaints: what an attack has gained, read, changed or left behind.
There must be none.
"""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console

from grader.authoring import solution_cells, solution_files
from grader.exports import frame, write_csv
from grader.gradebook import Gradebook, grades
from grader.manifest import Manifest, find_assignment, load
from grader.reports.console import print_report
from grader.results import Report
from grader.submission.cells import Cell, percent_cells, read_cells
from tests.attacks.arena import Arena, control_characters, live_parts
from tests.attacks.attack import Attack
from tests.grader.course import notebook

#: Beyond this a grading counts as hung; a single one takes a few seconds.
HUNG_S = 240


@dataclass(frozen=True)
class Verdict:
    """What came of one attack in one way of grading.

    Attributes:
        mode: ``"single"`` or ``"batch"``.
        outcome: of the attacked question, or the submission's state.
        complaints: what should not have been; empty if the attack came to nothing.
    """

    attack: Attack
    mode: str
    outcome: str
    complaints: tuple[str, ...]
    seconds: float = 0.0


def single(attack: Attack, arena: Arena, sandbox: str = "auto") -> Verdict:
    """Grades `attack` alone, on the command line."""
    hand_in(attack, arena, arena.folder / "handed-in")
    page, xml = arena.folder / "report.html", arena.folder / "report.xml"
    command = ["-m", "grader", str(arena.assignment), str(arena.folder / "handed-in")]
    command += ["--json", "--html", str(page), "--junit", str(xml)]
    command += ["--seed", "1", "--sandbox", sandbox]
    done = run(command, arena)
    shutil.rmtree(arena.folder / "handed-in")
    complaints = [*_hung(done), *arena.traces()]
    shown = done.out + done.err
    if page.is_file():
        html = page.read_text()
        shown += html
        complaints += [f"its page has a live {part}" for part in live_parts(html)]
        page.unlink()
    if xml.is_file():
        shown += xml.read_text()
        complaints += _about_xml(xml)
        xml.unlink()
    if arena.stolen(shown):
        complaints.append("a secret stands in the report")
    if control_characters(done.err):
        complaints.append("control characters reach the terminal")
    try:
        report = Report.from_dict(json.loads(done.out))
    except (ValueError, KeyError, TypeError):
        if attack.made and done.code == 2 and len(done.err.splitlines()) == 1:
            return Verdict(attack, "single", "unreadable", tuple(complaints))
        complaints.append(f"no report; exit code {done.code}: {done.err[-300:]!r}")
        return Verdict(attack, "single", "none", tuple(complaints), done.seconds)
    complaints += _about_report(attack, report)
    outcome = _outcome(attack, report)
    return Verdict(attack, "single", outcome, tuple(complaints), done.seconds)


def in_a_class(attacks: Sequence[Attack], arena: Arena) -> list[Verdict]:
    """Grades all `attacks` in one batch, with honest neighbours between them."""
    entries: dict[str, Attack | None] = {}
    compiled = any(question.files for question in load(arena.assignment).questions)
    every = 24 if compiled else 8  # what is compiled takes long
    for number, attack in enumerate(attacks):
        entries[f"a{number:03}"] = attack
        if number % every == 0:
            entries[f"a{number:03}-honest"] = None
    klass, out = arena.folder / "class", arena.folder / "grades"
    for student, attack in entries.items():
        hand_in(attack, arena, klass / student)
        if attack is None:
            (book,) = (klass / student).glob("*.ipynb")
            text = json.loads(book.read_text()) | {"metadata": {"by": arena.secret}}
            book.write_text(json.dumps(text))
    command = ["-m", "grader", "batch", str(arena.assignment), str(klass)]
    done = run(
        [*command, "--out", str(out), "--jobs", "2", "--seed", "1"], arena, len(entries)
    )
    shutil.rmtree(klass)
    of_all = [*_hung(done), *arena.traces()]
    if done.code != 0:
        of_all.append(f"exit code {done.code}: {(done.out + done.err)[-300:]!r}")
    if arena.stolen(done.out + done.err):
        of_all.append("a secret stands in what the command prints")
    if control_characters(done.out + done.err):
        of_all.append("control characters reach the terminal")
    with Gradebook(out / "gradebook.sqlite") as book:
        found = {g.student.id: g for g in grades(book, arena.assignment.name)}
        of_all += _about_exports(list(found.values()), arena, out)
    verdicts = [_in_class(a, found[s], arena) for s, a in entries.items() if a]
    honest = [found[s] for s, attack in entries.items() if attack is None]
    of_all += [
        f"{g.student.id} has {g.score:g} of {g.points:g}"
        for g in honest
        if g.score < load(arena.assignment).points
    ]
    if of_all:  # somebody's; each is suspect
        verdicts = [replace(v, complaints=(*v.complaints, *of_all)) for v in verdicts]
    return verdicts


def hand_in(attack: Attack | None, arena: Arena, folder: Path) -> None:
    """Writes an attack's submission, or the honest one, into a new folder."""
    folder.mkdir(parents=True)
    manifest = load(arena.assignment)
    if attack is not None and attack.made:
        honest = notebook(*((c.question, c.source) for c in _solution(manifest.name)))
        source = arena.place(attack.source)
        _builder(source)(folder, honest)
        return
    files = dict(_files(manifest.name))
    cells: Sequence[Cell] = _solution(manifest.name)
    if attack is not None and attack.blank:
        cells = read_cells(manifest.folder / manifest.submit[0])
        files = {file: (manifest.folder / file).read_bytes() for file in files}
    if attack is not None:
        source = arena.place(attack.source)
        if attack.file:
            files[attack.file] = source.encode()
        else:
            cells = _attacked(attack, manifest, percent_cells(source))
    name = manifest.submit[0]
    (folder / name).write_text(notebook(*((c.question, c.source) for c in cells)))
    for file, contents in files.items():
        (folder / file).write_bytes(contents)


@dataclass(frozen=True)
class Done:
    """A command that has ended, or was ended."""

    out: str
    err: str
    code: int | None
    seconds: float


def run(command: Sequence[str], arena: Arena, count: int = 1) -> Done:
    """Runs Python with `command` as the instructor would."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=arena.environment,
        cwd=arena.home,
        text=True,
        errors="replace",
    )
    try:
        out, err = process.communicate(timeout=HUNG_S + 10 * count)
        code: int | None = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        code = None
    return Done(out, err, code, time.monotonic() - started)


def _hung(done: Done) -> Iterator[str]:
    if done.code is None:
        yield f"the grader hung: stopped after {done.seconds:.0f} s"
    elif done.code < 0:
        yield f"the grader itself was ended by signal {-done.code}"


def _about_xml(path: Path) -> Iterator[str]:
    try:
        ElementTree.parse(path)
    except ElementTree.ParseError as error:
        yield f"its JUnit file is none: {error}"


def _about_report(attack: Attack, report: Report) -> Iterator[str]:
    if report.sandbox != "isolated":
        yield f"graded at level {report.sandbox}"
    for question in report.questions:
        allowed = attack.blank or question.id in attack.loses
        if question.id == attack.question:
            if question.outcome not in attack.verdict:
                expected = " or ".join(attack.verdict)
                yield f"{question.id} is {question.outcome}, not {expected}"
            if question.score > 0 and "PASSED" not in attack.verdict:
                yield f"{question.id} earns {question.score:g} points"
        elif question.graded and question.score < question.points and not allowed:
            said = " ".join(t.message for t in question.tests if t.message)
            yield f"{question.id} loses its points: {(question.message or said)[:200]}"
    text = io.StringIO()
    print_report(report, Console(file=text, width=100, highlight=False, markup=False))
    if control_characters(text.getvalue()):
        yield "control characters reach the terminal"
    if len(text.getvalue()) > 100_000:
        yield f"a report of {len(text.getvalue()) >> 10} kB"


def _outcome(attack: Attack, report: Report) -> str:
    asked = [q.outcome.value for q in report.questions if q.id == attack.question]
    return asked[0] if asked else ""


def _in_class(attack: Attack, grade: Any, arena: Arena) -> Verdict:
    if grade.attempt is None:
        return Verdict(attack, "batch", "missing", ("it is not in the gradebook",))
    report = Report.from_dict(grade.attempt.report)
    state = grade.state.value
    if state == "unreadable" and attack.made:
        complaints = [] if grade.score == 0 else ["unreadable, and points"]
    else:
        complaints = list(_about_report(attack, report))
    if attack.states and state not in attack.states:
        complaints.append(f"its state is {state}")
    if arena.stolen(json.dumps(grade.attempt.report) + grade.reason):
        complaints.append("a secret stands in the report")
    outcome = _outcome(attack, report)
    return Verdict(
        attack, "batch", outcome, tuple(complaints), float(grade.attempt.seconds)
    )


def _about_exports(found: list[Any], arena: Arena, out: Path) -> Iterator[str]:
    for page in (out / "feedback").rglob("*.html"):
        html = page.read_text()
        for part in live_parts(html):
            yield f"{page.name} has a live {part}"
        if arena.stolen(html):
            yield f"a secret stands in {page.name}"
    table = out / "grades.csv"
    write_csv(frame(found), table)
    for line in table.read_text().splitlines():
        cells = [cell.strip('"') for cell in line.split(",")]
        formulas = [c for c in cells if c[:1] in ("=", "+", "@", "\t") and c[1:]]
        for formula in formulas:
            yield f"a formula in the table: {formula[:40]}"


def _attacked(attack: Attack, manifest: Manifest, cells: Sequence[Cell]) -> list[Cell]:
    """The solution with the attack in place of one answer, or of all."""
    taken = [q for q in manifest.questions if attack.blank or q.id == attack.question]
    names = {name for question in taken for name in question.graded_names}
    others = [
        replace(cell, question="", source=_without(cell.source, names))
        if cell.question in {question.id for question in taken}
        else cell
        for cell in _solution(manifest.name)
    ]
    return [*cells, *others]


def _without(source: str, names: set[str]) -> str:
    """A cell's helpers without the answer itself."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if getattr(node, "name", None) not in names]
    return ast.unparse(tree)


def _builder(source: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(source, "attack", "exec"), namespace)
    return namespace["build"]


@cache
def _solution(name: str) -> tuple[Cell, ...]:
    return tuple(solution_cells(load(find_assignment(name))))


@cache
def _files(name: str) -> Mapping[str, bytes]:
    return solution_files(load(find_assignment(name)))
