"""Pictures with sliders that remain pictures where no kernel runs."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any


def with_sliders(draw: Callable[..., Any], **sliders: Any) -> None:
    """Displays the figure that `draw` makes, with a slider for each argument.

    Under a running kernel the sliders redraw it. On a web page, in print or in a file
    that is only looked at, the figure for the first values stands there instead.

    Args:
        draw: makes a Matplotlib figure and returns it.
        sliders: by argument of `draw`, what `ipywidgets.interactive` takes, such as a
            widget with its first value or a tuple `(low, high, step)`.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display
    from ipywidgets import interactive

    def show(**values: Any) -> None:
        draw(**values)
        plt.show()

    panel = interactive(show, **sliders)
    figure = draw(**{w._kwarg: w.get_interact_value() for w in panel.kwargs_widgets})
    still = io.BytesIO()
    figure.savefig(still, format="png", bbox_inches="tight")
    plt.close(figure)
    view = {"version_major": 2, "version_minor": 0, "model_id": panel.model_id}
    # One output in two forms: a viewer takes the richest that it can show.
    display(
        {
            "application/vnd.jupyter.widget-view+json": view,
            "image/png": base64.b64encode(still.getvalue()).decode("ascii"),
            "text/plain": "a picture with sliders",
        },
        raw=True,
    )
