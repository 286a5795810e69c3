"""Small filters: two 3x3 for a 5x5, three for a 7x7 (L47).

They see as far, 18C² against 25C² and 27C² against 49C² parameters at C channels in
and out, and have more ReLUs between. Nets that differ in this alone are compared by
parameters, multiply-adds, accuracy and time. (Where a stage doubles the channels or
reads three of them, the first filter is cheap and the others are not: that is why the
whole nets differ by less.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.accounting import multiply_adds
from shared.training import recipe, train
from shared.training.studies import _draw
from shared.training.studies._data import data
from shared.training.studies._networks import small_cnn
from shared.training.studies._study import Row, Study, spread

STAGES = {
    "one 3x3": (3,),
    "one 5x5": (5,),
    "two 3x3": (3, 3),
    "one 7x7": (7,),
    "three 3x3": (3, 3, 3),
}
SEES = {"one 3x3": 3, "one 5x5": 5, "two 3x3": 5, "one 7x7": 7, "three 3x3": 7}


@dataclass(frozen=True)
class Config:
    """Sizes."""

    dataset: str = "cifar10"
    train: str = "train[:3000]"
    test: str = "test[:1000]"
    epochs: int = 8
    filters: tuple[int, ...] = (16, 16, 32)
    seeds: tuple[int, ...] = (0, 1, 2)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    for seed in config.seeds:
        for label, kernels in STAGES.items():
            result = train(
                small_cnn(given, config.filters, kernels=kernels),
                given.train,
                recipe("lenet5"),
                validation=given.test,
                epochs=config.epochs,
                seed=seed,
                progress=False,
            )
            # The first epoch has the compilation in it.
            times = [epoch["seconds"] for epoch in result.history[1:]] or [
                result.history[0]["seconds"]
            ]
            yield {
                "dataset": given.name,
                "stage": label,
                "sees": SEES[label],
                "seed": seed,
                "parameters": result.model.count_params(),
                "multiply_adds": multiply_adds(result.model),
                "training_loss": result.history[-1]["loss"],
                "test_accuracy": 100 * result.history[-1]["val_accuracy"],
                "images_per_s": len(given.x) / (sum(times) / len(times)),
            }


def table(frame: Any) -> Any:
    by = frame.groupby(["sees", "stage"], sort=False)
    return by.agg(
        parameters=("parameters", "first"),
        multiply_adds=("multiply_adds", "first"),
        training_loss=("training_loss", lambda v: spread(v, 3)),
        test_accuracy=("test_accuracy", spread),
        images_per_s=("images_per_s", lambda v: spread(v, 0)),
    )


def plot(frame: Any) -> Any:
    figure, (axes,) = _draw.figure(width=7)
    for label, group in frame.groupby("stage", sort=False):
        axes.plot(group["parameters"] / 1e3, group["test_accuracy"], "o", label=label)
    axes.set_xlabel("parameters (thousands)")
    axes.set_ylabel("test accuracy (%)")
    axes.grid(alpha=0.3)
    axes.legend(title="each stage has")
    axes.set_title(f"Small filters on {frame['dataset'].iloc[0]}: a dot is a seed")
    return figure


STUDY = Study(
    title="Several small filters for a large one",
    lecture="L47",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:1000]", test="test[:1000]", epochs=4, seeds=(0, 1)
        ),
        "tiny": Config("digits", "train[:64]", "test[:50]", 1, (4, 4), seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
)
