"""What is there on this machine, and how to mend what is not."""

from grader.doctor.checks import CHECKS, Finding, works

__all__ = ["CHECKS", "Finding", "works"]
