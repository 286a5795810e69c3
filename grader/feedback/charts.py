"""The class page's pictures, as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

_BINS = 10
_INK = "#3b5b7a"
_STYLE: Any = {"svg.hashsalt": "course", "svg.fonttype": "none", "font.size": 11}


def distribution_chart(scores: Sequence[float], points: float) -> str:
    """Returns a histogram of `scores` out of `points`."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 2.6), layout="constrained")
        axes = figure.subplots()
        top = points or 1.0
        axes.hist(scores, bins=_BINS, range=(0, top), color=_INK, edgecolor="white")
        axes.set(xlabel=f"points, of {points:g}", ylabel="students", xlim=(0, top))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure)


def difficulty_chart(questions: Sequence[Mapping[str, Any]]) -> str:
    """Returns a bar for each question: the share of students with full points."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(
            figsize=(6.4, 0.7 + 0.33 * max(1, len(questions))), layout="constrained"
        )
        axes = figure.subplots()
        shares = [100 * q["right"] / max(1, q["asked"]) for q in questions]
        names = [q["id"] for q in questions]
        bars = axes.barh(names, shares, color=_INK)
        axes.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=3)
        axes.invert_yaxis()
        axes.set(xlim=(0, 112), xlabel="students with full points, %")
        axes.spines[["top", "right"]].set_visible(False)
        return _svg(figure)


def _svg(figure: Any) -> str:
    """The picture alone, without the head that a file of its own would have."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
