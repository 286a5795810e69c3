"""Gradebook files that Canvas and Moodle import."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from grader.gradebook import Grade


def canvas(grades: Sequence[Grade], title: str) -> pd.DataFrame:
    """Returns the columns that Canvas's gradebook import asks for.

    The second row tells the points possible, as in Canvas's own export. A student
    who handed in nothing is left empty, which Canvas leaves as it is.
    """
    points = grades[0].points if grades else 0.0
    rows = [{"Student": "    Points Possible", title: points}]
    rows += [
        {
            "Student": _last_first(grade.student.name),
            "ID": grade.student.id,
            "SIS User ID": "",
            "SIS Login ID": grade.student.email,
            "Section": "",
            title: grade.score if grade.attempt or grade.overrides else None,
        }
        for grade in grades
    ]
    names = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
    return pd.DataFrame(rows, columns=names)


def moodle(grades: Sequence[Grade], title: str) -> pd.DataFrame:
    """Returns columns that Moodle's grade import can map: id, e-mail, grade."""
    rows = [
        {
            "ID number": grade.student.id,
            "Full name": grade.student.name,
            "Email address": grade.student.email,
            title: grade.score if grade.attempt or grade.overrides else "-",
            f"{title} (feedback)": grade.reason,
        }
        for grade in grades
    ]
    names = ["ID number", "Full name", "Email address", title, f"{title} (feedback)"]
    return pd.DataFrame(rows, columns=names)


def _last_first(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else name
