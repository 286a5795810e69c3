"""What a study is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SIZES = ("full", "quick", "tiny")
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """An experiment.

    Attributes:
        title: one line for a person.
        lecture: the rows of the lectures' inventory that it tests, such as "L92".
        sizes: a configuration for each of `SIZES`.
        rows: runs the experiment; yields a row per measurement.
        table: sums rows up over the seeds.
        plot: draws them.
    """

    title: str
    lecture: str
    sizes: Mapping[str, Any]
    rows: Callable[[Any], Iterator[Row]]
    table: Callable[[pd.DataFrame], pd.DataFrame]
    plot: Callable[[pd.DataFrame], Figure]


def spread(values: Any, digits: int = 2) -> str:
    """Mean and sample standard deviation, such as "98.71 ± 0.12".

    Without the latter where there is one value only.
    """
    import numpy as np

    values = np.asarray(values, float)
    mean = f"{values.mean():.{digits}f}"
    if len(values) < 2:
        return mean
    return f"{mean} ± {values.std(ddof=1):.{digits}f}"
