"""The filters of a convolution: what the first layer looks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from shared.training.visualisation._layers import find
from shared.training.visualisation._panels import panels, stretched


def filter_figure(model: Any, layer: str, *, limit: int = 64) -> Any:
    """Draws the kernels `(H, W, C_in, C_out)` of a convolution, one panel per filter.

    Kernels on three channels are drawn in colour, each stretched over its range; of
    any other number, the mean over the input channels, red above zero and blue below,
    all on one scale.

    Args:
        model: a Keras model.
        layer: the name of a convolution of it.
        limit: at most so many filters, the first ones.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: no such layer, or it has no kernel of four axes.
    """
    kernel = getattr(find(model, layer), "kernel", None)
    if kernel is None or len(kernel.shape) != 4:
        raise ValueError(
            f"layer: {layer!r} is no convolution, it has no kernel to draw"
        )
    kernel = np.asarray(kernel)[..., :limit]
    title = f"{layer}: {kernel.shape[-1]} filters {kernel.shape[0]}x{kernel.shape[1]}"
    filters = np.moveaxis(kernel, -1, 0)
    if kernel.shape[2] == 3:
        return panels([stretched(each) for each in filters], title=title)
    means = filters.mean(axis=-1)
    top = max(np.abs(means).max(), 1e-12)
    if kernel.shape[2] > 1:
        title += f", mean of {kernel.shape[2]} channels"
    return panels(list(means), title=title, cmap="RdBu_r", limits=(-top, top))
