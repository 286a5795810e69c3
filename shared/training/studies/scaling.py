"""Data parallelism: one and two replicas, the same weights, and how fast (L51, L63).

The replicas are logical devices on one CPU, which have no more cores together than
one: the throughput shows what synchronising costs, not what a second machine would
give. The weights after training must agree, and do, up to the order of sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, strategy, train
from shared.training.studies import _draw
from shared.training.studies._data import build, data
from shared.training.studies._study import Row, Study, spread

REPLICAS = ("one", "cpu:2")


@dataclass(frozen=True)
class Config:
    """Sizes; the batch is that of all replicas together."""

    dataset: str = "mnist"
    train: str = "train[:5000]"
    epochs: int = 3
    batch_sizes: tuple[int, ...] = (64, 512)
    seeds: tuple[int, ...] = (0, 1, 2)


def prepare() -> None:
    strategy("cpu:2")


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, "test[:100]")
    for seed in config.seeds:
        for batch_size in config.batch_sizes:
            reference = None
            for name in REPLICAS:
                chosen = strategy(name)
                result = train(
                    build("lenet5", given),
                    given.train,
                    recipe("mnist_task_sgd", options={"momentum": 0.9}),
                    strategy=chosen,
                    epochs=config.epochs,
                    batch_size=batch_size,
                    seed=seed,
                    progress=False,
                )
                weights = result.model.get_weights()
                reference = reference or weights
                # Without the first epoch, which has the compilation in it.
                times = [epoch["seconds"] for epoch in result.history]
                yield {
                    "dataset": given.name,
                    "replicas": chosen.num_replicas_in_sync,
                    "batch_size": batch_size,
                    "seed": seed,
                    "steps": config.epochs * math.ceil(len(given.x) / batch_size),
                    "images_per_s": len(given.x) / min(times[1:] or times),
                    "training_loss": result.history[-1]["loss"],
                    "greatest_difference": float(
                        max(
                            np.abs(one - other).max()
                            for one, other in zip(weights, reference, strict=True)
                        )
                    ),
                }


def table(frame: Any) -> Any:
    by = frame.groupby(["batch_size", "replicas"], sort=False)
    summary = by.agg(
        images_per_s=("images_per_s", lambda v: spread(v, 0)),
        greatest_difference=("greatest_difference", "max"),
    ).unstack(sort=False)
    summary.columns = [f"{what}, {count}" for what, count in summary.columns]
    speed = by["images_per_s"].mean().unstack(sort=False)
    summary["time of 2 / time of 1"] = (speed[1] / speed[2]).round(2)
    return summary


def plot(frame: Any) -> Any:
    figure, (left, right) = _draw.figure(2, width=5)
    _draw.curves(left, frame, "replicas", "batch_size", "images_per_s")
    left.set_ylabel("images per second")
    two = frame[frame["replicas"] == 2]
    _draw.curves(right, two, "replicas", "batch_size", "greatest_difference")
    right.set_ylabel("greatest difference of a weight")
    right.set_yscale("log")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xlabel("images per step, all replicas together")
        axes.get_legend().set_title("replicas")
    figure.suptitle("Two replicas on the cores of one")
    return figure


STUDY = Study(
    title="One replica and two: the same weights, and what synchronising costs",
    lecture="L51, L63",
    sizes={
        "full": Config(),
        "quick": Config(train="train[:3000]", batch_sizes=(128,), seeds=(0, 1)),
        "tiny": Config("digits", "train[:100]", 2, (32,), seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
    prepare=prepare,
)
