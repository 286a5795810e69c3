"""One question of one submission, in a worker: calls, time, and what was called."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.errors import (
    NotAllowed,
    NotSendable,
    StudentError,
    StudentFault,
    StudentTimeout,
)
from grader.handle import Handle
from grader.manifest import Manifest, Question
from grader.protocol import Opaque
from grader.sandbox import Hosts, Worker
from grader.submission import Definitions, Submission, parcel

#: What the host of a worker that runs Keras imports.
WITH_KERAS = ("numpy", "tensorflow", "keras")
_NUMPY = ("numpy",)
_MAX_DEPTH = 6
#: Requests for a model: the student's code itself may do without Keras.
_OF_KERAS = frozenset({"model", "copy", "as_model"})
#: Requests that call an answer by its name.
_OF_ANSWERS = frozenset({"call", "as_model", "load"})
#: Requests to a worker in which none has been made before.
_AFRESH = frozenset({"load"})


def packages(question: Question, definitions: Definitions) -> tuple[str, ...]:
    """What the host of a question's worker imports: TensorFlow only if it is used."""
    roots = {name.partition(".")[0] for name in question.allow}
    if not roots & {"tensorflow", "keras"}:
        return _NUMPY
    imported = definitions.imports(question.id, question.graded_names)
    uses = imported & {"tensorflow", "keras", "shared", "importlib"}
    return WITH_KERAS if uses or question.prebuilt else _NUMPY


@dataclass(frozen=True)
class Ref:
    """Stands in a logged call for a value that an earlier call returned."""

    call: int
    path: tuple[Any, ...]


@dataclass
class Call:
    """One logged request, with what it needs to be made again elsewhere."""

    message: dict[str, Any]
    seed: int
    result: Any = None
    error: StudentFault | None = None


