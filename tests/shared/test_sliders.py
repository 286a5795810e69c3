"""with_sliders: one output that is both a widget and a still picture."""

import base64

import matplotlib
import pytest

from shared.sliders import with_sliders


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, as (data, keywords)."""
    matplotlib.use("Agg")
    found = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, **options: found.append((data, options))
    )
    return found


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_one_output_in_two_forms(shown):
    import matplotlib.pyplot as plt
    from ipywidgets import IntSlider

    drawn = []

    def draw(width, height):
        drawn.append((width, height))
        return plt.figure(figsize=(width, height))

    with_sliders(draw, width=IntSlider(value=3, min=1, max=5), height=(1, 3, 1))
    (data, options) = shown[-1]
    assert options == {"raw": True}
    picture = base64.b64decode(data["image/png"])
    assert picture.startswith(b"\x89PNG")
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"]
    # Once behind the sliders, once as the still picture, both with the first values.
    assert drawn == [(3, 2), (3, 2)]
    plt.close("all")
