"""Which augmentation helps, and which harms (L42).

On photographs each transform alone and the usual pair; on few handwritten digits the
safe ones, and the two that change what a digit is: mirroring, and turns by up to 180
degrees, after which a 6 is a 9. Those are refused unless one insists, as here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.training import recipe, train
from shared.training.augmentation import (
    AdaptiveEqualisation,
    ContrastStretch,
    Cutout,
    Flip,
    Rotate,
    Shift,
    augmentation,
)
from shared.training.studies import _draw
from shared.training.studies._data import data, scores
from shared.training.studies._networks import small_cnn
from shared.training.studies._study import Row, Study, spread

PHOTOGRAPHS = {
    "none": (),
    "flip": (Flip(),),
    "shift 4": (Shift(4),),
    "rotate 15°": (Rotate(15),),
    "contrast": (ContrastStretch(probability=0.5),),
    "equalise": (AdaptiveEqualisation(),),
    "cutout 8": (Cutout(8),),
    "flip, shift": (Flip(), Shift(4)),
}
HANDWRITING = {
    "none": (),
    "shift 2": (Shift(2),),
    "rotate 15°": (Rotate(15),),
    "flip": (Flip(),),
    "rotate 180°": (Rotate(180),),
}


@dataclass(frozen=True)
class Config:
    """Sizes, of photographs first, of digits second: few images, many epochs."""

    datasets: tuple[str, str] = ("cifar10", "mnist")
    train: tuple[str, str] = ("train[:1000]", "train[:500]")
    test: tuple[str, str] = ("test[:2000]", "test[:2000]")
    epochs: tuple[int, int] = (30, 25)
    filters: tuple[int, ...] = (16, 32, 64)
    seeds: tuple[int, ...] = (0, 1, 2)


def rows(config: Config) -> Iterator[Row]:
    plans = zip(
        config.datasets,
        config.train,
        config.test,
        config.epochs,
        (PHOTOGRAPHS, HANDWRITING),
        strict=True,
    )
    for name, training, test, epochs, changes in plans:
        given = data(name, training, test)
        for seed in config.seeds:
            for label, transforms in changes.items():
                augment = None
                if transforms:
                    augment = augmentation(
                        *transforms, dataset=given.name, allow_unsafe=True
                    )
                result = train(
                    small_cnn(given, config.filters, flatten=True),
                    given.train,
                    recipe("lenet5"),
                    epochs=epochs,
                    seed=seed,
                    augment=augment,
                    progress=False,
                )
                guesses = scores(result.model, given.x_test).argmax(axis=1)
                right = guesses == given.y_test
                # The two digits that are one another upside down.
                pair = np.isin(given.y_test, (6, 9))
                sixes_and_nines = 100 * (1 - right[pair].mean())
                yield {
                    "dataset": given.name,
                    "augmentation": label,
                    "seed": seed,
                    "training_loss": result.history[-1]["loss"],
                    "test_error": 100 * (1 - right.mean()),
                    "error_of_6_and_9": (
                        float("nan") if changes is PHOTOGRAPHS else sixes_and_nines
                    ),
                }


def table(frame: Any) -> Any:
    by = frame.groupby(["dataset", "augmentation"], sort=False)
    return by.agg(
        training_loss=("training_loss", lambda v: spread(v, 3)),
        test_error=("test_error", spread),
        error_of_6_and_9=(
            "error_of_6_and_9",
            lambda v: "" if v.isna().any() else spread(v),
        ),
    )


def plot(frame: Any) -> Any:
    names = list(dict.fromkeys(frame["dataset"]))
    figure, axes = _draw.figure(len(names), width=7)
    for axis, name in zip(axes, names, strict=True):
        part = frame[frame["dataset"] == name]
        _draw.bars(axis, part, "augmentation", "test_error")
        axis.tick_params("x", rotation=30)
        axis.set_ylabel("test error (%)")
        axis.set_title(name)
    figure.suptitle("Augmentation: a bar is the mean, a dot is a seed")
    return figure


STUDY = Study(
    title="Augmentation that helps, and augmentation that harms",
    lecture="L42",
    sizes={
        "full": Config(),
        "quick": Config(
            train=("train[:300]", "train[:500]"),
            test=("test[:1000]", "test[:1000]"),
            epochs=(15, 10),
            filters=(8, 16, 32),
            seeds=(0, 1),
        ),
        "tiny": Config(
            ("digits", "digits"),
            ("train[:64]", "train[:64]"),
            ("test[:50]", "test[:50]"),
            (1, 1),
            filters=(4, 4),
            seeds=(0,),
        ),
    },
    rows=rows,
    table=table,
    plot=plot,
)
