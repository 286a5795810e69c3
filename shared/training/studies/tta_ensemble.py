"""Test-time augmentation and ensembles (L43, L57: seven AlexNets, 18.2 to 15.4 %).

Several nets are trained from different seeds. Then one net, one net with several views
of each image, the mean of several nets, and both. Ensembles are those of every choice
of nets; the choices share nets, so their spread is less than that of ensembles trained
afresh.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.augmentation import Flip, Shift, augmentation
from shared.training.inference import (
    flipped,
    predict_tta,
    shifted,
    topk_error,
    unchanged,
)
from shared.training.studies import _draw
from shared.training.studies._data import data, scaled
from shared.training.studies._networks import small_cnn
from shared.training.studies._study import Row, Study, spread

SHIFTS = tuple(shifted(*by) for by in ((0, 2), (0, -2), (2, 0), (-2, 0)))


@dataclass(frozen=True)
class Config:
    """Sizes; a net per seed."""

    dataset: str = "cifar10"
    train: str = "train[:3000]"
    test: str = "test[:2000]"
    epochs: int = 12
    filters: tuple[int, ...] = (16, 32, 64)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


def rows(config: Config) -> Iterator[Row]:
    given = data(config.dataset, config.train, config.test)
    photographs = given.image_shape[-1] == 3
    changes = (Shift(4), Flip()) if photographs else (Shift(2),)
    mirror = (flipped(),) if photographs else ()
    views = {
        "one view": (unchanged,),
        **({"2 views: mirrored": (unchanged, *mirror)} if mirror else {}),
        "5 views: shifted": (unchanged, *SHIFTS),
    }
    x, y = scaled(given.x_test), given.y_test
    found: dict[str, list[np.ndarray]] = {label: [] for label in views}
    for seed in config.seeds:
        result = train(
            small_cnn(given, config.filters, flatten=True),
            given.train,
            recipe("lenet5"),
            epochs=config.epochs,
            seed=seed,
            augment=augmentation(*changes, dataset=given.name),
            progress=False,
        )
        for label, chosen in views.items():
            scores = predict_tta(
                result.model, x, chosen, dataset=given.name, from_logits=True
            )
            found[label].append(scores)
    members = len(config.seeds)
    for size in range(1, members + 1):
        for chosen in itertools.combinations(range(members), size):
            for label, scores in found.items():
                mean = np.mean([scores[i] for i in chosen], axis=0)
                yield {
                    "dataset": given.name,
                    "nets": size,
                    "views": label,
                    "members": " ".join(str(config.seeds[i]) for i in chosen),
                    "top1_error": 100 * topk_error(mean, y, 1),
                    "top3_error": 100 * topk_error(mean, y, 3),
                }


def table(frame: Any) -> Any:
    shown = frame[frame["nets"].isin({1, 3, frame["nets"].max()})]
    by = shown.groupby(["nets", "views"], sort=False)
    return by.agg(
        choices=("members", "size"),
        top1_error=("top1_error", spread),
        top3_error=("top3_error", spread),
    )


def plot(frame: Any) -> Any:
    figure, (axes,) = _draw.figure()
    _draw.curves(axes, frame, "views", "nets", "top1_error")
    axes.set_xlabel("nets in the ensemble")
    axes.set_ylabel("top-1 error (%)")
    axes.set_xticks(sorted(frame["nets"].unique()))
    axes.set_title(
        f"Views and ensembles ({frame['dataset'].iloc[0]}): "
        "mean and range of all choices"
    )
    return figure


STUDY = Study(
    title="Several views and several nets",
    lecture="L43, L57",
    sizes={
        "full": Config(),
        "quick": Config(
            train="train[:2000]", test="test[:1000]", epochs=5, seeds=(0, 1, 2)
        ),
        "tiny": Config(
            "digits", "train[:64]", "test[:50]", 1, filters=(4, 4), seeds=(0, 1)
        ),
    },
    rows=rows,
    table=table,
    plot=plot,
)
