"""What can go wrong, and the exit code that says so."""

from __future__ import annotations

from enum import IntEnum

from grader.printable import one_line


class ExitCode(IntEnum):
    """Exit codes of ``python -m grader``."""

    FULL_MARKS = 0
    POINTS_LOST = 1
    USAGE = 2  # a wrong argument, an unreadable file, a faulty manifest
    GRADER_FAULT = 3  # the grader or a hidden test is at fault, never the student


class GraderError(Exception):
    """An error that the person at the keyboard can mend: one line, no traceback.

    Its message may quote what a student wrote: that is made plain text here.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class ManifestError(GraderError):
    """An ``assignment.toml`` or its test folder is wrong; names file and key."""


class SubmissionError(GraderError):
    """A submission cannot be read at all; names the file and the mend."""


class GraderFault(GraderError):
    """Something on the grader's own side broke; the student is not to blame."""

    exit_code = ExitCode.GRADER_FAULT


class WorkerFault(GraderFault):
    """No worker could be started: nothing can be graded, whatever the test."""


class HostLost(WorkerFault):
    """The process that makes workers has ended; a new one may do better."""


class NotSendable(GraderFault):
    """A test passes what no worker takes: arguments of its own, or an answer's."""


class StudentFault(Exception):
    """Base of everything that student code can cause during a call."""


class StudentError(StudentFault):
    """The student's function raised.

    Attributes:
        type_name: name of the exception's class, e.g. ``"ValueError"``.
        message: its text, shortened.
        where: frames in the student's own cells, innermost last, as
            ``("cell 7", 12, "out[n] = ...")``.
        bases: names of the class and its bases.
    """

    def __init__(
        self,
        type_name: str,
        message: str,
        where: list[tuple[str, int, str]],
        bases: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.type_name = type_name
        self.message = message
        self.where = where
        self.bases = bases or (type_name,)


class NotAllowed(StudentFault):
    """The answer called something that its question does not allow."""


class StudentTimeout(StudentFault):
    """The question's time was used up; its worker was killed."""


class StudentCrash(StudentFault):
    """The worker process died: exit, signal, memory limit, or a broken protocol."""
