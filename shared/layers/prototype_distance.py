"""LeNet-5's radial basis output (LeCun et al. 1998, II-B)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["PrototypeDistance"]


@keras.saving.register_keras_serializable(package="course")
class PrototypeDistance(keras.layers.Layer):
    """Minus the squared distance to fixed prototypes: LeNet-5's output layer.

    The paper's radial basis units give the distance itself, smallest for the answer;
    with the sign turned, the largest output is the answer and a softmax of the outputs
    is the paper's posterior. The prototypes are no weights: they are not trained.

    Input `(N, D)`, output `(N, len(prototypes))`.

    Args:
        prototypes: rows of length D.
    """

    def __init__(self, prototypes: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prototypes = [[float(value) for value in row] for row in prototypes]

    def build(self, input_shape: Any) -> None:
        if any(len(row) != input_shape[-1] for row in self.prototypes):
            raise ValueError(
                f"prototypes must have the input's {input_shape[-1]} entries, got "
                f"{sorted({len(row) for row in self.prototypes})}"
            )

    def call(self, inputs: Any) -> Any:
        prototypes = ops.convert_to_tensor(self.prototypes, dtype=self.compute_dtype)
        apart = ops.expand_dims(inputs, 1) - prototypes
        return -ops.sum(ops.square(apart), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], len(self.prototypes)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"prototypes": self.prototypes}
