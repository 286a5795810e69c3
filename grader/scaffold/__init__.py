"""The folders of a new assignment, complete enough to prove right at once."""

from grader.scaffold.create import create_assignment

__all__ = ["create_assignment"]
