"""The base class of blocks: layers wired from other layers."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import keras

__all__ = ["CompositeLayer"]


@contextlib.contextmanager
def _policy(policy: Any) -> Iterator[None]:
    """Make layers under `policy`, and put the global policy back."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _is_list_of_shapes(shape: Any) -> bool:
    return len(shape) > 0 and isinstance(shape[0], list | tuple)


class CompositeLayer(keras.layers.Layer):
    """A layer whose computation is a graph of Keras layers.

    A subclass keeps each constructor argument on `self` under its own name and defines
    `graph`. The graph may depend on the number of channels but not on the height
    and width, so that one block works on any size.

    Input and output: a tensor `(N, H, W, C)`, or a flat list of tensors.
    """

    def graph(self, inputs: Any) -> Any:
        """Wire the block onto Keras tensors and return its output or outputs."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define graph(inputs)"
        )

    def _symbolic(self, shape: Any) -> Any:
        # Height and width stay open: the block may be called on another size later.
        sizes = (None,) * (len(shape) - 2) + (shape[-1],)
        return keras.Input(shape=sizes, dtype=self.compute_dtype)

    def build(self, input_shape: Any) -> None:
        if _is_list_of_shapes(input_shape):
            inputs: Any = [self._symbolic(shape) for shape in input_shape]
        else:
            inputs = self._symbolic(input_shape)
        with _policy(self.dtype_policy):
            outputs = self.graph(inputs)
            self.network = keras.Model(inputs, outputs, name="graph")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.network(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not self.built:
            self.build(input_shape)
        if _is_list_of_shapes(input_shape):
            input_shape = [tuple(shape) for shape in input_shape]
        else:
            input_shape = tuple(input_shape)
        return self.network.compute_output_shape(input_shape)

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """The layers inside; `summary(expand_nested=True)` shows them."""
        return self.network.layers if self.built else []

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        # A constructor that takes **kwargs passes them on to its base class.
        for cls in type(self).__mro__[: type(self).__mro__.index(CompositeLayer)]:
            parameters = inspect.signature(cls.__init__).parameters
            for name, parameter in parameters.items():
                if name == "self" or parameter.kind is parameter.VAR_KEYWORD:
                    continue
                value = getattr(self, name)
                if hasattr(value, "get_config"):
                    value = keras.saving.serialize_keras_object(value)
                config[name] = value
        return config
