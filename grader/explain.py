"""Recognises a misconception by what it computes.

The calls of a failed test are made again, in a clean worker, with a known wrong
answer in place of the student's; if everything comes back the same, the student has
made that mistake, and its hint says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from grader.authoring import Variant, read_variants, solution_cells, substituted
from grader.errors import GraderError, StudentError
from grader.handle import Handle
from grader.manifest import Manifest
from grader.replays import Replays
from grader.sandbox import Hosts
from grader.session import Call, Session, packages
from grader.submission import Submission

_TOLERANCE = 1e-4


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

    def explain(self, question: str, log: Sequence[Call]) -> Variant | None:
        """Returns the misconception that computes what the student's answer did.

        Args:
            question: the question whose test failed.
            log: the calls of that test.
        """
        log = list(log)
        if not log:
            return None
        if question != self._question:
            self.close()
            self._question = question
        try:
            for variant in self._candidates(question, log):
                if self._computes_the_same(variant, log):
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

    def _computes_the_same(self, variant: Variant, log: Sequence[Call]) -> bool:
        def make() -> Iterator[Call]:
            session = self._session(variant)
            session.renew()
            session.begin_test(log[0].seed)
            return session.replay(log)

        # What a layer gives before its weights are set is random.
        first = max((i for i, call in enumerate(log) if _sets_weights(call)), default=0)
        pairs = zip(log, self._replays.of(variant.name, log, make), strict=False)
        try:
            for index, (call, again) in enumerate(pairs):
                if index >= first and not _same_call(call, again):
                    return False
        except GraderError:
            return False
        return True

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
            self._submissions[variant.name] = substituted(
                self._manifest, solution, variant
            )
        return self._submissions[variant.name]


def _sets_weights(call: Call) -> bool:
    return call.message.get("operation") == "set_weights"


def _same_call(one: Call, other: Call) -> bool:
    if one.error is not None or other.error is not None:
        return (
            isinstance(one.error, StudentError)
            and isinstance(other.error, StudentError)
            and one.error.type_name == other.error.type_name
            and one.error.type_name != "NotImplementedError"
        )
    if one.message.get("operation") == "blueprint":
        return _same_model(one.result, other.result)
    if one.message.get("operation") == "save":  # a file has its date in it
        return all(_is_tuple(r, 3) for r in (one.result, other.result)) and same(
            one.result[0], other.result[0]
        )
    if one.message["op"] != "call":
        return same(one.result, other.result)
    both = all(_is_tuple(r, 2) for r in (one.result, other.result))
    if one.message.get("inputs_back") and both:
        results, inputs = zip(one.result, other.result, strict=True)
        return _same_values(*results) and _same_values(*inputs)
    return _same_values(one.result, other.result)


def _same_model(one: Any, other: Any) -> bool:
    """Compares what the workers tell of two models: enough for a hint."""
    told = [r.get("summary") if isinstance(r, dict) else None for r in (one, other)]
    return bool(told[0]) and same(*told)


def _is_tuple(result: Any, length: int) -> bool:
    return isinstance(result, tuple) and len(result) == length


def _same_values(one: Any, other: Any) -> bool:
    """As `same`, save for what an answer keeps for a later one, e.g. a cache.

    In ``(out, cache)`` the form of the cache is the student's own affair.
    """
    parts = [isinstance(r, list | tuple) and len(r) > 1 for r in (one, other)]
    if not all(parts) or len(one) != len(other):
        return same(one, other)
    if not (_is_value(one[0]) and _is_value(other[0])):
        return same(one, other)
    pairs = zip(one, other, strict=True)
    return all(same(a, b) for a, b in pairs if _is_value(a) and _is_value(b))


def _is_value(part: Any) -> bool:
    return isinstance(part, np.ndarray | np.generic | int | float | complex)


def same(one: Any, other: Any) -> bool:
    """True if two results are equal up to rounding; opaque objects count as equal."""
    if isinstance(one, Handle) or isinstance(other, Handle):
        return isinstance(one, Handle) and isinstance(other, Handle)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if one is None or isinstance(one, str | bytes):
        return type(one) is type(other) and bool(one == other)
    try:
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape:
            return False
        if a.dtype.kind in "iub" and b.dtype.kind in "iub":
            return bool(np.array_equal(a, b))  # a count is right or wrong by one
        scale = float(np.max(np.abs(b), initial=0.0)) if np.isfinite(b).all() else 1.0
        return bool(
            np.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE * scale, equal_nan=True)
        )
    except (TypeError, ValueError):
        return False
