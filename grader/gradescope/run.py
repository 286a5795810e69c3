"""Grades the one submission that Gradescope has laid out: runs on its machine."""

from __future__ import annotations

import json
import sys
import zlib
from datetime import datetime
from pathlib import Path

import click

from grader.batch.tasks import tests_digest, unread
from grader.errors import ExitCode, GraderError, SubmissionError, WorkerFault
from grader.exports.gradescope import results, write_results
from grader.grade import Grading, grade
from grader.late import penalty_percent
from grader.manifest import Manifest, find_assignment, load
from grader.results import Report
from grader.submission import read_submission

#: Without one of these a student's code could read the hidden tests.
_LEVELS = ("isolated", "restricted")


@click.command()
@click.argument("assignment")
@click.option("--root", type=click.Path(path_type=Path), default="/autograder")
@click.option("--sandbox", type=click.Choice(["auto", *_LEVELS]), default="auto")
def main(assignment: str, root: Path, sandbox: str) -> None:
    """Writes ROOT/results/results.json for what lies in ROOT/submission."""
    try:
        manifest = load(find_assignment(assignment))
        report = _report(manifest, root / "submission", sandbox)
        late = penalty_percent(_submitted(root), manifest.late)
        write_results(results(report, late), root / "results" / "results.json")
    except GraderError as error:
        # Without results.json Gradescope says that the autograder failed: no student
        # gets a zero for it.
        click.echo(f"grader: {error}", err=True)
        sys.exit(ExitCode.GRADER_FAULT)


def _report(manifest: Manifest, folder: Path, sandbox: str) -> Report:
    seed = zlib.crc32(tests_digest(manifest).encode())
    try:
        submission = read_submission(manifest, _found(manifest, folder))
    except SubmissionError as error:
        return Report.from_dict(unread(manifest, str(error), seed))
    levels = _LEVELS if sandbox == "auto" else (sandbox,)
    for level in levels:
        try:
            return grade(manifest, submission, Grading(seed=seed, sandbox=level))
        except WorkerFault:
            if level == levels[-1]:
                raise
    raise AssertionError("there is always a level")


def _found(manifest: Manifest, folder: Path) -> Path:
    """The folder that holds the notebook, or the one notebook of another name."""
    first = manifest.submit[0]
    if not (folder / first).exists():
        named = sorted(folder.rglob(first))
        notebooks = sorted(folder.rglob("*.ipynb"))
        if len(named) == 1:
            return named[0].parent
        if len(notebooks) == 1 and first.endswith(".ipynb"):
            return notebooks[0]
    return folder


def _submitted(root: Path) -> datetime | None:
    """When it was handed in, as Gradescope tells."""
    try:
        text = (root / "submission_metadata.json").read_text(encoding="utf-8")
        return datetime.fromisoformat(json.loads(text)["created_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    main()
