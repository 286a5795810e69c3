"""Blocks in float64 NumPy: weights by name from the layer, the wiring by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.testing import rng
from tests.ops import oracle


def randomize(layer: Any, seed: int = 0) -> None:
    """Draw all weights, the moving averages too, so that no two channels are alike."""
    generator = rng(seed)
    for weight in layer.weights:
        if weight.name in ("gamma", "moving_variance"):
            values = generator.uniform(0.5, 1.5, weight.shape)
        else:
            fan_in = np.prod(weight.shape[:-1]) if len(weight.shape) > 1 else 4
            values = generator.normal(0, np.sqrt(2 / fan_in), weight.shape)
        weight.assign(values)


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


class Reference:
    """The inner layers of a built block as NumPy functions."""

    def __init__(self, block: Any) -> None:
        self.block = block

    def _weights(self, name: str) -> dict[str, np.ndarray]:
        layer = self.block.network.get_layer(name)
        return {weight.name: np.float64(weight) for weight in layer.weights}

    def conv(
        self, name: str, x: np.ndarray, strides: int = 1, pad: int = 0, groups: int = 1
    ) -> np.ndarray:
        """The convolution with `pad` zeros on all four sides."""
        weights = self._weights(name)
        pads = ((pad, pad), (pad, pad))
        y = oracle.forward(
            x, weights["kernel"], (strides, strides), pads, (1, 1), groups
        )
        return y + weights.get("bias", 0)

    def bn(self, name: str, x: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
        """Normalisation by the moving averages."""
        weights = self._weights(name)
        deviation = np.sqrt(weights["moving_variance"] + epsilon)
        normalized = (x - weights["moving_mean"]) / deviation
        return normalized * weights["gamma"] + weights["beta"]
