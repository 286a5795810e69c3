"""The MNIST task: Adam, Adadelta and SGD on one network, ten epochs each (L92).

The lecture sets the task without the answer. Keras's Adadelta starts at a learning
rate of 0.001, at which it barely learns; its paper (arXiv:1212.5701) has no rate,
which is a rate of 1. Both are run: the ranking depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.training import recipe, train
from shared.training.studies import _draw
from shared.training.studies._data import build, data
from shared.training.studies._study import Row, Study, spread

RUNS = {
    "Adam, 0.001": recipe("mnist_task_adam"),
    "Adadelta, 1.0 (paper)": recipe("mnist_task_adadelta"),
    "Adadelta, 0.001 (Keras)": recipe("mnist_task_adadelta", learning_rate=0.001),
    "SGD, 0.01": recipe("mnist_task_sgd"),
}


@dataclass(frozen=True)
class Config:
    """Sizes; the batch of 128 images is the recipes'."""

    dataset: str = "mnist"
    train: str = "train"
    test: str = "test"
    epochs: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    for seed in config.seeds:
        for label, chosen in RUNS.items():
            print(f"{label}, seed {seed}")
            result = train(
                build(chosen.model, given, **chosen.model_options),
                given.train,
                chosen,
                validation=given.test,
                epochs=config.epochs,
                seed=seed,
            )
            for epoch in result.history:
                yield {
                    "dataset": given.name,
                    "optimizer": label,
                    "seed": seed,
                    "epoch": epoch["epoch"],
                    "training_loss": epoch["loss"],
                    "training_accuracy": epoch["accuracy"],
                    "test_loss": epoch["val_loss"],
                    "test_accuracy": epoch["val_accuracy"],
                    "seconds": epoch["seconds"],
                }


def table(frame: Any) -> Any:
    last = frame[frame["epoch"] == frame["epoch"].max()].copy()
    last["test error (%)"] = 100 * (1 - last["test_accuracy"])
    by = last.groupby("optimizer", sort=False)
    ranked = by["training_loss"].mean().sort_values().index
    summary = by.agg(
        {
            "training_loss": lambda v: spread(v, 4),
            "test_loss": lambda v: spread(v, 4),
            "test error (%)": spread,
        }
    )
    summary["s per epoch"] = by["seconds"].mean().round(1)
    return summary.loc[ranked]


def plot(frame: Any) -> Any:
    figure, (left, right) = _draw.figure(2)
    for axes, what in ((left, "training_loss"), (right, "test_loss")):
        _draw.curves(axes, frame, "optimizer", "epoch", what)
        axes.set_yscale("log")
    left.get_legend().remove()  # it would hide a curve, and is the same
    name, seeds = frame["dataset"].iloc[0], frame["seed"].nunique()
    figure.suptitle(f"The MNIST task on {name}: mean and range of {seeds} seeds")
    return figure


STUDY = Study(
    title="Adam, Adadelta and SGD: the MNIST task's loss curves",
    lecture="L92",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:3000]", test="test[:2000]", epochs=4, seeds=(0, 1)
        ),
        "tiny": Config("digits", "train[:256]", "test[:100]", epochs=2, seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
)
