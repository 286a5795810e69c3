"""Label smoothing: q' = (1 - ε) q + ε u (L44; arXiv:1512.00567).

It is said to help accuracy a little and to keep the net from being too sure. So besides
the error: how sure the net is, and how far that is from how often it is right
(expected calibration error, arXiv:1706.04599).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.inference import predict_ensemble
from shared.training.studies import _draw
from shared.training.studies._data import data, scaled
from shared.training.studies._networks import small_cnn
from shared.training.studies._study import Row, Study, spread


@dataclass(frozen=True)
class Config:
    """Sizes; `epsilons` are the shares spread over all classes."""

    dataset: str = "cifar10"
    train: str = "train[:1500]"
    test: str = "test[:2000]"
    epochs: int = 25
    filters: tuple[int, ...] = (16, 32, 64)
    epsilons: tuple[float, ...] = (0.0, 0.1, 0.2, 0.4)
    seeds: tuple[int, ...] = (0, 1, 2)


def calibration_error(
    probabilities: np.ndarray, y: np.ndarray, bins: int = 15
) -> float:
    """How far the net's confidence is from its accuracy, over bins of confidence.

    Args:
        probabilities: `(N, classes)`.
        y: true classes `(N,)`.
        bins: of equal width.

    Returns:
        The mean over images of |accuracy - confidence| of their bin, from 0 to 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(index, right - confidence, bins)
    return float(np.abs(gap).sum() / len(y))


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    for seed in config.seeds:
        for epsilon in config.epsilons:
            result = train(
                small_cnn(given, config.filters, flatten=True),
                given.train,
                recipe("lenet5", label_smoothing=epsilon),
                epochs=config.epochs,
                seed=seed,
                progress=False,
            )
            found = predict_ensemble(
                [result.model], scaled(given.x_test), from_logits=True
            )
            true = found[np.arange(len(found)), given.y_test]
            yield {
                "dataset": given.name,
                "epsilon": epsilon,
                "seed": seed,
                "test_error": 100 * (found.argmax(axis=1) != given.y_test).mean(),
                "test_loss": -np.log(np.maximum(true, 1e-12)).mean(),
                "confidence": 100 * found.max(axis=1).mean(),
                "calibration_error": 100 * calibration_error(found, given.y_test),
            }


def table(frame: Any) -> Any:
    by = frame.groupby("epsilon", sort=False)
    return by.agg(
        test_error=("test_error", spread),
        test_loss=("test_loss", lambda v: spread(v, 3)),
        confidence=("confidence", spread),
        calibration_error=("calibration_error", spread),
    )


def plot(frame: Any) -> Any:
    figure, axes = _draw.figure(3, width=4.5)
    for axis, what, unit in zip(
        axes,
        ("test_error", "test_loss", "calibration_error"),
        (" (%)", "", " (%)"),
        strict=True,
    ):
        _draw.curves(axis, frame, "dataset", "epsilon", what)
        axis.get_legend().remove()
        axis.set_xlabel("ε")
        axis.set_ylabel(what.replace("_", " ") + unit)
    name, seeds = frame["dataset"].iloc[0], frame["seed"].nunique()
    figure.suptitle(f"Label smoothing on {name}: mean and range of {seeds} seeds")
    return figure


STUDY = Study(
    title="Label smoothing: the error, and how sure the net is",
    lecture="L44",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:500]",
            test="test[:1000]",
            epochs=15,
            epsilons=(0.0, 0.1, 0.4),
            seeds=(0, 1),
        ),
        "tiny": Config(
            "digits", "train[:64]", "test[:50]", 1, (4, 4), (0.0, 0.1), seeds=(0,)
        ),
    },
    rows=rows,
    table=table,
    plot=plot,
)
