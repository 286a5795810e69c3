"""``python -m grader new``: a new assignment to begin with."""

from __future__ import annotations

import click

from grader.errors import GraderError
from grader.manifest import ROOT


@click.command("new")
@click.argument("number", type=click.IntRange(1, 99))
@click.argument("title")
def command(number: int, title: str) -> None:
    """Makes the folders of an assignment: python -m grader new 13 "Graph networks"

    With one question, its tests, a misconception and an alternative: everything to
    be replaced, and right from the start.
    """
    if not (ROOT / "solutions").is_dir():
        raise GraderError("there are no solutions here; only instructors make new ones")
    from grader.scaffold import create_assignment

    for path in create_assignment(number, title):
        click.echo(f"wrote {path.relative_to(ROOT)}")
    click.echo(f"now: python -m grader regenerate --check {number:02d}")
