"""The honest corpus: what a file in ``corpus/`` says, and the submission it makes.

A case is a right answer to one or more questions; the rest of its notebook is the
reference solution. A script in percent format begins with

    # /// honest
    # why = "returns float32 for float64 input"
    # assignment = "03"
    # ///

and a C++ file with the same in ``//`` comments. Further keys are those of `Case`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

from grader.authoring import solution_cells, solution_files
from grader.grade import Grading, grade
from grader.manifest import Manifest, find_assignment, load
from grader.proxies import References
from grader.results import Report
from grader.sandbox import Hosts
from grader.submission import read_submission
from grader.submission.cells import Cell, percent_cells
from tests.honest.saved import as_script, notebook, saved_by_jupyterlab

CORPUS = Path(__file__).with_name("corpus")
#: Inputs are drawn from a seed; any would do.
SEED = 11
#: Of the tests that failed in a question.
_MOST_TOLD = 2
_HEADER = re.compile(
    r"^(?P<mark>#|//) /// honest\n(?P<toml>.*?)^(?P=mark) ///\n", re.M | re.S
)


@dataclass(frozen=True)
class Case:
    """One right answer.

    Attributes:
        name: of its file, without the ending.
        why: what is unusual about it.
        assignment: its number.
        text: the answers, without the header.
        file: what it stands for, if it is not the notebook, e.g. ``"conv_shape.cc"``.
        grade: questions to grade; those that it answers if empty.
        script: handed in as a ``.py`` file.
        untagged: answer cells have lost the metadata that names their question.
        without: cells of the solution that hold one of these texts are deleted.
        first: its cells come before the solution's, not after.
        newlines: line ends.
        bom: whether the file begins with a byte-order mark.
    """

    name: str
    why: str
    assignment: str
    text: str
    file: str = ""
    grade: tuple[str, ...] = ()
    script: bool = False
    untagged: bool = False
    without: tuple[str, ...] = ()
    first: bool = False
    newlines: str = "\n"
    bom: bool = False

    @property
    def manifest(self) -> Manifest:
        """The assignment."""
        return load(find_assignment(self.assignment))

    @property
    def questions(self) -> tuple[str, ...]:
        """What is graded."""
        manifest = self.manifest
        if self.grade:
            return self.grade
        if self.file:
            return tuple(q.id for q in manifest.questions if self.file in q.files)
        answered = {cell.question for cell in percent_cells(self.text)}
        return tuple(id for id in manifest.ids if id in answered)

    def cells(self) -> list[Cell]:
        """The cells of its notebook."""
        solution = solution_cells(self.manifest)
        own = [] if self.file else percent_cells(self.text)
        answered = {cell.question for cell in own if cell.question}
        rest = [
            cell
            for cell in solution
            if cell.question not in answered
            and not any(text in cell.source for text in self.without)
        ]
        cells = [*own, *rest] if self.first else [*rest, *own]
        if self.untagged:
            cells = [replace(cell, question="") for cell in cells]
        return cells

    def write(self, folder: Path) -> Path:
        """Writes what a student would hand in; returns the folder."""
        manifest = self.manifest
        if self.script:
            self._write(folder / f"{manifest.name}.py", as_script(self.cells()))
        else:
            book = saved_by_jupyterlab(notebook(self.cells()))
            path = folder / f"{manifest.name}.ipynb"
            if path.name in manifest.submit:
                self._write(path, book)
        for name, contents in solution_files(manifest).items():
            if name == self.file:
                self._write(folder / name, self.text)
            else:
                (folder / name).write_bytes(contents)
        return folder

    def _write(self, path: Path, text: str) -> None:
        mark = "\ufeff" if self.bom else ""
        path.write_bytes((mark + text.replace("\n", self.newlines)).encode())


def corpus() -> list[Case]:
    """All cases, by assignment and name."""
    found = [read(path) for path in sorted(CORPUS.iterdir()) if path.is_file()]
    return sorted(found, key=lambda case: (case.assignment, case.name))


def read(path: Path) -> Case:
    """Returns the case in a file.

    Raises:
        ValueError: if its header is missing or says something unknown; names the file.
    """
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None:
        raise ValueError(f"{path.name}: no header `/// honest` at its beginning")
    mark = header["mark"]
    lines = [line.removeprefix(mark).strip() for line in header["toml"].splitlines()]
    told = tomllib.loads("\n".join(lines))
    unknown = told.keys() - {field.name for field in fields(Case)} | told.keys() & {
        "name",
        "text",
    }
    if unknown:
        raise ValueError(f"{path.name}: unknown key {', '.join(sorted(unknown))}")
    missing = {"why", "assignment"} - told.keys()
    if missing:
        raise ValueError(f"{path.name}: no key {', '.join(sorted(missing))}")
    lists = {
        key: tuple(value) for key, value in told.items() if isinstance(value, list)
    }
    return Case(name=path.stem, text=text[header.end() :], **told | lists)


def judge(case: Case, folder: Path, hosts: Hosts, references: References) -> Report:
    """Grades what the case hands in, in its own questions.

    Args:
        case: the case.
        folder: empty, for its files.
        hosts: where the answers run.
        references: of the same assignment.
    """
    submission = read_submission(case.manifest, case.write(folder))
    how = Grading(
        seed=SEED,
        only=case.questions,
        explain=False,
        hosts=hosts,
        references=references,
    )
    return grade(case.manifest, submission, how)


def lost(report: Report) -> str:
    """What a report says of the points that were lost; empty for full marks."""
    lines = []
    for question in report.questions:
        if question.score == question.points:
            continue
        lines.append(f"{question.id}: {question.score:g} of {question.points:g} points")
        failed = [test for test in question.tests if test.outcome.name != "PASSED"]
        for test in failed[:_MOST_TOLD]:
            lines.append(f"  {test.name}: {test.outcome.name}: {test.message}")
            lines += [f"    called {line}" for line in test.called.splitlines()]
        lines += [f"  note: {question.message}"] if question.message else []
    lines += [f"note: {note}" for note in report.notes] if lines else []
    return "\n".join(lines)
