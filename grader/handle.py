"""A student's object that stays in its worker, and what a test may do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from grader.blueprints import Layer, checked
from grader.manifest import Question
from grader.protocol import Opaque


class Performer(Protocol):
    """What a handle needs of its session."""

    reference: bool
    question: Question

    def perform(self, message: dict[str, Any]) -> Any:
        """Makes one logged request."""


class Handle:
    """A student's layer, model or other object that stays in its worker.

    Tests use the methods; each is one of the fixed operations of
    ``grader.worker.handles``.
    """

    def __init__(self, session: Performer, opaque: Opaque, name: str) -> None:
        self._session = session
        self._name = name
        self.opaque = opaque

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer."""
        return self._operate("call", args, kwargs)

    def weights(self) -> list[Any]:
        """Its weights as arrays, in Keras's order."""
        return list(self._operate("weights"))

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets its weights."""
        self._operate("set_weights", (list(weights),))

    def config(self) -> dict[str, Any]:
        """Its ``get_config()``."""
        return dict(self._operate("config"))

    def clone(self) -> Handle:
        """A new layer from its configuration."""
        clone = self._operate("clone")
        assert isinstance(clone, Handle), "from_config must return a layer"
        return clone

    def gradients(self, x: Any, upstream: Any) -> tuple[Any, list[Any]]:
        """Gradients of ``sum(layer(x) * upstream)``: for x, and for each weight."""
        dx, dweights = self._operate("gradients", (x, upstream))
        return dx, list(dweights)

    def call_graph(self, x: Any) -> Any:
        """Its output inside ``tf.function`` with unknown batch and spatial sizes."""
        return self._operate("call_graph", (x,))

    def output_shape(self, shape: Sequence[int | None]) -> tuple[Any, ...]:
        """Its ``compute_output_shape``."""
        return tuple(self._operate("output_shape", (tuple(shape),)))

    def fit(self, x: Any, y: Any, **settings: Any) -> list[float]:
        """Losses of a small classifier trained on top of it."""
        return list(self._operate("fit", (x, y), settings))

    def train(self, x: Any, y: Any, **settings: Any) -> list[float]:
        """Losses of a whole classifier, trained as it is on this one batch."""
        return list(self._operate("train", (x, y), settings))

    def save_and_load(self, x: Any) -> tuple[Any, Any]:
        """Outputs of a model with it, before saving and after loading.

        It is loaded where nothing but the answer's definitions has ever run: what the
        layer has kept anywhere but in its configuration and weights is lost.
        """
        before, saved, kind = self._operate("save", (x,))
        message = {"op": "load", "name": self._name, "kwargs": {}}
        after = self._session.perform(message | {"args": [saved, kind, x]})
        return before, after

    def layers(self) -> list[Layer]:
        """A model's layers, each after those that feed it; inner models opened up.

        A hidden test asks this of ``reference.rebuild(model)``: what a student's
        process says of its own model proves nothing.
        """
        return [Layer(**record) for record in self._operate("layers")]

    def count_params(self) -> tuple[int, int]:
        """The numbers of a model's trainable and of its other parameters."""
        trainable, other = self._operate("count_params")
        return trainable, other

    def shapes(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Shapes of a model's input and of its output, None for the batch."""
        inputs, outputs = self._operate("shapes")
        return tuple(inputs), tuple(outputs)

    def activations(
        self, x: Any, names: Sequence[str], *, training: bool = False
    ) -> list[Any]:
        """Outputs of the layers of these names (as in `layers`) for `x`."""
        return list(self._operate("activations", (x, list(names), training)))

    def blueprint(self) -> str:
        """A model's configuration, found to hold nothing but Keras's own layers.

        Raises:
            StudentError: if it holds something else.
        """
        session = self._session
        forbid = () if session.reference else session.question.forbid
        return checked(self._operate("blueprint"), forbid)

    def _operate(
        self, operation: str, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        message = {"op": "operate", "operation": operation, "name": self._name}
        return self._session.perform(
            message | {"args": [self, *args], "kwargs": kwargs or {}}
        )

    def __repr__(self) -> str:
        return f"<{self._name or self.opaque.kind}>"
