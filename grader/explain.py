"""Recognises a misconception by what it computes.

The calls of a failed test are made again, in a clean worker, with a known wrong
answer in place of the student's; if everything comes back the same, the student has
made that mistake, and its hint says so. No hint is better than a wrong one:

- An error tells little, for many mistakes raise a `ValueError`. Where a test ends in
  one, the known answer must do the same as the student's in all tests of the question.
- Values are compared, not their dtypes, for a mistake may be made in float32 as well.
  Where the student's values are the right ones, only the dtype can be wrong; then it
  must be the known answer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.authoring import (
    Variant,
    read_variants,
    solution_cells,
    solution_files,
    substituted,
)
from grader.comparing import (
    ends_in_an_error,
    exactly,
    same,
    same_call,
    same_dtype,
    same_text,
    sets_weights,
    tells,
)
from grader.errors import GraderError
from grader.manifest import Manifest
from grader.replays import Replays
from grader.sandbox import Hosts
from grader.session import Call, Session, packages
from grader.submission import Submission

_SOLUTION = "_solution"  # among the names of variants


class Explainer:
    """Matches failed tests with the assignment's misconceptions.

    Its workers serve until `close`, or until another question is asked about.
    """

    def __init__(self, manifest: Manifest, hosts: Hosts) -> None:
        self._manifest = manifest
        self._hosts = hosts
        self._variants: list[Variant] | None = None
        self._question = ""
        self._sessions: dict[tuple[str, tuple[str, ...], str], Session] = {}
        self._submissions: dict[str, Submission] = {}
        self._replays = Replays()
        self._found: Variant | None = None
        self._lent: Variant | None = None

    def explain(
        self, question: str, log: Sequence[Call], tests: Sequence[Sequence[Call]] = ()
    ) -> Variant | None:
        """Returns the misconception that computes what the student's answer did.

        Args:
            question: the question whose test failed.
            log: the calls of that test.
            tests: the calls of each test of the question, passed or failed, as far as
                they are known; asked if `log` ends in an error.
        """
        log = list(log)
        if not log:
            return None
        if question != self._question:
            self.close()
            self._question = question
        try:
            for variant in self._candidates(question, log):
                if self._is_made(variant, log, tests):
                    self._found = variant
                    return variant
            return None
        finally:
            if self._lent is not None:
                self._session(self._lent)  # as it was lent

    def lend(self, variant: Variant, session: Session) -> None:
        """Takes over a session of the course's own, to replay in, and to close.

        After each explanation it is turned to `variant` again.
        """
        if variant.question != self._question:
            self.close()
            self._question = variant.question
        key = self._key(variant)
        before = self._sessions.get(key)
        if before is not None and before is not session:
            before.close()
        self._sessions[key], self._lent = session, variant

    def forget(self) -> None:
        """Forgets what was found last: the next submission is another one."""
        self._found = None

    def close(self) -> None:
        """Ends the workers of the replays."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        self._found = self._lent = None

    def _candidates(self, question: str, log: Sequence[Call]) -> Iterator[Variant]:
        if self._variants is None:
            self._variants = read_variants(self._manifest, "misconception")
        if self._found is not None:
            yield self._found  # most often the same again
        called = {call.message.get("name", "") for call in log}
        # The question's own first; then those of other answers that it called.
        for own in (True, False):
            for variant in self._variants:
                names = self._manifest.question(variant.question).graded_names
                if variant is self._found or not called & {*names}:
                    continue
                if (variant.question == question) is own:
                    yield variant

    def _is_made(
        self, variant: Variant, log: Sequence[Call], tests: Sequence[Sequence[Call]]
    ) -> bool:
        """Whether the student has made this mistake."""
        try:
            if not self._computes_the_same(variant, log):
                return False
            if ends_in_an_error(log):
                return self._raises_alike(variant, log, tests)
            return self._is_wrong_alike(variant, log)
        except GraderError:
            return False

    def _raises_alike(
        self, variant: Variant, log: Sequence[Call], tests: Sequence[Sequence[Call]]
    ) -> bool:
        """Whether an error is this mistake's, and not another's of the same type."""
        if not all(self._computes_the_same(variant, test) for test in tests if test):
            return False
        if any(tells(call) for test in (*tests, log) for call in test):
            return True
        # Nothing but errors came: they must say the same.
        return all(same_text(one, other) for one, other in self._pairs(variant, log))

    def _is_wrong_alike(self, variant: Variant, log: Sequence[Call]) -> bool:
        """Whether values are wrong, or dtypes are in the same way."""
        pairs = self._pairs(variant, log)
        if all(same_call(one, other, same_dtype) for one, other in pairs):
            return True
        right = Variant(_SOLUTION, variant.question, "")
        return not self._computes_the_same(right, log, exact=True)

    def _computes_the_same(
        self, variant: Variant, log: Sequence[Call], *, exact: bool = False
    ) -> bool:
        # What a layer gives before its weights are set is random.
        first = max((i for i, call in enumerate(log) if sets_weights(call)), default=0)
        equal, made = exactly if exact else same, 0
        for call, again in self._pairs(variant, log):
            if made >= first and not same_call(call, again, equal):
                return False
            made += 1
        return made == len(log)  # or a call could not even be made

    def _pairs(
        self, variant: Variant, log: Sequence[Call]
    ) -> Iterator[tuple[Call, Call]]:
        """Each call of the student's, and the same of the variant."""

        def make() -> Iterator[Call]:
            session = self._session(variant)
            session.renew()
            session.begin_test(log[0].seed)
            return session.replay(log)

        return zip(log, self._replays.of(variant.name, log, make), strict=False)

    def _session(self, variant: Variant) -> Session:
        """The worker of the variant's question, turned to the variant.

        Variants share it, because TensorFlow's first operation takes longer than most
        replays. Answers in files cannot: a library is loaded once.
        """
        question = self._manifest.question(variant.question)
        submission = self._submission(variant)
        key = self._key(variant)
        session = self._sessions.get(key)
        if session is not None and session.broken is not None:
            session.close()
            session = None
        if session is None:
            session = self._sessions[key] = Session(
                self._manifest, question, submission, self._hosts, reference=True
            )
        if not key[-1]:
            session.take(submission, f"{variant.name}__")
        return session

    def _key(self, variant: Variant) -> tuple[str, tuple[str, ...], str]:
        """What variants must have in common to share a worker."""
        question = self._manifest.question(variant.question)
        needed = packages(question, self._submission(variant).definitions)
        own = variant.name if variant.files or self._manifest.bindings else ""
        return question.id, needed, own

    def _submission(self, variant: Variant) -> Submission:
        if variant.name not in self._submissions:
            solution = solution_cells(self._manifest)
            if variant.name == _SOLUTION:
                files = solution_files(self._manifest)
                made = Submission.from_cells(solution, files=files)
            else:
                made = substituted(self._manifest, solution, variant)
            self._submissions[variant.name] = made
        return self._submissions[variant.name]
