"""Batch normalisation allows a higher learning rate (L39; arXiv:1502.03167).

One net of six convolutions, with it and without, over learning rates. A run whose loss
stops being a number counts as chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.training import recipe, train
from shared.training.errors import NonFiniteLossError
from shared.training.schedules import Constant
from shared.training.studies import _draw
from shared.training.studies._data import data
from shared.training.studies._networks import small_cnn
from shared.training.studies._study import Row, Study, spread


@dataclass(frozen=True)
class Config:
    """Sizes. Plain SGD at a constant rate: nothing else may help."""

    dataset: str = "mnist"
    train: str = "train[:3000]"
    test: str = "test[:2000]"
    epochs: int = 3
    learning_rates: tuple[float, ...] = (0.01, 0.1, 0.3, 1.0, 3.0)
    filters: tuple[int, ...] = (8, 16, 32)
    seeds: tuple[int, ...] = (0, 1, 2)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    plain = recipe("mnist_task_sgd", schedule=Constant(), batch_size=64)
    for seed in config.seeds:
        for batch_norm in (True, False):
            for rate in config.learning_rates:
                row = {
                    "dataset": given.name,
                    "network": "with BN" if batch_norm else "without BN",
                    "learning_rate": rate,
                    "seed": seed,
                }
                model = small_cnn(
                    given,
                    config.filters,
                    kernels=(3, 3),
                    batch_norm=batch_norm,
                    flatten=True,
                )
                try:
                    result = train(
                        model,
                        given.train,
                        recipe(plain, learning_rate=rate),
                        validation=given.test,
                        epochs=config.epochs,
                        seed=seed,
                        progress=False,
                    )
                except NonFiniteLossError:
                    chance = 100 / (int(given.y.max()) + 1)
                    yield {**row, "diverged": True, "test_accuracy": chance}
                else:
                    accuracy = 100 * result.history[-1]["val_accuracy"]
                    yield {**row, "diverged": False, "test_accuracy": accuracy}


def table(frame: Any) -> Any:
    by = frame.groupby(["learning_rate", "network"], sort=False)
    summary = by["test_accuracy"].agg(spread).unstack(sort=False)
    lost = by["diverged"].sum().unstack(sort=False)
    summary["diverged without BN"] = lost["without BN"]
    summary["diverged with BN"] = lost["with BN"]
    return summary


def plot(frame: Any) -> Any:
    figure, (axes,) = _draw.figure()
    _draw.curves(axes, frame, "network", "learning_rate", "test_accuracy")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("test accuracy (%)")
    seeds = frame["seed"].nunique()
    axes.set_title(f"Learning rates that work ({seeds} seeds, mean and range)")
    return figure


STUDY = Study(
    title="Batch normalisation allows a higher learning rate",
    lecture="L39",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:2000]",
            test="test[:1000]",
            learning_rates=(0.1, 1.0),
            seeds=(0, 1),
        ),
        "tiny": Config(
            "digits",
            "train[:128]",
            "test[:100]",
            epochs=1,
            learning_rates=(0.1,),
            filters=(4, 4),
            seeds=(0,),
        ),
    },
    rows=rows,
    table=table,
    plot=plot,
)