@dataclass
class Session:
    """Runs one question's calls in one worker; every call draws on its time.

    Attributes:
        reference: runs the course's own code: nothing is forbidden.
        keras: may use Keras, whatever the question allows.
        log: the calls of the current test.
        broken: the fault that ended the worker, if one did.
        problems: definitions that failed when they were executed.
    """

    manifest: Manifest
    question: Question
    submission: Submission
    hosts: Hosts
    reference: bool = False
    keras: bool = False
    log: list[Call] = field(default_factory=list)
    broken: StudentFault | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.renew()
        self._worker: Worker | None = None
        self._packages: tuple[str, ...] = ()
        self._prefix = ""
        self._defined_by: dict[str, set[str]] = {}
        self._bound_by: dict[str, dict[str, tuple[str, int]]] = {}
        self.take(self.submission, "")
        self._results: dict[int, Ref] = {}
        self._seed, self._seeded = 0, True

    def take(self, submission: Submission, prefix: str) -> None:
        """Goes on with another submission beside those before, in the same worker.

        For code of the course's own alone: nothing keeps the submissions apart but
        their modules.

        Args:
            submission: whose definitions are used from now on.
            prefix: tells its names from those of the others.
        """
        self.submission, self._prefix = submission, prefix
        self._defined = self._defined_by.setdefault(prefix, set())
        self._bound = self._bound_by.setdefault(prefix, {})

    def renew(self) -> None:
        """Gives the whole time again; for code of the course's own."""
        self._time_left = self.question.timeout_s or self.manifest.timeout_s

    def begin_test(self, seed: int) -> None:
        """Forgets the calls of the test before; `seed` sets the worker's generators."""
        self.log.clear()
        self._results.clear()
        self._seed, self._seeded = seed, False

    def call(self, name: str, args: Any, kwargs: Any, inputs_back: bool) -> Any:
        """Calls a graded name; returns its result, with the inputs if asked."""
        self._define(name)
        message = {"op": "call", "name": name, "inputs_back": inputs_back}
        return self.perform(message | {"args": list(args), "kwargs": dict(kwargs)})

    def as_model(self, name: str, shape: tuple[Any, ...], kwargs: Any) -> Handle:
        """Returns the Keras model ``x -> name(x, **kwargs)``."""
        self._have_keras()
        self._define(name)
        message = {"op": "as_model", "name": name, "args": [shape]}
        made = self.perform(message | {"kwargs": dict(kwargs)})
        assert isinstance(made, Handle), "a model comes back as a handle"
        return made

    def perform(self, message: dict[str, Any]) -> Any:
        """Makes one logged request.

        Raises:
            StudentFault: whatever the student's code did wrong.
        """
        if message["op"] in _OF_KERAS:
            self._have_keras()
        call = Call(self._with_refs(message), self._seed)
        self.log.append(call)
        wire = {
            key: _unwrapped(value) if key in {"args", "kwargs"} else value
            for key, value in message.items()
        }
        if message["op"] in _OF_ANSWERS:
            wire["name"] = self._prefix + message["name"]
        try:
            if message["op"] in _AFRESH:
                reply = self._exchange_afresh(wire)
            else:
                reply = self._exchange(wire)
        except StudentFault as fault:
            call.error = fault
            raise
        except NotSendable as fault:
            self.log.pop()
            if not self.log:
                raise
            # What an earlier call returned: no numbers, say, in an array.
            raise TypeError(str(fault)) from None
        call.result = self._wrapped(reply, message.get("name", ""))
        self._remember(call.result, Ref(len(self.log) - 1, ()))
        return call.result

    def replay(self, log: Sequence[Call]) -> Iterator[Call]:
        """Makes logged calls again here, with this session's own results in between.

        Yields each as it has been made, so that the caller may stop early.
        """
        for call in log:
            made = len(self.log)
            with contextlib.suppress(StudentFault):
                message = self._without_refs(call.message)
                if message["op"] in _OF_ANSWERS:
                    self._define(message["name"])
                self.perform(message)
            if len(self.log) == made:
                return  # it could not even be made
            yield self.log[-1]

    def close(self) -> None:
        """Ends the worker; another one, if any is needed, starts from nothing."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        for defined in self._defined_by.values():
            defined.clear()
        self._seeded = False

    def _have_keras(self) -> None:
        """Starts anew with Keras if the worker is one without it."""
        if self._packages != WITH_KERAS:
            self.close()
            self._packages = WITH_KERAS

    def _define(self, name: str) -> None:
        """Executes what `name` needs, once."""
        if name in self._defined:
            return
        self._defined.add(name)
        question = next(
            (q for q in self.manifest.questions if name in q.graded_names),
            self.question,
        )
        # Bindings call answers by ways of their own, e.g. as a registered gradient.
        names = question.graded_names if self.manifest.bindings else (name,)
        units = self.submission.definitions.units(question.id, names)
        bound = {b: (u.cell, u.line) for u in units for b in u.binds}
        # Two answers may each have a helper of the same name: keep them apart.
        clash = any(self._bound.get(b, where) != where for b, where in bound.items())
        if not clash:
            self._bound |= bound
        reply = self._exchange(
            {
                "op": "define",
                "module": self._prefix + (name if clash else ""),
                "prefix": self._prefix,
                "units": [(unit.cell, unit.line, unit.source) for unit in units],
                "names": [name],
                "annotations": self.submission.definitions.future_annotations,
            }
        )
        self.problems += _problems(reply)

    def _exchange(self, message: dict[str, Any]) -> Any:
        if self.broken is not None:
            raise self.broken
        if not self._seeded:
            self._seeded = True
            self._exchange({"op": "seed", "seed": self._seed})
        reply = self._ask(message)
        if "error" in reply:
            raise _student_error(reply["error"])
        return reply.get("ok")

    def _exchange_afresh(self, message: dict[str, Any]) -> Any:
        """Makes a request of a new worker that has the answer's definitions alone."""
        if self._prefix or self.reference:  # the course's own code is believed
            return self._exchange(message)
        other = Session(
            self.manifest, self.question, self.submission, self.hosts, self.reference
        )
        other._packages, other._time_left = self._packages, self._time_left
        other.begin_test(self._seed)
        try:
            other._define(message["name"])
            return other._exchange(message)
        finally:
            other.close()
            self._time_left, self.broken = other._time_left, other.broken

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._worker is None:
            self._worker = self._start()
        started = time.monotonic()
        try:
            return self._worker.request(message, max(self._time_left, 0.01))
        except StudentTimeout:
            limit = self.question.timeout_s or self.manifest.timeout_s
            text = f"no answer within the {limit:g} s that this question has"
            self.broken = StudentTimeout(text)
            raise self.broken from None
        except StudentFault as fault:
            self.broken = fault
            raise
        finally:
            self._time_left -= time.monotonic() - started

    @property
    def _subject(self) -> tuple[Manifest, Question, Submission]:
        return self.manifest, self.question, self.submission

    def _start(self) -> Worker:
        extra = WITH_KERAS if self.keras else ()
        allow = list(dict.fromkeys([*self.question.allow, *extra]))
        settings = {
            "question": self.question.id,
            "allow": allow,
            "forbid": [] if self.reference else list(self.question.forbid),
            "instead": self.question.instead,
            "reference": self.reference,
            "devices": 1 if self.keras else self.question.devices,
            **({} if self.keras else parcel(*self._subject)),
        }
        chosen = self._packages
        if not chosen and self.reference:
            roots = {name.partition(".")[0] for name in allow}
            with_keras = bool(roots & {"tensorflow", "keras"})
            chosen = WITH_KERAS if with_keras else _NUMPY
        elif not chosen:
            chosen = packages(self.question, self.submission.definitions)
        self._packages = chosen
        return self.hosts.worker(settings, chosen, self.manifest.memory_mb)

    def _wrapped(self, value: Any, name: str) -> Any:
        if type(value) is Opaque:
            return Handle(self, value, name)
        if type(value) is list:
            return [self._wrapped(item, name) for item in value]
        if type(value) is tuple:
            return tuple(self._wrapped(item, name) for item in value)
        if type(value) is dict:
            return {key: self._wrapped(item, name) for key, item in value.items()}
        if isinstance(value, np.ndarray | np.generic) and value.dtype == np.float16:
            # No test asks for half precision, whose tolerance would forgive a lot.
            return value.astype(np.float32)
        return value

    def _remember(self, value: Any, ref: Ref) -> None:
        """So that a later call which passes `value` on can be replayed."""
        if isinstance(value, np.ndarray | Handle | list | tuple | dict | bytes):
            self._results[id(value)] = ref
        if len(ref.path) < _MAX_DEPTH:
            for key, item in _items(value):
                self._remember(item, Ref(ref.call, (*ref.path, key)))

    def _with_refs(self, value: Any) -> Any:
        known = self._results.get(id(value))
        if known is not None:
            return known
        return rebuilt(value, self._with_refs)

    def _without_refs(self, value: Any) -> Any:
        if type(value) is Ref:
            found = self.log[value.call].result
            for key in value.path:
                try:
                    found = found[key]
                except (KeyError, IndexError, TypeError):
                    raise StudentError("TypeError", "an other result", []) from None
            return found
        return rebuilt(value, self._without_refs)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, list | tuple):
        yield from enumerate(value)
    elif isinstance(value, dict):
        yield from value.items()


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """Returns `value` with `change` made to what is in it, list by list."""
    if type(value) in (list, tuple):
        return type(value)(change(item) for item in value)
    if type(value) is dict:
        return {key: change(item) for key, item in value.items()}
    return value


