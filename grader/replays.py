"""Keeps what known wrong answers did when the calls of a test were made again.

Students make the same mistakes, at the same tests and with the same random numbers: for
all but the first, nothing has to be computed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from grader.errors import StudentError
from grader.handle import Handle
from grader.protocol import CodecError, encode
from grader.session import Call, Ref, rebuilt

_MOST = 500
_MOST_BYTES = 2**17  # of the results of one test


@dataclass
class _Kept:
    calls: list[Call] = field(default_factory=list)
    whole: bool = False
    bytes: int = 0


class Replays:
    """Logs that were made again, the latest ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def of(
        self, answer: str, log: Sequence[Call], make: Callable[[], Iterator[Call]]
    ) -> Iterator[Call]:
        """Yields the calls of `log` as `answer` answers them.

        Args:
            answer: names a known answer.
            log: the calls of a test.
            make: makes the calls again, one by one, if they are not known.
        """
        key = _key(answer, log)
        kept = self._kept.pop(key, None) or _Kept()
        self._kept[key] = kept  # the latest is last
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        yield from list(kept.calls)
        if kept.whole:
            return
        known = len(kept.calls)
        for number, call in enumerate(make()):
            if number < known:
                continue
            if key and self._may_keep(call, kept):
                kept.calls.append(Call({}, call.seed, _free(call.result), call.error))
            else:
                self._kept.pop(key, None)
            yield call
        kept.whole = True

    def _may_keep(self, call: Call, kept: _Kept) -> bool:
        if call.error is not None:
            call.error.__traceback__ = None
            return isinstance(call.error, StudentError)  # not a busy machine's
        kept.bytes += size(call.result)
        return kept.bytes <= _MOST_BYTES


def _key(answer: str, log: Sequence[Call]) -> str:
    """Changes with the answer, the calls and their random numbers; ``""`` if unsure."""
    try:
        text = encode([answer, [[call.seed, _plain(call.message)] for call in log]])
    except CodecError:  # an object of an earlier test, say
        return ""
    return hashlib.sha256(text).hexdigest()


def _plain(value: Any) -> Any:
    """`value` as it can be encoded: what stands for a result, by its place."""
    if isinstance(value, Ref):
        return {"Ref": [value.call, list(value.path)]}
    return rebuilt(value, _plain)


def _free(value: Any) -> Any:
    """`value` with objects that belong to no session: a session ends."""
    if isinstance(value, Handle):
        return Handle(cast(Any, None), value.opaque, "")
    return rebuilt(value, _free)


def size(value: Any) -> int:
    """About how many bytes `value` takes."""
    if isinstance(value, list | tuple):
        return 100 + sum(map(size, value))
    if isinstance(value, dict):
        return 100 + sum(size(item) for pair in value.items() for item in pair)
    if isinstance(value, str | bytes):
        return len(value)
    return 100 + int(getattr(value, "nbytes", 0))
