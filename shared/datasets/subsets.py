"""Subset arguments such as `train[:6000]`, the same for every way of loading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.datasets.catalog import DatasetError

_BOUND = r"(-?\d+(?:_\d+)*%?)?"
_SUBSET = re.compile(rf"(\w+)(?:\[{_BOUND}:{_BOUND}\])?", re.ASCII)


@dataclass(frozen=True)
class Subset:
    """Examples `start` to `stop - 1` of one split."""

    split: str
    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.split}[{self.start}:{self.stop}]"


def parse(split: str, sizes: Mapping[str, int], name: str) -> list[Subset]:
    """Returns the pieces that a subset argument names, in its order.

    Written as for tensorflow-datasets: `train`, `train[:6000]`, `train[50%:]`,
    `train[-100:]`, `train[:10]+test[:5]`. Like a Python slice, and unlike
    tensorflow-datasets, a bound beyond the end stops at the end, so that a notebook
    written for a large data set also runs with a small one.

    Args:
        split: the subset argument.
        sizes: number of examples of each split.
        name: of the data set, for messages.

    Raises:
        DatasetError: the argument is malformed, or no example is left.
    """
    subsets = []
    for piece in str(split).split("+"):
        match = _SUBSET.fullmatch(piece.strip())
        if match is None:
            raise DatasetError(
                f"split: cannot read {split!r}; write it as train, train[:6000], "
                "train[50%:] or train+test"
            )
        which, first, last = match.groups()
        if which not in sizes:
            known = ", ".join(sizes)
            raise DatasetError(f"split: {name} has no {which!r}; it has {known}")
        size = sizes[which]
        start = 0 if first is None else _position(first, size)
        stop = size if last is None else _position(last, size)
        if start >= stop:
            raise DatasetError(
                f"split: {piece.strip()!r} is empty; {name} has {size} images there"
            )
        subsets.append(Subset(which, start, stop))
    return subsets


def _position(bound: str, size: int) -> int:
    """Returns a bound as an index from 0 to `size`."""
    if bound.endswith("%"):
        # Rounds as tensorflow-datasets does, so that both choose the same images.
        position = round(int(bound[:-1]) * size / 100)
    else:
        position = int(bound)
    if position < 0:
        position += size
    return min(max(position, 0), size)
