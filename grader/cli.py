"""The command line: ``python -m grader ASSIGNMENT [SUBMISSION]`` and its helpers."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from grader import commands
from grader.errors import ExitCode, GraderError
from grader.manifest import all_assignments, find_assignment, load
from grader.printable import one_line
from grader.results import Report

_COMMANDS = {module.name for module in pkgutil.iter_modules(commands.__path__)}


class _DefaultCommand(click.Group):
    """A group whose first word may be an assignment instead of a command.

    Its commands are those below and the files of ``grader.commands``.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _COMMANDS:
            found = importlib.import_module(f"{commands.__name__}.{name}").command
            assert isinstance(found, click.Command)
            return found
        return super().get_command(ctx, name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = args or ["--help"]
        first = args[0]
        known = (*self.list_commands(ctx), "--help", "-h")
        if first not in known:
            args = ["grade", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_DefaultCommand,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    subcommand_metavar="ASSIGNMENT [SUBMISSION] | COMMAND ...",
)
def cli() -> None:
    """Grades an assignment: python -m grader assignments/04"""


@cli.command("grade")
@click.argument("paths", nargs=-1, required=True, metavar="ASSIGNMENT [SUBMISSION]")
@click.option("-q", "--question", "only", multiple=True, help="Only this question.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Repeat this run.")
@click.option("--public", is_flag=True, help="Only the tests that students have.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "isolated", "restricted", "none"]),
    default="auto",
    show_default=True,
    help="How student code is confined.",
)
@click.option("--solved", is_flag=True, help="Grade the reference solutions.")
@click.option("--mistake", help="Grade the solution with this named misconception.")
def grade_command(
    paths: tuple[str, ...],
    only: tuple[str, ...],
    as_json: bool,
    junit: Path | None,
    html: Path | None,
    seed: int | None,
    public: bool,
    sandbox: str,
    solved: bool,
    mistake: str | None,
) -> None:
    """Grades SUBMISSION (a notebook or a folder), or the assignment's own folder.

    Several assignments at once are graded one after the other, with one summary.
    """
    pairs = _pairs(paths)
    if solved:
        pairs = [(assignment, _solution(assignment)) for assignment, _ in pairs]
    own = solved or mistake is not None
    guarded = not public and any(_is_guarded(*pair) for pair in pairs) and not own
    reports = []
    with _hosts(sandbox, guarded) as hosts:  # started once for all
        options = {"only": only, "seed": seed, "public": public, "hosts": hosts}
        for assignment, submission in pairs:
            report = _grade_one(assignment, submission, options, as_json, mistake)
            reports.append(report)
            if not as_json:
                _show(report)
    if junit is not None:
        from grader.reports.junit import write_junit

        write_junit(reports, junit)
    if html is not None:
        from grader.feedback import write_report_page

        write_report_page(reports, html)
    if as_json:
        click.echo(json.dumps(_as_object(reports)))
    elif len(reports) > 1:
        from grader.reports.console import print_summary

        print_summary(reports, _console())
    full = all(report.full_marks for report in reports)
    sys.exit(ExitCode.FULL_MARKS if full else ExitCode.POINTS_LOST)


@cli.command("regenerate")
@click.argument("assignments", nargs=-1)
@click.option("--check", is_flag=True, help="Prove everything, change nothing.")
@click.option("--execute", is_flag=True, help="Execute all notebooks.")
@click.option("--afresh", is_flag=True, help="Prove also what has not changed since.")
def regenerate_command(
    assignments: tuple[str, ...], check: bool, execute: bool, afresh: bool
) -> None:
    """Makes student and solution notebooks from their source, with the proofs.

    What was proven before, and of which nothing has changed, is not proven again.
    """
    from grader.regenerate import (
        lone_walkthroughs,
        regenerate,
        regenerate_walkthrough,
    )

    console = _console()
    scripts = lone_walkthroughs(assignments)
    names = [name for name in assignments if not lone_walkthroughs([name])]
    folders = [find_assignment(name) for name in names]
    if not assignments:
        folders = all_assignments()
    how = {"check": check, "execute": execute, "afresh": afresh}
    if not regenerate(folders, **how, console=console):
        sys.exit(ExitCode.POINTS_LOST)
    for script in scripts:
        regenerate_walkthrough(script, check=check, execute=execute, console=console)


def main() -> None:
    """Runs the command line; every error a user can cause is one line."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(ExitCode.USAGE)
    except click.ClickException as error:
        _fail(error.format_message(), ExitCode.USAGE)
    except click.Abort:
        _fail("stopped", ExitCode.USAGE)
    except GraderError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("stopped", ExitCode.USAGE)
    except BrokenPipeError:
        os._exit(ExitCode.USAGE)
    except Exception as error:
        if os.environ.get("GRADER_DEBUG"):
            raise
        if isinstance(error, OSError) and error.filename is not None:
            name = os.fsdecode(error.filename)[:200]
            _fail(f"{name}: {error.strerror}", ExitCode.USAGE)
        _fail(
            f"the grader itself failed ({type(error).__name__}: {error}); "
            "GRADER_DEBUG=1 shows where",
            ExitCode.GRADER_FAULT,
        )


def _fail(message: str, code: ExitCode) -> None:
    click.echo(f"grader: {one_line(message)}", err=True)
    sys.exit(code)


def _as_object(reports: list[Report]) -> dict[str, Any]:
    """One report, or the sum and the reports of several assignments."""
    if len(reports) == 1:
        return reports[0].as_dict()
    return {
        "score": sum(report.score for report in reports),
        "points": sum(report.points for report in reports),
        "assignments": [report.as_dict() for report in reports],
    }


def _pairs(paths: tuple[str, ...]) -> list[tuple[Path, Path | None]]:
    """One assignment, one with a submission, or several assignments."""
    first = find_assignment(paths[0])
    if len(paths) == 1:
        return [(first, None)]
    if len(paths) == 2:
        with contextlib.suppress(GraderError):
            second = find_assignment(paths[1])
            # Only beside the first: a student may hand in the whole folder, with its
            # manifest and tests, and neither is to be believed.
            if second.parent == first.parent and second != first:
                return [(first, None), (second, None)]
        return [(first, Path(paths[1]))]
    return [(first, None), *((find_assignment(path), None) for path in paths[1:])]


def _is_guarded(assignment: Path, submission: Path | None) -> bool:
    """True if hidden tests judge what is not the course's own solution."""
    manifest = load(assignment)
    if manifest.hidden_tests is None:
        return False
    own = manifest.solution_folder.resolve()
    return submission is None or not submission.resolve().is_relative_to(own)


@contextlib.contextmanager
def _hosts(sandbox: str, guarded: bool) -> Iterator[Any]:
    from grader.sandbox import Hosts

    hosts = Hosts(sandbox, guarded)
    try:
        yield hosts
    finally:
        hosts.close()


def _solution(assignment: Path) -> Path:
    folder = load(assignment).solution_folder
    if not folder.is_dir():
        raise GraderError(f"{assignment.name}: there is no solution here to grade")
    return folder


def _grade_one(
    assignment: Path,
    submission: Path | None,
    options: dict[str, Any],
    as_json: bool,
    mistake: str | None,
) -> Report:
    from grader.grade import Grading, grade
    from grader.submission import read_submission

    manifest = load(assignment)
    if mistake is not None:
        from grader.authoring import mistaken_submission

        given = mistaken_submission(manifest, mistake)
    else:
        given = read_submission(manifest, submission)
    with _progress(as_json) as progress:
        return grade(manifest, given, Grading(progress=progress, **options))


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A line on stderr that names the question being tested; none in a pipe."""
    if quiet or not sys.stderr.isatty():
        yield lambda question: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting…") as status:
        yield lambda question: status.update(f"testing {question} …")


def _show(report: Report) -> None:
    from grader.reports.console import print_report

    print_report(report, _console())


def _console() -> Any:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console.width = 100
    return console