def _unwrapped(value: Any) -> Any:
    return value.opaque if isinstance(value, Handle) else rebuilt(value, _unwrapped)


def _problems(reply: Any) -> list[dict[str, Any]]:
    """The worker's account of failed definitions, distrusted field by field."""
    kinds = {"cell": str, "line": int, "type": str, "message": str}
    return [
        found
        for found in (reply if isinstance(reply, list) else [])
        if isinstance(found, dict)
        and all(type(found.get(key)) is kind for key, kind in kinds.items())
    ]


def _student_error(error: Any) -> StudentFault:
    """The worker's description of an exception, distrusted field by field."""
    if not isinstance(error, dict):
        return StudentError("Exception", "", [])
    message = error.get("message")
    message = message if isinstance(message, str) else ""
    if error.get("not_allowed") is True:
        return NotAllowed(message)
    kind = error.get("type")
    frames = error.get("frames")
    where = [
        (frame[0], frame[1], frame[2])
        for frame in (frames if isinstance(frames, list) else [])
        if isinstance(frame, list) and [type(part) for part in frame] == [str, int, str]
    ]
    bases = error.get("bases")
    bases = bases if isinstance(bases, list) else []
    return StudentError(
        kind if isinstance(kind, str) else "Exception",
        message,
        where,
        tuple(base for base in bases if isinstance(base, str)),
    )
