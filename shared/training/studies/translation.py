"""Convolution is equivariant to translation, and the net hardly invariant (L5).

The lecture says a detector works anywhere in the image. Two measurements on a trained
net and on a dense one: how far the maps of a shifted image are from the shifted maps
of the image, layer by layer; and the accuracy on shifted test images.

Images get a border, so that nothing is lost by shifting. Shifts that are no multiple
of a layer's stride cannot be shifts of its maps by whole positions: of those, the
nearest whole shift counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.inference import shifted
from shared.training.studies import _draw
from shared.training.studies._data import build, data, scaled, scores
from shared.training.studies._networks import mlp
from shared.training.studies._study import Row, Study, spread
from shared.training.visualisation import activations

# Layers of LeNet-5, with the stride of their maps in pixels of the image.
LAYERS = {"C1": 1, "S2": 2, "C3": 2, "S4": 4}


@dataclass(frozen=True)
class Config:
    """Sizes; `border` pixels of zeros on each side of every image."""

    dataset: str = "mnist"
    train: str = "train[:5000]"
    test: str = "test[:2000]"
    epochs: int = 4
    border: int = 8
    shifts: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8)
    seeds: tuple[int, ...] = (0, 1, 2)


def equivariance_error(model: Any, x: np.ndarray, layer: str, by: int) -> float:
    """How far a layer's maps are from moving with the image.

    ‖f(shift x) - shift f(x)‖ / ‖f(x) - mean‖ over the positions that both know; the
    mean, per map over positions, is what a constant map would have.

    Args:
        model: a Keras model.
        x: images `(N, H, W, C)`, as it takes them.
        layer: one of `LAYERS`.
        by: pixels to the right.
    """
    stride = LAYERS[layer]
    move = round(by / stride)
    still = activations(model, x, layer)
    moved = activations(model, shifted(0, by)(x), layer)
    width = still.shape[2]
    difference = moved[:, :, move:] - still[:, :, : width - move]
    spread_out = still - still.mean(axis=(1, 2), keepdims=True)
    return float(np.linalg.norm(difference) / np.linalg.norm(spread_out))


def rows(config: Config) -> Iterator[Row]:
    wide = ((0, 0), (config.border,) * 2, (config.border,) * 2, (0, 0))
    given = data(config.dataset, config.train, config.test)
    given = given.mapped(lambda images: np.pad(images, wide))
    for seed in config.seeds:
        networks = {"LeNet-5": build("lenet5", given), "dense net": mlp(given)}
        for network, make in networks.items():
            result = train(
                make,
                given.train,
                recipe("lenet5"),
                epochs=config.epochs,
                seed=seed,
                progress=False,
            )
            for by in config.shifts:
                images = shifted(0, by)(given.x_test)
                guesses = scores(result.model, images).argmax(axis=1)
                row = {
                    "dataset": given.name,
                    "seed": seed,
                    "network": network,
                    "measure": "test accuracy (%)",
                    "layer": "output",
                    "shift": by,
                    "value": 100 * (guesses == given.y_test).mean(),
                }
                yield row
                if network != "LeNet-5":
                    continue
                sample = scaled(given.x_test[:200])
                for layer in LAYERS:
                    error = equivariance_error(result.model, sample, layer, by)
                    measure = "equivariance error"
                    yield {**row, "measure": measure, "layer": layer, "value": error}


def table(frame: Any) -> Any:
    labels = frame["network"].where(frame["layer"] == "output", frame["layer"])
    kind = frame["measure"]
    by = frame.assign(what=labels).groupby([kind, "what", "shift"], sort=False)
    return by["value"].agg(lambda v: spread(v, 3 if v.max() < 5 else 1)).unstack()


def plot(frame: Any) -> Any:
    figure, (left, right) = _draw.figure(2)
    errors = frame[frame["measure"] == "equivariance error"]
    _draw.curves(left, errors, "layer", "shift", "value")
    left.set_ylabel("equivariance error, 0 is perfect")
    left.set_title("LeNet-5, layer by layer")
    accuracy = frame[frame["layer"] == "output"]
    _draw.curves(right, accuracy, "network", "shift", "value")
    right.set_ylabel("test accuracy (%)")
    right.set_title("trained on centred images")
    for axes in (left, right):
        axes.set_xlabel("shift (pixels)")
    return figure


STUDY = Study(
    title="Maps move with the image; the prediction hardly stays",
    lecture="L5",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:3000]", test="test[:1000]", epochs=3, seeds=(0, 1)
        ),
        "tiny": Config(
            "digits", "train[:64]", "test[:50]", 1, shifts=(0, 1, 4), seeds=(0,)
        ),
    },
    rows=rows,
    table=table,
    plot=plot,
)
