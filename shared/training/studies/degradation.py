"""Degradation: plain nets get worse with depth, residual ones do not (L70).

The nets of arXiv:1512.03385, section 4.2, at several depths, with and without their
shortcuts. What degrades is the *training* loss: it is no overfitting. Images are
halved in height and width, which a laptop needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.studies import _draw
from shared.training.studies._data import build, data
from shared.training.studies._study import Row, Study, spread


@dataclass(frozen=True)
class Config:
    """Sizes; `depths` are of the form 6n + 2."""

    dataset: str = "cifar10"
    train: str = "train[:3000]"
    test: str = "test[:1000]"
    epochs: int = 8
    depths: tuple[int, ...] = (8, 20, 44)
    seeds: tuple[int, ...] = (0, 1)


def halved(images: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels, uint8; an odd last row or column is dropped."""
    height, width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
    parts = [
        images[:, i:height:2, j:width:2].astype(np.float32)
        for i in (0, 1)
        for j in (0, 1)
    ]
    return np.round(sum(parts) / 4).astype(np.uint8)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test).mapped(halved)
    for seed in config.seeds:
        for depth in config.depths:
            for kind in ("plain", "resnet"):
                result = train(
                    build(f"{kind}{depth}_cifar", given),
                    given.train,
                    recipe("lenet5", learning_rate=0.05),
                    validation=given.test,
                    epochs=config.epochs,
                    seed=seed,
                    progress=False,
                )
                for epoch in result.history:
                    yield {
                        "dataset": given.name,
                        "network": "plain" if kind == "plain" else "residual",
                        "depth": depth,
                        "seed": seed,
                        "epoch": epoch["epoch"],
                        "training_loss": epoch["loss"],
                        "test_accuracy": 100 * epoch["val_accuracy"],
                    }


def _last(frame: Any) -> Any:
    return frame[frame["epoch"] == frame["epoch"].max()]


def table(frame: Any) -> Any:
    by = _last(frame).groupby(["depth", "network"], sort=False)
    return by.agg(
        training_loss=("training_loss", lambda v: spread(v, 3)),
        test_accuracy=("test_accuracy", spread),
    ).unstack(sort=False)


def plot(frame: Any) -> Any:
    figure, (left, right) = _draw.figure(2)
    last = _last(frame)
    _draw.curves(left, last, "network", "depth", "training_loss")
    left.set_title("training loss after the last epoch")
    deepest = frame[frame["depth"] == frame["depth"].max()]
    _draw.curves(right, deepest, "network", "epoch", "training_loss")
    right.set_title(f"{frame['depth'].max()} layers")
    for axes in (left, right):
        axes.set_ylabel("training loss")
    seeds = frame["seed"].nunique()
    figure.suptitle(
        f"Degradation on {frame['dataset'].iloc[0]} at half size, {seeds} seeds"
    )
    return figure


STUDY = Study(
    title="Plain nets get worse with depth, residual nets do not",
    lecture="L70",
    sizes={
        "full": Config(),
        "quick": Config(
            "mnist", "train[:1000]", "test[:500]", 4, depths=(8, 26), seeds=(0, 1)
        ),
        "tiny": Config("digits", "train[:64]", "test[:50]", 1, depths=(8,), seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
)
