"""``python -m grader doctor``: is everything there?"""

from __future__ import annotations

import sys

import click

from grader.errors import ExitCode


@click.command("doctor")
def command() -> None:
    """Says what is present on this machine, and how to mend what is not.

    The exit code is 0 if grading works; what is marked with - is not needed for it.
    """
    from grader.doctor import CHECKS, works

    findings = []
    for check in CHECKS:
        finding = check()
        findings.append(finding)
        mark = "✓" if finding.good else "✗" if finding.needed else "-"
        click.echo(f"{mark} {finding.name:13} {finding.found}")
        if finding.mend:
            click.echo(f"  {'':13} → {finding.mend}")
    if works(findings):
        click.echo("grading works here")
        return
    click.echo("grading does not work here: mend what is marked with ✗")
    sys.exit(ExitCode.GRADER_FAULT)
