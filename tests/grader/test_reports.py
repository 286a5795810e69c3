"""What a student reads, and what machines read, of one grading."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from grader.errors import GraderError
from grader.printable import printable
from grader.reports.console import print_report, print_summary
from grader.reports.junit import write_junit
from grader.results import Outcome, QuestionResult, Report, TestResult

ODD = (
    "\x00\x1b[31mred\x1b[0m \ud800 \ufffe <script>&\"' ]]> ü \u2028 \u202e \x85 "
    "[bold]b[/bold]"
)


def report(*tests, message="", **other):
    passed = bool(tests) and all(t.outcome is Outcome.PASSED for t in tests)
    outcome = (
        Outcome.PASSED if passed else tests[0].outcome if tests else Outcome.NOT_RUN
    )
    question = QuestionResult(
        "double", "Twice", 3.0 * passed, 3.0, outcome, tests, message
    )
    settings = {"tests": "hidden", "notes": ()} | other
    return Report(
        "01_tiny", "Tiny", "a", 7, "isolated", questions=(question,), **settings
    )


def shown(report, width=100):
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, highlight=False, markup=False, emoji=False
    )
    print_report(report, console)
    return buffer.getvalue()


def failed(message="wrong", **other):
    return TestResult("is twice: n 3", Outcome.FAILED, message, **other)


def test_a_lost_point_says_what_was_called_what_came_and_why():
    text = shown(
        report(
            failed("the result is 9, not 6", called="double(3)", hint="You squared.")
        )
    )
    lines = [line.strip() for line in text.splitlines()]
    assert any("is twice: n 3" in line for line in lines)
    assert any("double(3)" in line for line in lines)
    assert any("the result is 9, not 6" in line for line in lines)
    assert any("You squared." in line for line in lines)
    assert "0 / 3" in text
    assert "--seed 7" in text
    assert "isolated" in text


def test_a_blank_is_not_answered_yet_and_nothing_else():
    blank = TestResult("answered", Outcome.ERROR, "not answered yet")
    text = shown(report(blank))
    assert "not answered yet" in text
    assert "Traceback" not in text
    assert "✗" not in text
    assert "rror" not in text


def test_a_hint_is_given_once():
    tests = [failed(hint="You squared."), failed(hint="You squared.")]
    assert shown(report(*tests)).count("You squared.") == 1


def test_the_recognised_failure_is_shown_first_and_the_rest_counted():
    tests = [failed(f"message {i}") for i in range(5)]
    text = shown(report(*tests, failed("message 5", hint="You squared.")))
    assert text.index("message 5") < text.index("message 0")
    assert "4 more" in text
    assert "message 3" not in text


def test_a_broken_cell_is_named():
    text = shown(
        report(message="cell 3: line 2: invalid syntax", notes=("cell 3 ...",))
    )
    assert "cell 3: line 2: invalid syntax" in text
    assert "Note: cell 3 ..." in text


def test_public_tests_never_say_all_passed():
    passed = TestResult("is twice", Outcome.PASSED)
    text = " ".join(shown(report(passed, tests="public")).split())
    assert "public tests show 3 of 3 points" in text
    assert "graded after you hand in" in text
    assert "graded after you hand in" not in shown(report(passed))


def test_markup_in_a_students_text_is_text():
    assert "[bold]b[/bold]" in shown(report(failed("a [bold]b[/bold] :smile:")))


@pytest.mark.parametrize("width", [20, 40, 400])
def test_any_width_of_terminal(width):
    assert "double" in shown(report(failed("m " * 500, called="double(3)")), width)


def test_control_characters_never_reach_a_terminal():
    clean = printable(ODD)
    assert "\x1b" not in clean
    assert "\x00" not in clean
    assert "\x85" not in clean
    assert "\u202e" not in clean  # what follows it would read from right to left
    assert "[31m" not in clean
    assert "red" in clean
    clean.encode()  # a lone surrogate would end the report in an error


def test_long_texts_are_shortened():
    assert len(printable("x" * 10_000)) < 5_000
    assert printable("x\n" * 1000).count("\n") < 50
    assert printable("a\nb") == "a\nb"


def test_a_summary_adds_up():
    buffer = io.StringIO()
    passed = report(TestResult("a", Outcome.PASSED))
    print_summary([passed, report(failed())], Console(file=buffer, width=100))
    (total,) = [line for line in buffer.getvalue().splitlines() if "All" in line]
    assert total.split()[:3] == ["All", "3", "6"]


def test_junit_counts_and_names(tmp_path):
    tests = [
        TestResult("a", Outcome.PASSED, seconds=0.5),
        failed("wrong", called="double(3)", hint="You squared."),
        TestResult("c", Outcome.TIMEOUT, "no answer"),
        TestResult("d", Outcome.CRASHED, "died"),
        TestResult("e", Outcome.ERROR, "raised"),
        TestResult("f", Outcome.NOT_RUN, "ended"),
    ]
    path = tmp_path / "out.xml"
    write_junit([report(*tests)], path)
    (suite,) = ET.parse(path).getroot()
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "1", "errors": "3", "skipped": "1"}
    kinds = [[child.tag for child in case] for case in suite]
    assert kinds == [[], ["failure"], ["error"], ["error"], ["error"], ["skipped"]]
    assert suite[0].get("time") == "0.500"
    for part in ("double(3)", "wrong", "You squared."):
        assert part in suite[1][0].text


def test_junit_holds_any_text(tmp_path):
    path = tmp_path / "out.xml"
    odd = TestResult(ODD, Outcome.FAILED, ODD, ODD, ODD)
    write_junit([report(odd)], path)
    (suite,) = ET.parse(path).getroot()
    assert "<script>&\"' ]]>" in suite[0][0].text
    assert "<script>" in suite[0].get("name")


def test_junit_that_cannot_be_written(tmp_path):
    with pytest.raises(GraderError, match=r"out.xml: cannot be written: No such file"):
        write_junit([report(failed())], tmp_path / "nowhere" / "out.xml")


def test_json_holds_any_text():
    odd = TestResult(ODD, Outcome.FAILED, ODD)
    text = json.dumps(report(odd).as_dict())
    text.encode("ascii")
    assert json.loads(text)["questions"][0]["tests"][0]["message"] == ODD
