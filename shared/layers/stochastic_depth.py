"""Stochastic depth (arXiv:1603.09382): whole residual branches left out at random."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["StochasticDepth"]


@keras.saving.register_keras_serializable(package="course")
class StochasticDepth(keras.layers.Layer):
    """Drop a branch in training, as a last layer before it is added to the shortcut.

    The paper leaves training values as they are and multiplies by the survival
    probability at evaluation; with `inverted`, as dropout is written today, the
    division by it happens in training and evaluation is the identity. The expected
    output is the same.

    Input and output: `(N, …)`.

    Args:
        rate: probability of dropping, in [0, 1); the paper's 1 - p_l.
        per_image: each image draws for itself; False draws once per batch, as in the
            paper.
        inverted: see above.
        seed: of the random numbers.
    """

    def __init__(
        self,
        rate: float,
        per_image: bool = True,
        inverted: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1, got {rate}")
        self.rate = rate
        self.per_image = per_image
        self.inverted = inverted
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        survival = 1.0 - self.rate
        if not training:
            return inputs if self.inverted else inputs * survival
        if not self.rate:
            return inputs
        images = ops.shape(inputs)[0] if self.per_image else 1
        draws = keras.random.uniform(
            (images, *[1] * (len(inputs.shape) - 1)), seed=self.seed_generator
        )
        kept = ops.cast(draws < survival, inputs.dtype)
        return inputs * (kept / survival if self.inverted else kept)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "rate": self.rate,
            "per_image": self.per_image,
            "inverted": self.inverted,
            "seed": self.seed,
        }
