"""The pictures of `python -m shared.models --plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.models._report import counts
from shared.models.registry import about, variants


def plot_layers(table: Any, name: str, path: Path) -> None:
    """Draw activations and parameters of each layer by depth, into a file."""
    from matplotlib.figure import Figure

    rows = table[(table["activations"] > 0) | (table["parameters"] > 0)]
    figure = Figure(figsize=(9, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    depth = range(len(rows))
    upper.bar(depth, rows["activation_bytes"] / 1e6, color="tab:blue")
    upper.set_ylabel("activations (MB)")
    upper.set_title(f"{name}: memory and parameters by depth")
    lower.bar(depth, rows["parameters"] / 1e6, color="tab:orange")
    lower.set_ylabel("parameters (millions)")
    if len(rows) <= 40:
        lower.set_xticks(depth, rows.index, rotation=90, fontsize=7)
    else:
        lower.set_xlabel("layer")
    figure.savefig(path)


def plot_zoo(path: Path) -> int:
    """Draw published top-1 accuracy on ImageNet against multiply-adds, into a file.

    Returns:
        The number of variants drawn: those with both figures.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    known = counts()
    families: dict[str, list[tuple[str, float, float, float]]] = {}
    for name in variants():
        family, _, accuracy = about(name)
        if (
            name in known
            and accuracy is not None
            and accuracy.top1 is not None
            and accuracy.protocol.startswith("ImageNet")
        ):
            row = known[name]
            macs, weights = int(row["macs"]) / 1e9, int(row["params_total"]) / 1e6
            point = (name, macs, accuracy.top1, weights)
            families.setdefault(family, []).append(point)
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots()
    for index, (family, points) in enumerate(families.items()):
        _, macs, top1, millions = zip(*points, strict=True)
        axes.scatter(
            macs,
            top1,
            s=[max(m, 6) for m in millions],
            color=colormaps["tab20"](index % 20),
            alpha=0.7,
            label=family,
        )
    axes.set_xscale("log")
    ticks = [0.3, 1, 3, 10, 30]
    axes.set_xticks(ticks, list(map(str, ticks)))
    axes.set_xlabel("multiply-adds per image (billions); area: parameters")
    axes.set_ylabel("top-1 accuracy as published (%)")
    axes.set_title("Accuracy against cost; protocols differ, see the list")
    legend = axes.legend(fontsize=7, loc="lower right")
    for handle in legend.legend_handles:
        handle.set_sizes([25])
    _name_points(axes, [point for points in families.values() for point in points])
    figure.savefig(path)
    return sum(map(len, families.values()))


def _name_points(axes: Any, points: list[tuple[str, float, float, float]]) -> None:
    """Write names beside points, the best first, wherever there is room."""
    axes.figure.canvas.draw()  # fixes where data lies on the page
    size = 6
    scale = axes.figure.dpi / 72
    taken: list[tuple[float, float, float, float]] = []
    for name, macs, top1, _ in sorted(points, key=lambda point: -point[2]):
        x, y = axes.transData.transform((macs, top1)) / scale
        width, height = 0.55 * size * len(name), 1.1 * size
        for dx, dy in ((5, -2), (-5 - width, -2), (-width / 2, 6), (-width / 2, -12)):
            box = (x + dx, y + dy, x + dx + width, y + dy + height)
            if all(
                box[2] < other[0]
                or other[2] < box[0]
                or box[3] < other[1]
                or other[3] < box[1]
                for other in taken
            ):
                taken.append(box)
                axes.annotate(
                    name,
                    (macs, top1),
                    (dx, dy),
                    textcoords="offset points",
                    fontsize=size,
                )
                break
