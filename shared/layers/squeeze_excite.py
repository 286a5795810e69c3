"""Squeeze-and-excitation (arXiv:1709.01507): channels weighted by a global glance."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.composite import CompositeLayer

__all__ = ["SqueezeExcite"]


@keras.saving.register_keras_serializable(package="course")
class SqueezeExcite(CompositeLayer):
    """Scale each channel by a gate in (0, 1) computed from all channels' means.

    Global average, a dense layer to `C // ratio` with ReLU, a dense layer back to `C`
    with a sigmoid, both with biases: `2 C²/ratio + C/ratio + C` parameters.

    Input and output: `(N, H, W, C)`.

    Args:
        ratio: reduction of the hidden layer, 16 in the paper.
        activation: activation of the hidden layer.
        kernel_initializer: for both dense layers.
        kernel_regularizer: for both dense layers.
    """

    def __init__(
        self,
        ratio: int = 16,
        activation: Any = "relu",
        kernel_initializer: Any = "he_normal",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if ratio < 1:
            raise ValueError(f"ratio must be 1 or more, got {ratio}")
        self.ratio = ratio
        self.activation = activation
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer = kernel_regularizer

    def graph(self, inputs: Any) -> Any:
        channels = inputs.shape[-1]
        if channels < self.ratio:
            raise ValueError(
                f"ratio must not exceed the {channels} channels, got {self.ratio}"
            )
        squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(inputs)
        gates = squeezed
        for units, activation in (
            (channels // self.ratio, self.activation),
            (channels, "sigmoid"),
        ):
            gates = keras.layers.Dense(
                units,
                activation=activation,
                kernel_initializer=self.kernel_initializer,
                kernel_regularizer=self.kernel_regularizer,
            )(gates)
        return keras.layers.Multiply()([inputs, gates])
