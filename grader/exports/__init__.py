"""Grades for other systems: each a function from grades to a file."""

from grader.exports.formats import write
from grader.exports.gradescope import results, write_results
from grader.exports.lms import canvas, moodle
from grader.exports.tables import frame, write_csv, write_parquet

__all__ = [
    "canvas",
    "frame",
    "moodle",
    "results",
    "write",
    "write_csv",
    "write_parquet",
    "write_results",
]
