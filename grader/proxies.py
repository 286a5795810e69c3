"""What a test holds in its hands: ``student`` and ``reference``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from grader.errors import GraderFault, StudentError, StudentFault
from grader.handle import Handle
from grader.manifest import Manifest, Question
from grader.sandbox import Hosts
from grader.session import Session
from grader.submission import Submission


class Student:
    """What a hidden test gets as ``student``: the graded names, by proxy."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        known = {n for q in self._session.manifest.questions for n in q.graded_names}
        if name not in known:
            raise GraderFault(f"a test asks for {name!r}, which no question names")

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._session.call(name, args, kwargs, inputs_back=False)

        call.__name__ = name
        return call

    def with_inputs(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Calls `name`; returns its result and the inputs as they are afterwards."""
        result, after = self._session.call(name, args, kwargs, inputs_back=True)
        return result, after

    def affine_map(
        self, matrix: Any, bias: Any, shape: Sequence[int], relu: bool = False
    ) -> Handle:
        """A function for the student's code to call: a function cannot be sent.

        Returns:
            A `Handle` of ``x -> (matrix @ x.ravel() + bias).reshape(shape)``, with
            zeros for negative results if `relu`.
        """
        bend = [True] if relu else []
        return self._given("affine_map", matrix, bias, tuple(shape), *bend)

    def generator(self, seed: int) -> Handle:
        """A NumPy random generator for the student's code to draw from.

        It stays in the worker and moves on with every draw, from call to call.
        """
        return self._given("generator", seed)

    def _given(self, name: str, *args: Any) -> Handle:
        message = {"op": name, "name": name, "kwargs": {}, "args": list(args)}
        return _handle(self._session.perform(message))

    def as_model(self, name: str, shape: Sequence[int | None], **kwargs: Any) -> Handle:
        """The Keras model ``x -> name(x, **kwargs)`` for inputs ``(N, *shape)``."""
        return self._session.as_model(name, tuple(shape), kwargs)

    def given_model(
        self, shape: Sequence[int | None], rows: Sequence[Any], seed: int = 0
    ) -> Handle:
        """A Keras model for the student's code to work on, as `Reference.model`."""
        return _model(self._session, shape, rows, seed)

    def copy_of(self, model: Handle) -> Handle:
        """The same model, with the same weights, for the student's code to work on."""
        args = [model.blueprint(), model.weights()]
        message = {"op": "copy", "name": "a given model", "kwargs": {}, "args": args}
        return _handle(self._session.perform(message))

    def raises(self, *types: type[BaseException]) -> _Raises:
        """Context in which the student's code must raise one of `types`."""
        return _Raises(types)


class _Raises:
    def __init__(self, types: Sequence[type[BaseException]]) -> None:
        self._names = {kind.__name__ for kind in types}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        wanted = " or ".join(sorted(self._names))
        if error is None:
            raise AssertionError(f"expected {wanted}, but nothing was raised")
        return isinstance(error, StudentError) and bool(self._names & {*error.bases})


class Reference:
    """What a hidden test gets as ``reference``: Keras in a process of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def layer(self, name: str, **config: Any) -> Any:
        """Returns a `Handle` of ``keras.layers.<name>(**config)``."""
        message = {"op": "layer", "name": name, "args": [], "kwargs": config}
        with _of_the_course(f"reference.layer({name!r})"):
            return self._session.perform(message)

    def model(
        self, shape: Sequence[int | None], rows: Sequence[Any], seed: int = 0
    ) -> Handle:
        """Returns a functional Keras model whose weights are all random.

        Args:
            shape: of its input, without the batch.
            rows: ``(kind, config)`` for a layer fed by the row before, or ``(name,
                kind, config, [names of its inputs])``; the input itself is called
                ``"input"``, and the last row is the output.
            seed: of the weights.
        """
        with _of_the_course("reference.model"):
            return _model(self._session, shape, rows, seed)

    def rebuild(self, model: Handle) -> Handle:
        """Returns a student's model built anew here, where no student code ever ran.

        Its weights are new; ``set_weights(model.weights())`` copies the student's.

        Raises:
            AssertionError: if it is none.
            StudentError: if it is not made of Keras's own layers.
        """
        if not isinstance(model, Handle):
            got = f"a {type(model).__name__}"
            got = "None (is there a return?)" if model is None else got
            raise AssertionError(f"a Keras model must be returned, not {got}")
        message = {"op": "copy", "name": "the model", "kwargs": {}}
        return _handle(self._session.perform(message | {"args": [model.blueprint()]}))


@contextlib.contextmanager
def _of_the_course(what: str) -> Iterator[None]:
    """What fails inside is built from the test's own arguments: no student's fault."""
    try:
        yield
    except StudentFault as fault:
        raise GraderFault(f"{what} cannot be built: {fault}") from None


class References:
    """A clean Keras process for one question after the other, started when needed.

    Args:
        manifest: the assignment.
        hosts: where it runs.
    """

    def __init__(self, manifest: Manifest, hosts: Hosts) -> None:
        self._manifest = manifest
        self._hosts = hosts
        self._session: Session | None = None

    def session(self, question: Question) -> Session:
        """Returns the session that builds `question`'s references."""
        session = self._session
        if session is not None and session.question != question:
            session.question = question
            self.renew()
        if self._session is None:
            self._session = Session(
                self._manifest,
                question,
                Submission.from_cells([]),
                self._hosts,
                reference=True,
                keras=True,
            )
        return self._session

    def renew(self) -> None:
        """Gives the question's whole time again, and a process."""
        if self._session is not None and self._session.broken is not None:
            self.close()
        elif self._session is not None:
            self._session.renew()

    def close(self) -> None:
        """Ends the process."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _model(session: Session, shape: Any, rows: Any, seed: int) -> Handle:
    args = [tuple(shape), [tuple(row) for row in rows], seed]
    message = {"op": "model", "name": "a given model", "kwargs": {}, "args": args}
    return _handle(session.perform(message))


def _handle(made: Any) -> Handle:
    assert isinstance(made, Handle), "a worker sends it as a handle"
    return made
