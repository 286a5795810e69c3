"""What if the pixels of all images were permuted alike? (L1)

A dense net reads pixels in any order; a convolutional one lives by their neighbourhood.
Both are trained on the images as they are, and on images whose pixels are shuffled,
all by one permutation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.studies import _draw
from shared.training.studies._data import build, data
from shared.training.studies._networks import mlp
from shared.training.studies._study import Row, Study, spread


@dataclass(frozen=True)
class Config:
    """Sizes; images of one permutation, drawn from the run's seed."""

    dataset: str = "mnist"
    train: str = "train[:10000]"
    test: str = "test"
    epochs: int = 4
    seeds: tuple[int, ...] = (0, 1, 2)


def permuted(images: np.ndarray, seed: int) -> np.ndarray:
    """All images `(N, H, W, C)` with their pixels in one new order."""
    count = images.shape[1] * images.shape[2]
    order = np.random.default_rng(seed).permutation(count)
    flat = images.reshape(len(images), count, -1)
    return flat[:, order].reshape(images.shape)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    for seed in config.seeds:
        shuffled = given.mapped(lambda images, seed=seed: permuted(images, seed))
        for pixels, images in (("in place", given), ("permuted", shuffled)):
            networks = {"dense net": mlp(images), "LeNet-5": build("lenet5", images)}
            for network, model in networks.items():
                result = train(
                    model,
                    images.train,
                    recipe("lenet5"),
                    validation=images.test,
                    epochs=config.epochs,
                    seed=seed,
                    progress=False,
                )
                last = result.history[-1]
                yield {
                    "dataset": given.name,
                    "network": network,
                    "pixels": pixels,
                    "seed": seed,
                    "training_loss": last["loss"],
                    "test_accuracy": 100 * last["val_accuracy"],
                }


def table(frame: Any) -> Any:
    by = frame.groupby(["network", "pixels"], sort=False)["test_accuracy"]
    summary = by.agg(spread).unstack(sort=False)
    means = by.mean().unstack(sort=False)
    summary["loss by permuting"] = (means["in place"] - means["permuted"]).round(2)
    return summary


def plot(frame: Any) -> Any:
    figure, (axes,) = _draw.figure(width=6.5)
    labels = frame["network"] + "\n" + frame["pixels"]
    errors = 100 - frame["test_accuracy"]
    shown = frame.assign(case=labels, error=errors).sort_values("network")
    _draw.bars(axes, shown, "case", "error")
    axes.set_ylabel("test error (%)")
    axes.set_title(f"Pixels of all images permuted alike ({frame['dataset'].iloc[0]})")
    return figure


STUDY = Study(
    title="Permuting pixels harms a convolutional net, not a dense one",
    lecture="L1",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:5000]", test="test[:2000]", epochs=4, seeds=(0, 1)
        ),
        "tiny": Config("digits", "train[:256]", "test[:100]", epochs=1, seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
)
