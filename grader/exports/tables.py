"""The grades as a table, and as CSV and Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from grader.errors import GraderError
from grader.gradebook import Grade

#: East Asian keyboards have wide forms of = + - @, which count as well.
_WIDE = (0xFF1D, 0xFF0B, 0xFF0D, 0xFF20)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: What may stand before it unseen.
_BLANK = " \xa0\u200b\ufeff"
#: A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *map(chr, _WIDE))


def frame(grades: Sequence[Grade]) -> pd.DataFrame:
    """Returns one row a student, one column a question.

    Columns of questions are called ``points:ID``, so that none can be mistaken for
    another column.
    """
    ids = list(dict.fromkeys(id for grade in grades for id in grade.questions))
    rows = [_row(grade, ids) for grade in grades]
    return pd.DataFrame(rows, columns=[*_row_names(), *(f"points:{id}" for id in ids)])


def plain_text(value: str) -> str:
    """Returns `value` as text that no spreadsheet takes for a formula."""
    kept = _CONTROL.sub("", value)
    starts = (kept.lstrip(_BLANK), value.lstrip(_BLANK))
    return f"'{kept}" if any(s.startswith(_FORMULA) for s in starts) else kept


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Writes `table` as CSV that is safe to open in a spreadsheet."""
    safe = table.copy()
    safe.columns = [plain_text(str(name)) for name in safe.columns]
    for place in range(safe.shape[1]):
        column = safe.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(column):
            texts = [plain_text(v) if isinstance(v, str) else v for v in column]
            safe.isetitem(place, pd.Series(texts, index=safe.index, dtype=object))
    with_errors(lambda: safe.to_csv(path, index=False), path)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Writes `table` as Parquet."""
    with_errors(lambda: table.to_parquet(path, index=False), path)


def with_errors(write: Any, path: Path) -> None:
    """Calls `write`; an error of the disk is told in a line."""
    try:
        write()
    except OSError as error:
        raise GraderError(f"{path}: cannot be written: {error.strerror}") from None


def _row_names() -> list[str]:
    return [
        *("student", "name", "email", "on_roster", "state", "reason", "score"),
        *("points", "earned", "penalty_percent", "submitted", "graded"),
        *("misconceptions", "overridden", "note"),
    ]


def _row(grade: Grade, ids: Sequence[str]) -> dict[str, Any]:
    attempt = grade.attempt
    questions = attempt.report["questions"] if attempt else []
    found = {t["misconception"] for q in questions for t in q["tests"]}
    row = {
        "student": grade.student.id,
        "name": grade.student.name,
        "email": grade.student.email,
        "on_roster": grade.student.on_roster,
        "state": grade.state.value if grade.state else "missing",
        "reason": grade.reason,
        "score": grade.score,
        "points": grade.points,
        "earned": grade.earned,
        "penalty_percent": grade.penalty_percent,
        "submitted": attempt.submitted if attempt else "",
        "graded": attempt.graded if attempt else "",
        "misconceptions": " ".join(sorted(found - {""})),
        "overridden": " ".join(sorted(key or "total" for key in grade.overrides)),
        "note": attempt.note if attempt else "",
    }
    return row | {f"points:{id}": grade.questions.get(id) for id in ids}
