"""Pages for people: one for each student, one of the class for the instructor."""

from grader.feedback.pages import student_page, write_feedback, write_report_page

__all__ = ["student_page", "write_feedback", "write_report_page"]
