"""What is taken from a student: definitions, never the run of a notebook."""

from grader.submission.definitions import Definitions, Problem, Unit, extract
from grader.submission.files import Submission, read_submission
from grader.submission.parcel import is_blank_file, parcel

__all__ = [
    "Definitions",
    "Problem",
    "Submission",
    "Unit",
    "extract",
    "is_blank_file",
    "parcel",
    "read_submission",
]
