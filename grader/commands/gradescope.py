"""``python -m grader gradescope``: an autograder to upload."""

from __future__ import annotations

from pathlib import Path

import click

from grader.manifest import find_assignment, load


@click.command("gradescope")
@click.argument("assignment")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist"),
    show_default=True,
    help="Folder to write into.",
)
def command(assignment: str, out: Path) -> None:
    """Makes Gradescope's autograder: python -m grader gradescope 04

    Upload the zip there as it is, and choose Ubuntu 24.04 as its base image.
    """
    from grader.gradescope import EXECUTABLE, autograder_files
    from grader.release import write_zip

    manifest = load(find_assignment(assignment))
    files = autograder_files(manifest)
    target = out / f"gradescope-{manifest.name}.zip"
    write_zip(files, target, EXECUTABLE)
    click.echo(f"{manifest.name}: {len(files)} files written to {target}")
