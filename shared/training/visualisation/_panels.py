"""Many small pictures in one figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure


def stretched(image: np.ndarray) -> np.ndarray:
    """An image of any range as [0, 1], one channel as `(H, W)`."""
    image = np.asarray(image, float)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def panels(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    *,
    columns: int | None = None,
    title: str = "",
    cmap: str = "gray",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Images in a grid, row by row.

    Args:
        images: each `(H, W)`, or `(H, W, 3)` in [0, 1].
        titles: one above each, if any.
        columns: of the grid; None for a square.
        title: above all.
        cmap: of the images of one channel.
        limits: values that are the map's ends; None for each image's own.
    """
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    label = 0.25 if titles else 0
    figure = Figure(
        figsize=(1.2 * columns + 0.4, (1.2 + label) * rows + 0.5), layout="constrained"
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    low, high = limits or (None, None)
    for index, image in enumerate(images):
        axes[index].imshow(image, cmap=cmap, vmin=low, vmax=high)
        if titles:
            axes[index].set_title(titles[index], fontsize=8)
    if title:
        figure.suptitle(title)
    return figure


def overlay(axis: Any, image: np.ndarray, heat: np.ndarray) -> None:
    """Draws an image and, translucent above it, a heat map of the same size."""
    axis.imshow(stretched(image), cmap="gray")
    axis.imshow(heat, cmap="jet", alpha=0.45, vmin=0, vmax=max(heat.max(), 1e-12))
    axis.set_axis_off()
