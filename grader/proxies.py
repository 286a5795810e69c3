"""What a test holds in its hands: ``student`` and ``reference``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader.errors import GraderFault, StudentError
from grader.session import Handle, Session


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
        made = self._session.perform(message)
        assert isinstance(made, Handle), "a worker sends it as a handle"
        return made

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
        return self._session.perform(message)
