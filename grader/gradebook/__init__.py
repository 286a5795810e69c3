"""Every attempt at every submission, kept; and the grades that follow from them."""

from grader.gradebook.grades import Grade, grade_of, grades
from grader.gradebook.store import Attempt, Gradebook, Override, State, Student, now

__all__ = [
    "Attempt",
    "Grade",
    "Gradebook",
    "Override",
    "State",
    "Student",
    "grade_of",
    "grades",
    "now",
]
