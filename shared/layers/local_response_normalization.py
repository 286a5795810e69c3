"""Local response normalisation, as AlexNet used it (Krizhevsky et al. 2012)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["LocalResponseNormalization"]


@keras.saving.register_keras_serializable(package="course")
class LocalResponseNormalization(keras.layers.Layer):
    """Divide each activity by a power of its neighbouring channels' energy.

    `b_i = a_i / (bias + alpha * sum_j a_j²) ** beta`, over the `size` channels `j`
    around `i` that exist. The paper's alpha multiplies the sum; Caffe and PyTorch
    divide theirs by `size` first, so that their alpha of 1e-4 is 2e-5 here.

    Input and output: `(N, …, C)`.

    Args:
        size: channels in the window, n in the paper; the window reaches `size // 2`
            to either side.
        bias: k in the paper.
        alpha: weight of the energy.
        beta: exponent.
        groups: windows do not cross from one of these equal shares of the channels to
            the next; 2 for AlexNet's two towers.
    """

    def __init__(
        self,
        size: int = 5,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("size", size), ("groups", groups)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        self.size = size
        self.bias = bias
        self.alpha = alpha
        self.beta = beta
        self.groups = groups

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] % self.groups:
            raise ValueError(
                f"groups must divide the {input_shape[-1]} channels, got {self.groups}"
            )

    def call(self, inputs: Any) -> Any:
        # The power of a half-precision sum would lose the small terms.
        low = self.compute_dtype in ("float16", "bfloat16")
        x = ops.cast(inputs, "float32") if low else inputs
        shares = ops.split(x, self.groups, axis=-1) if self.groups > 1 else [x]
        energy = [self._energy(share) for share in shares]
        total = ops.concatenate(energy, axis=-1) if self.groups > 1 else energy[0]
        return ops.cast(
            x * ops.power(self.bias + self.alpha * total, -self.beta),
            self.compute_dtype,
        )

    def _energy(self, x: Any) -> Any:
        """The sum of squares over each channel's window."""
        reach, channels = self.size // 2, x.shape[-1]
        before = [(0, 0)] * (len(x.shape) - 1)
        padded = ops.pad(ops.square(x), [*before, (reach, reach)])
        return sum(
            padded[..., offset : offset + channels] for offset in range(2 * reach + 1)
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "size": self.size,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
            "groups": self.groups,
        }
