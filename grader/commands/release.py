"""``python -m grader release``: what students are handed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.errors import ExitCode
from grader.manifest import all_assignments, find_assignment, load

_NAME = "cnn-course"


@click.command("release")
@click.argument("assignments", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("dist"),
    show_default=True,
    help="Folder to write into.",
)
@click.option("--folder", is_flag=True, help="A folder instead of a zip.")
def command(assignments: tuple[str, ...], out: Path, folder: bool) -> None:
    """Makes the students' bundle: python -m grader release 01 02 --out dist/

    With the assignments named, or all. Nothing is written if any file of it holds a
    piece of a solution.
    """
    from grader.release import find_answers, make_bundle, write_folder, write_zip

    folders = [find_assignment(name) for name in assignments] or all_assignments()
    manifests = [load(path) for path in sorted({*folders})]
    bundle = make_bundle(manifests)
    leaks = list(dict.fromkeys([*bundle.leaks, *find_answers(bundle.files)]))
    for leak in leaks:
        click.echo(f"  {leak}", err=True)
    if leaks:
        count = "1 leak" if len(leaks) == 1 else f"{len(leaks)} leaks"
        click.echo(f"grader: {count}; nothing was written", err=True)
        sys.exit(ExitCode.POINTS_LOST)
    if folder:
        target = out / _NAME
        write_folder(bundle.files, target)
    else:
        target = out / f"{_NAME}.zip"
        write_zip({f"{_NAME}/{n}": data for n, data in bundle.files.items()}, target)
    names = ", ".join(manifest.name for manifest in manifests)
    size = sum(map(len, bundle.files.values())) / 1e6
    click.echo(f"{names}: {len(bundle.files)} files, {size:.1f} MB, free of solutions")
    click.echo(f"written: {target}")
