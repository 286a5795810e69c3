"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure


def confusion_matrix(y: Any, predicted: Any, classes: int | None = None) -> np.ndarray:
    """Counts `(classes, classes)`: row the true class, column the predicted one.

    Args:
        y: true classes `(N,)`.
        predicted: predicted classes `(N,)`, or scores `(N, classes)`.
        classes: how many; None for as many as there are scores or labels.

    Raises:
        ValueError: shapes that do not fit, or a class out of range.
    """
    y, predicted = np.asarray(y), np.asarray(predicted)
    if predicted.ndim == 2:
        classes = classes or predicted.shape[1]
        predicted = predicted.argmax(axis=1)
    if y.ndim != 1 or y.shape != predicted.shape or len(y) == 0:
        raise ValueError(
            f"y, predicted: need (N,) and (N,), got {y.shape} and {predicted.shape}"
        )
    for name, labels in (("y", y), ("predicted", predicted)):
        if not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"{name}: classes must be integers, got {labels.dtype}")
    found = int(max(y.max(), predicted.max())) + 1
    classes = classes or found
    if found > classes or min(y.min(), predicted.min()) < 0:
        raise ValueError(f"y, predicted: a class lies outside 0 to {classes - 1}")
    counts = np.bincount(y * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


def confusion_figure(y: Any, predicted: Any, names: Sequence[str] | None = None) -> Any:
    """Draws the confusion matrix with its counts, shaded by the share of each row.

    Args:
        y, predicted: as for `confusion_matrix`.
        names: of the classes; without them, their numbers.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    counts = confusion_matrix(y, predicted, len(names) if names else None)
    size = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(3.5, 0.5 * size + 1.5)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = list(names) if names else [str(label) for label in range(size)]
    axes.set_xticks(range(size), labels, rotation=90 if names else 0)
    axes.set_yticks(range(size), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if size <= 20:
        for row, column in np.ndindex(size, size):
            if counts[row, column]:
                axes.text(
                    column,
                    row,
                    counts[row, column],
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if shares[row, column] > 0.5 else "black",
                )
    right = np.trace(counts) / counts.sum()
    axes.set_title(f"{right:.1%} of {counts.sum()} right")
    return figure
