"""Data parallelism: one and two replicas, the same weights, and how fast (L51, L63).

The replicas are logical devices on one CPU, which have no more cores together than
one: the throughput shows what synchronising costs, not what a second machine would
give. One device runs in a process of its own, where all cores are its.

The weights agree up to rounding: two replicas add the same numbers in another order.
In single precision training makes much of that, so two more runs tell a rounding error
from a wrong gradient: one device whose first weights are off by one part in ten
million, and both in double precision.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.quiet import quiet_tensorflow
from shared.training import recipe, strategy, train
from shared.training.studies import _draw
from shared.training.studies._data import Data, build, data
from shared.training.studies._study import Row, Study, spread


@dataclass(frozen=True)
class Run:
    """One way to train, and which run its weights are compared with."""

    strategy: str
    reference: str
    dtype: str = "float32"
    perturbation: float = 0.0


RUNS = {
    "1 replica": Run("one", "1 replica"),
    "2 replicas": Run("cpu:2", "1 replica"),
    "1 replica, first weights off by 1e-7": Run("one", "1 replica", perturbation=1e-7),
    "1 replica, float64": Run("one", "1 replica, float64", "float64"),
    "2 replicas, float64": Run("cpu:2", "1 replica, float64", "float64"),
}


@dataclass(frozen=True)
class Config:
    """Sizes; the batch is that of all replicas together."""

    dataset: str = "mnist"
    train: str = "train[:2000]"
    epochs: int = 3
    batch_sizes: tuple[int, ...] = (64, 512)
    seeds: tuple[int, ...] = (0, 1)


def _model(run: Run, make: Callable[[], Any]) -> Callable[[], Any]:
    """A function that builds the model in the run's precision, off by a little."""

    def built() -> Any:
        import keras

        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(run.dtype)
        try:
            model = make()
        finally:
            keras.config.set_dtype_policy(before)
        if run.perturbation:
            off = 1 + run.perturbation
            model.set_weights([weight * off for weight in model.get_weights()])
        return model

    return built


Weights = list[np.ndarray]


def _trained(
    run: Run, config: Config, given: Data, batch_size: int, seed: int
) -> tuple[Weights, list[Row]]:
    """The weights that a run ends with, and its history; in a process of its own."""
    # First of all: it may divide the CPU, which TensorFlow allows only at the start.
    replicas = strategy(run.strategy)
    result = train(
        _model(run, build("lenet5", given)),
        given.train,
        recipe("mnist_task_sgd", options={"momentum": 0.9}),
        strategy=replicas,
        epochs=config.epochs,
        batch_size=batch_size,
        seed=seed,
        progress=False,
    )
    return result.model.get_weights(), result.history


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, "test[:100]")
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                ProcessPoolExecutor(1, spawn, initializer=quiet_tensorflow)
            )
            for name in {run.strategy: None for run in RUNS.values()}
        }
        for seed in config.seeds:
            for batch_size in config.batch_sizes:
                weights: dict[str, Weights] = {}
                for label, run in RUNS.items():
                    weights[label], history = (
                        processes[run.strategy]
                        .submit(_trained, run, config, given, batch_size, seed)
                        .result()
                    )
                    pairs = zip(weights[label], weights[run.reference], strict=True)
                    # Without the first epoch, which has the compilation in it.
                    times = [epoch["seconds"] for epoch in history]
                    yield {
                        "dataset": given.name,
                        "run": label,
                        "batch_size": batch_size,
                        "seed": seed,
                        "steps": config.epochs * math.ceil(len(given.x) / batch_size),
                        "images_per_s": len(given.x) / min(times[1:] or times),
                        "training_loss": history[-1]["loss"],
                        "greatest_difference": float(
                            max(np.abs(one - other).max() for one, other in pairs)
                        ),
                    }


def table(frame: Any) -> Any:
    by = frame.groupby(["batch_size", "run"], sort=False)
    summary = by.agg(
        steps=("steps", "first"),
        images_per_s=("images_per_s", lambda v: spread(v, 0)),
        greatest_difference=("greatest_difference", "max"),
    )
    summary["greatest_difference"] = summary["greatest_difference"].map("{:.1e}".format)
    best = by["images_per_s"].max().unstack()
    slower = best["1 replica"] / best["2 replicas"]
    summary["time of 2 / time of 1"] = [
        f"{slower[batch]:.2f}" if run == "2 replicas" else ""
        for batch, run in summary.index
    ]
    return summary


def plot(frame: Any) -> Any:
    figure, (left, right) = _draw.figure(2, width=5.5)
    timed = frame[frame["run"].isin(["1 replica", "2 replicas"])]
    timed = timed.assign(
        case=timed["run"] + "\nbatch " + timed["batch_size"].astype(str)
    )
    _draw.bars(left, timed, "case", "images_per_s")
    left.set_ylabel("images per second")
    compared = frame[~frame["run"].isin(run.reference for run in RUNS.values())]
    for place, (label, group) in enumerate(compared.groupby("run", sort=False)):
        # A difference of nothing at all has no place on a logarithmic axis.
        values = group["greatest_difference"].clip(lower=1e-18)
        right.plot(group["steps"] * (1 + 0.05 * (place - 1)), values, "o", label=label)
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_ylim(1e-18, 10)
    right.set_xlabel("steps")
    right.set_ylabel("greatest difference of a weight")
    right.grid(alpha=0.3)
    right.legend(fontsize=8, loc="upper center")
    figure.suptitle("Two replicas on the cores of one: a dot is a seed")
    return figure


STUDY = Study(
    title="One replica and two: the same weights, and what synchronising costs",
    lecture="L51, L63",
    sizes={
        "full": Config(),
        "quick": Config(train="train[:1000]", batch_sizes=(64,), seeds=(0, 1)),
        "tiny": Config("digits", "train[:100]", 2, (32,), seeds=(0,)),
    },
    rows=rows,
    table=table,
    plot=plot,
)
