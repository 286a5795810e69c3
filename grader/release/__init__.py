"""The student's bundle: what is in it, the proof that it is clean, and its archive."""

from grader.release.archive import write_folder, write_zip
from grader.release.bundle import Bundle, make_bundle
from grader.release.scan import find_answers

__all__ = ["Bundle", "find_answers", "make_bundle", "write_folder", "write_zip"]
