"""The report on a terminal: a table of questions, then every lost point explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.results import NOT_ANSWERED, Outcome, QuestionResult, Report, TestResult
from grader.sandbox.levels import describe

_STYLE = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERROR: "red",
    Outcome.TIMEOUT: "magenta",
    Outcome.CRASHED: "magenta",
    Outcome.NOT_RUN: "yellow",
}
_MOST_SHOWN = 2


def number(value: float) -> str:
    """``15`` for 15.0, ``7.5`` for 7.5."""
    return f"{value:g}"


def print_report(report: Report, console: Console) -> None:
    """Prints one report."""
    console.print(_table(report))
    for question in report.questions:
        lost = question.graded and question.outcome is not Outcome.PASSED
        if lost and not _unanswered(question):
            console.print(_details(question))
    for note in (*_not_graded(report), *report.notes):
        console.print(Text(f"Note: {note}", style="yellow"))
    console.print(_summary(report))


def print_summary(reports: Sequence[Report], console: Console) -> None:
    """Prints one table over several assignments."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("Assignment")
    table.add_column("Points", justify="right")
    table.add_column("of", justify="right")
    table.add_column("Time", justify="right")
    for report in reports:
        style = "green" if report.full_marks else "red"
        table.add_row(
            report.assignment,
            Text(number(report.score), style=style),
            number(report.points),
            f"{report.seconds:.1f} s",
        )
    table.add_section()
    table.add_row(
        "All",
        number(sum(report.score for report in reports)),
        number(sum(report.points for report in reports)),
        f"{sum(report.seconds for report in reports):.1f} s",
    )
    console.print(table)


def _table(report: Report) -> Table:
    table = Table(
        title=f"{report.assignment}: {report.title}",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("Question", no_wrap=True)
    table.add_column("")
    table.add_column("Result")
    table.add_column("Points", justify="right")
    for question in report.questions:
        result = Text(_verdict(question), style=_STYLE[question.outcome])
        earned = number(question.score) if question.graded else "-"
        points = f"{earned} / {number(question.points)}"
        table.add_row(question.id, Text(question.title, style="dim"), result, points)
    table.add_section()
    table.add_row("Total", "", "", f"{number(report.score)} / {number(report.points)}")
    return table


def _not_graded(report: Report) -> Iterator[str]:
    """Why a question was not graded on this machine, and that it counts nowhere."""
    for question in report.questions:
        if not question.graded:
            yield (
                f"{question.id} was not graded here: {question.message}. Its "
                f"{number(question.points)} points are neither earned nor lost; grade "
                "on a machine that has what is missing."
            )


def _unanswered(question: QuestionResult) -> bool:
    return not question.message and all(
        test.message == NOT_ANSWERED for test in question.tests
    )


def _verdict(question: QuestionResult) -> str:
    passed = sum(test.outcome is Outcome.PASSED for test in question.tests)
    if not question.graded:
        return "not graded here"
    if question.outcome is Outcome.PASSED:
        return f"passed ({passed} tests)"
    if question.message and not passed:
        return question.message if not question.tests else "cannot be read"
    if all(test.message == NOT_ANSWERED for test in question.tests):
        return NOT_ANSWERED if question.tests else "no result"
    word = question.outcome.value.lower().replace("_", " ")
    return f"{word} ({passed} of {len(question.tests)} tests passed)"


def _details(question: QuestionResult) -> Padding:
    """What was called, what came back, what was expected, and a hint."""
    lost = number(question.points - question.score)
    parts: list[RenderableType] = [
        Text(f"{question.id}: {lost} points to win", style="bold")
    ]
    if question.message:
        parts.append(_indented(Text(question.message, style="red")))
    failed = [
        test
        for test in question.tests
        if test.outcome not in (Outcome.PASSED, Outcome.NOT_RUN)
        and test.message != NOT_ANSWERED
    ]
    # A recognised misconception says most; show those tests first.
    failed.sort(key=lambda test: not test.hint)
    hints: list[str] = []
    for test in failed[:_MOST_SHOWN]:
        parts.append(_indented(_failed_test(test)))
        if test.hint and test.hint not in hints:
            hints.append(test.hint)
    if len(failed) > _MOST_SHOWN:
        more = f"and {len(failed) - _MOST_SHOWN} more tests (--json lists them all)"
        parts.append(_indented(Text(more, style="dim")))
    for hint in hints:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text("Hint:", style="bold cyan"), Text(hint, style="cyan"))
        parts.append(_indented(row))
    return Padding(Group(*parts), (0, 0, 1, 2))


def _failed_test(test: TestResult) -> Group:
    rows = Table.grid(padding=(0, 1))
    rows.add_column(style="dim", min_width=8)
    rows.add_column(overflow="fold")
    if test.called:
        rows.add_row("called", Text(test.called))
    rows.add_row("result", Text(test.message))
    return Group(Text(f"✗ {test.name}", style="red"), _indented(rows))


def _indented(item: RenderableType) -> Padding:
    return Padding(item, (0, 0, 0, 2))


def _summary(report: Report) -> Text:
    text = Text()
    if report.tests == "public":
        shown = f"{number(report.score)} of {number(report.points)} points"
        text.append(f"The public tests show {shown}. ", style="bold")
        text.append(
            f"All {number(report.points)} are graded after you hand in, by tests that "
            "are not in this folder.\n"
        )
    text.append(
        f"seed {report.seed} (repeat with --seed {report.seed}) · sandbox "
        f"{report.sandbox}: {describe(report.sandbox)} · {report.seconds:.1f} s",
        style="dim",
    )
    return text
