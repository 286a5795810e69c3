"""What a trained network has learned, as pictures (L10).

Each function that draws returns a `matplotlib.figure.Figure`, which a notebook shows
and `.savefig("file.png")` keeps; beside each stands the function that computes what
is drawn, as arrays. Importing this package imports no TensorFlow.

    activation_figure(model, x[0], "conv1")
    grad_cam_figure(model, x[:6], "conv5", y[:6])
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "activation_figure": "activation_maps",
    "activations": "activation_maps",
    "confusion_figure": "confusion",
    "confusion_matrix": "confusion",
    "deconvolution": "deconvnet",
    "deconvolution_figure": "deconvnet",
    "filter_figure": "filters",
    "grad_cam": "class_activation",
    "grad_cam_figure": "class_activation",
    "receptive_field_figure": "receptive_field",
    "receptive_field_map": "receptive_field",
    "saliency": "saliency_map",
    "saliency_figure": "saliency_map",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
