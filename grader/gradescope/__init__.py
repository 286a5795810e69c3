"""An autograder for Gradescope: its zip, and what runs there."""

from grader.gradescope.pack import EXECUTABLE, autograder_files

__all__ = ["EXECUTABLE", "autograder_files"]
