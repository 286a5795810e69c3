"""Grades a class: every submission exactly once, whatever happens in between."""

from grader.batch.run import Batch, Summary, grade_class

__all__ = ["Batch", "Summary", "grade_class"]
