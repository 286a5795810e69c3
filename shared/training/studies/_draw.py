"""What the pictures of the studies have in common: curves with a band over seeds."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def figure(columns: int = 1, *, width: float = 6.0, height: float = 4.2) -> Any:
    """A figure and its axes side by side; not registered anywhere, so freed by itself.

    Returns:
        `(figure, axes)`, axes as an array of `columns`.
    """
    drawn = Figure(figsize=(width * columns, height), layout="constrained")
    return drawn, drawn.subplots(1, columns, squeeze=False)[0]


def curves(axes: Any, frame: Any, by: str, x: str, y: str) -> None:
    """Draws the mean of `y` over the seeds against `x` for each `by`, and its range."""
    for label, group in frame.groupby(by, sort=False):
        over = group.groupby(x)[y]
        mean = over.mean()
        (line,) = axes.plot(mean.index, mean, marker=".", label=str(label))
        axes.fill_between(
            mean.index, over.min(), over.max(), color=line.get_color(), alpha=0.2
        )
    if frame[x].dtype.kind == "i":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(x.replace("_", " "))
    axes.set_ylabel(y.replace("_", " "))
    axes.grid(alpha=0.3)
    axes.legend()


def bars(axes: Any, frame: Any, by: str, y: str) -> None:
    """Draws the mean of `y` for each `by`, with a dot per seed."""
    groups = list(frame.groupby(by, sort=False)[y])
    for place, (_, values) in enumerate(groups):
        axes.bar(place, values.mean(), color=f"C{place}", alpha=0.5)
        axes.plot([place] * len(values), values, "k.", markersize=5)
    axes.set_xticks(range(len(groups)), [str(label) for label, _ in groups])
    axes.set_ylabel(y.replace("_", " "))
    axes.grid(axis="y", alpha=0.3)
