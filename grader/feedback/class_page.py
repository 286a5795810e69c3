"""What an instructor wants to know of a class, from its grades."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from grader.feedback.charts import difficulty_chart, distribution_chart
from grader.gradebook import Grade, State
from grader.results import NOT_ANSWERED


def class_facts(grades: Sequence[Grade], pages: Mapping[str, str]) -> dict[str, Any]:
    """Returns what the class page shows.

    Args:
        grades: of everybody.
        pages: student id to the address of the student's page.
    """
    handed_in = [grade for grade in grades if grade.attempt]
    scores = [grade.score for grade in handed_in]
    points = max((grade.points for grade in grades), default=0.0)
    seconds = [grade.attempt.seconds for grade in handed_in if grade.attempt]
    questions = _questions(handed_in)
    return {
        "points": points,
        "mean": statistics.fmean(scores) if scores else 0.0,
        "median": statistics.median(scores) if scores else 0.0,
        "full": sum(score >= points for score in scores),
        "handed_in": len(handed_in),
        "missing": len(grades) - len(handed_in),
        "distribution": Markup(distribution_chart(scores, points)),
        "difficulty": Markup(difficulty_chart(questions)),
        "questions": questions,
        "misconceptions": _misconceptions(handed_in),
        "odd": [
            f"{_name(grade)}: {grade.reason or grade.state}"
            for grade in handed_in
            if grade.state is not State.GRADED
        ],
        "seconds_mean": statistics.fmean(seconds) if seconds else 0.0,
        "seconds_max": max(seconds, default=0.0),
        "students": [
            {
                "name": _name(grade),
                "page": pages.get(grade.student.id, ""),
                "state": grade.state.value if grade.state else "missing",
                "score": grade.score,
            }
            for grade in grades
        ],
    }


def _questions(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    """One entry a question, the hardest first."""
    found: dict[str, dict[str, Any]] = {}
    for grade in grades:
        asked = grade.attempt.report["questions"] if grade.attempt else []
        for question in asked:
            if not question.get("graded", True):
                continue
            entry = found.setdefault(
                question["id"],
                {"title": question["title"], "id": question["id"]}
                | dict.fromkeys(("asked", "right", "blank", "died"), 0),
            )
            messages = [test["message"] for test in question["tests"]]
            entry["asked"] += 1
            entry["right"] += question["score"] >= question["points"]
            blank = {*messages} == {NOT_ANSWERED} and not question["message"]
            entry["blank"] += blank
            entry["died"] += question["outcome"] in ("TIMEOUT", "CRASHED")
    return sorted(found.values(), key=lambda e: e["right"] / max(1, e["asked"]))


def _misconceptions(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    """Who has which, the most frequent first."""
    students: dict[tuple[str, str], set[str]] = defaultdict(set)
    hints: dict[tuple[str, str], str] = {}
    for grade in grades:
        for question in grade.attempt.report["questions"] if grade.attempt else ():
            for test in question["tests"]:
                if test["misconception"]:
                    key = (question["id"], test["misconception"])
                    students[key].add(grade.student.id)
                    hints[key] = test["hint"]
    ranked = sorted(students, key=lambda key: (-len(students[key]), key))
    return [
        {
            "question": question,
            "name": name.replace("_", " "),
            "hint": hints[question, name],
            "students": sorted(students[question, name]),
        }
        for question, name in ranked
    ]


def _name(grade: Grade) -> str:
    return f"{grade.student.name} ({grade.student.id})".removeprefix(" ")
