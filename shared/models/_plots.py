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
            point = (
                name,
                int(row["macs"]) / 1e9,
                accuracy.top1,
                int(row["params_total"]) / 1e6,
            )
            families.setdefault(family, []).append(point)
    figure = Figure(figsize=(10, 7), layout="constrained")
    axes = figure.subplots()
    for family, points in families.items():
        _, macs, top1, millions = zip(*points, strict=True)
        axes.scatter(macs, top1, s=millions, alpha=0.6, label=family)
        for name, x, y, _ in points:
            axes.annotate(
                name, (x, y), fontsize=6, textcoords="offset points", xytext=(4, 3)
            )
    axes.set_xscale("log")
    axes.set_xlabel("multiply-adds per image (billions); area: parameters")
    axes.set_ylabel("top-1 accuracy as published (%)")
    axes.set_title("Accuracy against cost; protocols differ, see the list")
    axes.legend(fontsize=7, loc="lower right", markerscale=0.5)
    figure.savefig(path)
    return sum(map(len, families.values()))
