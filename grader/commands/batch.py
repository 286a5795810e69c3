"""``python -m grader batch``: a whole class in one command."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from grader.batch import Batch, Summary, grade_class
from grader.batch.run import GRADEBOOK_NAME
from grader.errors import ExitCode
from grader.gradebook import Grade, Gradebook, State, grades
from grader.intake import read_roster
from grader.manifest import Manifest, find_assignment, load
from grader.sandbox import LEVELS, describe

_MOST_LISTED = 20
_MOST_NAMED = 3


@click.command("batch")
@click.argument("assignment")
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder of the gradebook.",
)
@click.option(
    "--roster", type=click.Path(path_type=Path), help="The class, as a CSV file."
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), help="Processes; one per processor."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Where the work is done.",
)
@click.option("--scheduler", default="", help="For dask: tcp://HOST:PORT.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat a run.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "isolated", "restricted", "none"]),
    default="auto",
    show_default=True,
    help="How student code is confined.",
)
def command(
    assignment: str, submissions: Path, out: Path, roster: Path | None, **options: Any
) -> None:
    """Grades a class: python -m grader batch 04 SUBMISSIONS --out GRADES

    SUBMISSIONS is a folder for each student, a download from Canvas, Moodle or
    Gradescope (zip or unpacked), or a folder of notebooks. Run it again after an
    interruption, or when more has come in: only what is new or changed is graded.
    """
    if options["engine"] == "dask" and not options["scheduler"]:
        raise click.UsageError("--engine dask needs --scheduler tcp://HOST:PORT")
    manifest = load(find_assignment(assignment))
    people = read_roster(roster) if roster else None
    with _progress() as (started, progress):
        summary = grade_class(
            manifest,
            submissions,
            Batch(out, people, started=started, progress=progress, **options),
        )
    _print(summary, manifest, out)
    if summary.stopped:
        sys.exit(ExitCode.USAGE)
    sys.exit(ExitCode.GRADER_FAULT if summary.faults else ExitCode.FULL_MARKS)


def _print(summary: Summary, manifest: Manifest, out: Path) -> None:
    assignment = manifest.name
    states = ", ".join(f"{n} {state}" for state, n in sorted(summary.graded.items()))
    kept = f"{summary.kept} unchanged" if summary.kept else ""
    click.echo(f"{assignment}: " + "; ".join(filter(None, (states, kept))))
    from grader.feedback import write_feedback
    from grader.similarity import compare_class

    with Gradebook(out / GRADEBOOK_NAME) as book:
        found = grades(book, assignment)
    pairs = compare_class(found, manifest, out)
    page = write_feedback(found, assignment, out / "feedback" / assignment, pairs)
    odd = [
        (grade.student, grade.reason)
        for grade in found
        if grade.attempt and grade.state is not State.GRADED
    ]
    odd += [
        (g.student, "not on the roster") for g in found if g.student.on_roster is False
    ]
    odd += [(g.student, g.reason) for g in found if g.attempt is None]
    lines = [f"{s.id} {s.name}".strip() + f": {reason}" for s, reason in odd]
    lines += _faults(summary)
    for line in lines[:_MOST_LISTED]:
        click.echo(f"  {line}")
    if len(lines) > _MOST_LISTED:
        click.echo(f"  … and {len(lines) - _MOST_LISTED} more")
    handed_in = [g.score for g in found if g.attempt]
    if handed_in:
        mean, points = sum(handed_in) / len(handed_in), found[0].points
        click.echo(
            f"{len(handed_in)} handed in, {mean:.1f} of {points:g} points on average; "
            f"gradebook: {out / GRADEBOOK_NAME}"
        )
        click.echo(f"the class on a page: {page}")
    for level in _weaker_levels(found):
        click.echo(f"some were graded at sandbox level {level}: {describe(level)}")
    if pairs:
        alike = (
            "1 pair of submissions is" if len(pairs) == 1 else f"{len(pairs)} pairs are"
        )
        click.echo(f"{alike} alike: see there")
    if summary.stopped:
        click.echo(f"stopped; {summary.left} left: the same command goes on from here")
    elif summary.faults:
        click.echo(f"{summary.left} left: the same command tries them again")


def _weaker_levels(found: list[Grade]) -> list[str]:
    """The levels below the best at which code of this class has run."""
    used = {
        grade.attempt.report["sandbox"]
        for grade in found
        if grade.attempt and grade.state is not State.UNREADABLE
    }
    return [level for level in LEVELS[1:] if level in used]


def _faults(summary: Summary) -> Iterator[str]:
    """Who was not graded and why; what befell many is said once."""
    reasons = Counter(why for _, why in summary.faults)
    for who, why in summary.faults:
        if reasons[why] <= _MOST_NAMED:
            yield f"{who}: not graded: {why}"
    for why, count in reasons.items():
        if count > _MOST_NAMED:
            yield f"{count} submissions: not graded: {why}"


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    """A bar with the rate, the time left and a count for each state, on stderr."""
    if not sys.stderr.isatty():
        yield (lambda all, left: None), (lambda state: None)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    counts: Counter[str] = Counter()
    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    bar = Progress(
        *columns, TextColumn("{task.description}"), console=Console(stderr=True)
    )
    with bar:
        shown = bar.add_task("starting…", total=None)

        def started(all: int, left: int) -> None:
            bar.update(shown, total=left, description=f"{all - left} unchanged")

        def progress(state: State | None) -> None:
            counts[state.value if state else "not graded"] += 1
            text = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
            bar.update(shown, advance=1, description=text)

        yield started, progress
