"""What is taken from a student: definitions, never the run of a notebook."""

from grader.submission.definitions import Definitions, Problem, Unit, extract
from grader.submission.files import Submission, read_submission

__all__ = [
    "Definitions",
    "Problem",
    "Submission",
    "Unit",
    "extract",
    "read_submission",
]
