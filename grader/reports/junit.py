"""The report as JUnit XML, for continuous integration."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from grader.errors import GraderError
from grader.results import Outcome, Report


def write_junit(reports: Sequence[Report], path: Path) -> None:
    """Writes one ``<testsuite>`` per question.

    Raises:
        GraderError: if the file cannot be written.
    """
    root = ET.Element("testsuites")
    for report in reports:
        for question in report.questions:
            suite = ET.SubElement(
                root,
                "testsuite",
                name=f"{report.assignment}.{question.id}",
                tests=str(len(question.tests)),
                failures=str(_count(question.tests, Outcome.FAILED)),
                errors=str(
                    _count(
                        question.tests, Outcome.ERROR, Outcome.TIMEOUT, Outcome.CRASHED
                    )
                ),
                skipped=str(_count(question.tests, Outcome.NOT_RUN)),
            )
            for test in question.tests:
                case = ET.SubElement(
                    suite,
                    "testcase",
                    classname=f"{report.assignment}.{question.id}",
                    name=_xml(test.name),
                    time=f"{test.seconds:.3f}",
                )
                if test.outcome is Outcome.PASSED:
                    continue
                tag = {Outcome.FAILED: "failure", Outcome.NOT_RUN: "skipped"}.get(
                    test.outcome, "error"
                )
                detail = ET.SubElement(
                    case, tag, type=test.outcome.value, message=_xml(test.message[:200])
                )
                detail.text = _xml(
                    f"{test.called}\n{test.message}\n{test.hint}".strip()
                )
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror}") from None


def _count(tests: Sequence[object], *outcomes: Outcome) -> int:
    return sum(getattr(test, "outcome", None) in outcomes for test in tests)


def _xml(text: str) -> str:
    """Leaves out what XML cannot hold, e.g. lone surrogates from a student's text."""
    return "".join(
        char
        for char in text
        if char in "\t\n" or (char >= " " and not "\ud800" <= char <= "\udfff")
        if char not in "\ufffe\uffff"
    )
