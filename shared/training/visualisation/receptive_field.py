"""The receptive field as it is, measured: which pixels move one output (L46)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shared.accounting import layer_table
from shared.training.visualisation._layers import maps_model


@dataclass(frozen=True)
class FieldMap:
    """How much each pixel moves one output position.

    Attributes:
        influence: `(H, W)`, mean absolute gradient, its greatest value 1.
        box: first and last row, first and last column that have any influence.
        size: height and width of the box.
        effective: side of the square that holds as many pixels as there are with more
            than 4.55 % (two standard deviations of a Gaussian; arXiv:1701.04128).
    """

    influence: np.ndarray
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    effective: float


def receptive_field_map(
    model: Any,
    layer: str,
    position: tuple[int, int] | None = None,
    *,
    input_shape: tuple[int, int, int] | None = None,
    trials: int = 16,
    seed: int = 0,
) -> FieldMap:
    """Measures the field by gradients at random images.

    Several images, for a ReLU or a maximum lets only some pixels through on each.

    Args:
        model: a Keras model.
        layer: the layer of the output position.
        position: row and column of it; None for the centre.
        input_shape: `(H, W, C)`, needed only where the model leaves sizes open.
        trials: random images.
        seed: of them.

    Raises:
        ValueError: no such layer or position, or no pixel has any influence.
    """
    shape = tuple(input_shape or model.inputs[0].shape[1:])
    if None in shape:
        raise ValueError(
            f"input_shape: the model leaves sizes open, {shape}; give (H, W, C)"
        )
    maps = maps_model(model, layer)
    x = np.random.default_rng(seed).standard_normal((trials, *shape))
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = maps(x, training=False)
        height, width = out.shape[1:3]
        row, column = position or (height // 2, width // 2)
        if not (0 <= row < height and 0 <= column < width):
            raise ValueError(
                f"position: {layer!r} gives maps of {height}x{width}, "
                f"got {(row, column)}"
            )
        total = tf.reduce_sum(out[:, row, column])
    influence = np.abs(tape.gradient(total, x).numpy()).mean(axis=(0, 3))
    rows, columns = np.nonzero(influence)
    if len(rows) == 0:
        raise ValueError(f"layer: no pixel moves {layer!r}; its units are all dead")
    influence /= influence.max()
    box = (int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max()))
    return FieldMap(
        influence=influence,
        box=box,
        size=(box[1] - box[0] + 1, box[3] - box[2] + 1),
        effective=float(np.sqrt((influence > 0.0455).sum())),
    )


def receptive_field_figure(model: Any, layer: str, **options: Any) -> Any:
    """Draws the measured field, and the size that the layers' arithmetic gives.

    Args:
        model, layer, options: as for `receptive_field_map`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    field = receptive_field_map(model, layer, **options)
    table = layer_table(model, options.get("input_shape"))
    paths = [path for path in table.index if path.split("/")[0] == layer]
    theory = table.loc[paths[-1]]
    figure = Figure(figsize=(5, 4.4), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(field.influence, cmap="magma", vmin=0, vmax=1)
    figure.colorbar(image, label="influence of a pixel")
    top, _, left, _ = field.box
    height, width = field.size
    axes.add_patch(
        Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor="cyan")
    )
    axes.set_title(
        f"{layer}: measured {height}x{width}, by arithmetic "
        f"{theory['receptive_height']}x{theory['receptive_width']},\n"
        f"effective {field.effective:.1f}x{field.effective:.1f}",
        fontsize=10,
    )
    return figure
