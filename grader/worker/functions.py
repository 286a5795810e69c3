"""Functions that a test gives to a student's code: only their numbers can be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def affine_map(
    matrix: Any, bias: Any, shape: tuple[int, ...], relu: bool = False
) -> Callable[[Any], Any]:
    """Returns ``x -> (matrix @ x.ravel() + bias).reshape(shape)``.

    A weight of exactly zero is no connection: not even NaN or infinity gets through,
    as in loops that never look at that pixel.

    Args:
        matrix: ``(outputs, inputs)``.
        bias: ``(outputs,)``.
        shape: of the result.
        relu: whether negative results become 0.
    """
    connected = matrix != 0

    def function(x: Any) -> Any:
        x = np.asarray(x)
        if x.size != matrix.shape[1]:
            raise ValueError(
                f"this function takes {matrix.shape[1]} numbers, all at once; it got "
                f"an array of shape {x.shape}"
            )
        products = np.where(connected, matrix * x.reshape(-1), 0)
        out = (products.sum(axis=1) + bias).reshape(shape)
        return np.maximum(out, 0) if relu else out

    return function


def generator(seed: int) -> np.random.Generator:
    """Returns NumPy's random generator, which moves on with every draw."""
    return np.random.default_rng(seed)
