"""An assignment's notebooks from one source, and the proofs that they are right."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import GraderError
from grader.manifest import ROOT, Manifest, check_tests, load
from grader.regenerate.allowed import check_packages
from grader.regenerate.execute import execute_notebook
from grader.regenerate.files import blank_files
from grader.regenerate.notebooks import (
    Source,
    is_executed,
    is_walked_through,
    read_source,
    solution_notebook,
    student_notebook,
    walkthrough_notebook,
    write_notebook,
)
from grader.regenerate.proofs import Proof, prove
from grader.regenerate.proven import Proven
from grader.regenerate.recognised import read_recognised, write_recognised
from grader.sandbox import Hosts

if TYPE_CHECKING:
    from rich.console import Console

WALKTHROUGHS = ROOT / "notebooks"
_STALE = (
    "notebooks/{0}.ipynb is not what {0}.py makes; "
    "run `python -m grader regenerate {0}`"
)


def regenerate(
    folders: Sequence[Path],
    *,
    check: bool,
    execute: bool,
    afresh: bool,
    console: Console,
) -> bool:
    """Regenerates assignments and prints each proof.

    Args:
        folders: assignment folders.
        check: change nothing but the notes of what is proven; the student notebook on
            disk must be up to date.
        execute: execute the notebooks, the walk-through too; else only those that are
            to be written and are not up to date.
        afresh: prove again what was proven before and has not changed.
        console: where to print.

    Returns:
        True if every proof holds.
    """
    hosts = Hosts()
    good = True
    try:
        for folder in folders:
            manifest = load(folder)
            started = time.perf_counter()
            console.print(f"{manifest.name}", style="bold")
            for proof in _one(manifest, hosts, check, execute, afresh):
                good &= proof.holds
                mark, style = ("✓", "green") if proof.holds else ("✗", "red")
                console.print(f"  {mark} {proof.text}", style=style, soft_wrap=True)
            seconds = time.perf_counter() - started
            console.print(f"  {seconds:.1f} s", style="dim")
    finally:
        hosts.close()
    return good


def regenerate_walkthrough(
    script: Path, *, check: bool, execute: bool, console: Console
) -> None:
    """Executes ``notebooks/NN_topic.py``; writes the notebook beside it.

    Args:
        script: the walk-through's source.
        check: write nothing; the notebook on disk must be up to date.
        execute: execute it even if the notebook is up to date.
        console: where to print.

    Raises:
        GraderError: if a cell fails, or the notebook is not up to date; names it.
    """
    console.print(f"notebooks/{script.name}", style="bold")
    if not execute and is_walked_through(script):
        console.print("  ✓ the walk-through is up to date", style="green")
        return
    if check and not execute:
        raise GraderError(_STALE.format(script.stem))
    started = time.perf_counter()
    book = execute_notebook(walkthrough_notebook(script), script.parent)
    if not check:
        write_notebook(book, script.with_suffix(".ipynb"))
    seconds = time.perf_counter() - started
    console.print(f"  ✓ executed in {seconds:.1f} s", style="green")


def lone_walkthroughs(names: Sequence[str]) -> list[Path]:
    """Walk-throughs that belong to no assignment, e.g. the tour.

    Args:
        names: prefixes to look for; all of them if empty.
    """
    lone = [
        script
        for script in sorted(WALKTHROUGHS.glob("[0-9]*.py"))
        if not (ROOT / "assignments" / script.stem).is_dir()
    ]
    return [s for s in lone if not names or s.stem.startswith(tuple(names))]


def _one(
    manifest: Manifest, hosts: Hosts, check: bool, execute: bool, afresh: bool
) -> Iterator[Proof]:
    check_tests(manifest)
    check_packages(manifest)
    source = read_source(manifest)
    text = student_notebook(source)
    made = {f"{manifest.name}.ipynb": text.encode(), **blank_files(manifest)}
    for name, contents in made.items():
        path = manifest.folder / name
        if check:
            yield _is_current(path, contents)
        else:
            path.write_bytes(contents)
            yield Proof(True, f"wrote {path.relative_to(ROOT)}")
    recognised = read_recognised(manifest)
    proven = Proven.read(manifest, ROOT / "build" / "proofs", forget=afresh)
    try:
        yield from prove(source, text, hosts, recognised=recognised, proven=proven)
    finally:  # also if it was stopped
        proven.write()
    if not check:
        write_recognised(manifest, recognised)
    if not (execute or check) and is_executed(source):
        yield Proof(True, "the solution notebook is up to date")
    elif execute or not check:
        yield _executed(source, write=not check)
    script = WALKTHROUGHS / f"{manifest.name}.py"
    if script.is_file():
        if execute or not (check or is_walked_through(script)):
            yield _walked_through(script, write=not check)
        elif not is_walked_through(script):
            yield Proof(False, _STALE.format(script.stem))


def _is_current(path: Path, contents: bytes) -> Proof:
    with contextlib.suppress(OSError):
        if path.read_bytes() == contents:
            what = "the student notebook" if path.suffix == ".ipynb" else path.name
            return Proof(True, f"{what} is up to date")
    name = path.relative_to(ROOT)
    command = f"python -m grader regenerate {path.parent.name}"
    return Proof(False, f"{name} is not what its source makes; run `{command}`")


def _executed(source: Source, write: bool) -> Proof:
    folder = source.manifest.folder
    started = time.perf_counter()
    try:
        book = execute_notebook(solution_notebook(source), folder)
    except GraderError as error:
        return Proof(False, f"the solution notebook fails: {error}")
    if write:
        write_notebook(book, source.path.with_suffix(".ipynb"))
    seconds = time.perf_counter() - started
    return Proof(True, f"the solution notebook runs ({seconds:.0f} s)")


def _walked_through(script: Path, write: bool) -> Proof:
    started = time.perf_counter()
    try:
        book = execute_notebook(walkthrough_notebook(script), script.parent)
    except GraderError as error:
        return Proof(False, f"the walk-through fails: {error}")
    if write:
        write_notebook(book, script.with_suffix(".ipynb"))
    seconds = time.perf_counter() - started
    return Proof(True, f"the walk-through runs ({seconds:.0f} s)")
