"""Activation maps: where in an image each filter finds what it looks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.training.visualisation._layers import batch, maps_model
from shared.training.visualisation._panels import panels


def activations(model: Any, x: Any, layer: str) -> np.ndarray:
    """The maps `(N, H, W, C)` that `layer` gives for images `x` `(N, H, W, C)`.

    Raises:
        ValueError: no such layer, it gives no maps, or images that do not fit.
    """
    maps = maps_model(model, layer)
    return np.asarray(maps(batch(x, model), training=False))


def activation_figure(model: Any, image: Any, layer: str, *, limit: int = 36) -> Any:
    """Draws the maps of a layer for one image, the most active first, on one scale.

    Args:
        model: a Keras model.
        image: `(H, W, C)`, as the model takes it.
        layer: the name of a layer that gives maps.
        limit: at most so many maps.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: as for `activations`.
    """
    maps = activations(model, np.asarray(image)[None], layer)[0]
    order = np.argsort(-np.abs(maps).max(axis=(0, 1)), kind="stable")[:limit]
    shown = [maps[..., channel] for channel in order]
    limits = (min(map(np.min, shown)), max(map(np.max, shown)))
    return panels(
        shown,
        [str(channel) for channel in order],
        title=f"{layer}: {len(shown)} of {maps.shape[-1]} maps",
        cmap="viridis",
        limits=limits,
    )
