"""scikit-learn's 1,797 handwritten digits as 28x28 images, with NumPy alone.

The images are part of scikit-learn's installation (from the UCI repository,
https://archive.ics.uci.edu/dataset/80), so they are there without a network.
Neither scikit-learn nor TensorFlow is imported: this takes some tens of
milliseconds in a fresh process.
"""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from shared.datasets.catalog import DatasetError
from shared.datasets.subsets import parse

_SMALL, _LARGE = 8, 28
_TOP = 16  # grey levels of the originals run from 0 to 16
_TEST_SHARE = 5  # every fifth digit of a class is for testing


def digits_arrays(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Returns the digits as `(x, y)`.

    The originals come in the order of their writers. They are shuffled once, always
    in the same way; then every fifth digit of each class goes to "test" (364 of
    1,797), so that both splits hold each class in the same proportion.

    Args:
        split: "train", "test", or a subset such as `train[:500]`.

    Returns:
        x: uint8 of shape `(N, 28, 28, 1)`, from 0 (paper) to 255 (ink).
        y: int64 of shape `(N,)`.

    Raises:
        DatasetError: scikit-learn is absent, or the subset cannot be read.
    """
    images, labels = _read(_find())
    # RandomState, for NumPy guarantees its stream for all versions to come.
    order = np.random.RandomState(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        (members,) = np.nonzero(labels == label)
        test[members[::_TEST_SHARE]] = True
    masks = {"train": ~test, "test": test}

    sizes = {name: int(mask.sum()) for name, mask in masks.items()}
    pieces = [
        np.nonzero(masks[subset.split])[0][subset.start : subset.stop]
        for subset in parse(split, sizes, "digits")
    ]
    chosen = np.concatenate(pieces)
    return enlarge(images[chosen])[..., None], labels[chosen]


def enlarge(images: np.ndarray) -> np.ndarray:
    """Returns 8x8 images of levels 0 to 16 as 28x28 images of levels 0 to 255.

    Bilinear, with pixel centres at half-integers. In exact integer arithmetic, so
    that every machine has the same images: the interpolation weights are
    fourteenths, because 28 / 8 = 14 / 4.

    Args:
        images: integers of shape `(N, 8, 8)`.

    Returns:
        uint8 of shape `(N, 28, 28)`.
    """
    parts = 14
    weights = np.zeros((_LARGE, _SMALL), np.int64)
    for row in range(_LARGE):
        # (row + 1/2) * 8/28 - 1/2, in fourteenths; past the edge, the edge itself.
        position = min(max(4 * row - 5, 0), (_SMALL - 1) * parts)
        low, rest = divmod(position, parts)
        weights[row, low] += parts - rest
        weights[row, min(low + 1, _SMALL - 1)] += rest
    ink = weights @ images.astype(np.int64) @ weights.T
    scale = parts * parts * _TOP
    return ((255 * ink + scale // 2) // scale).astype(np.uint8)


def _find() -> Path:
    """Returns the path of scikit-learn's file without importing scikit-learn."""
    spec = importlib.util.find_spec("sklearn")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            return path
    raise DatasetError(
        "digits: scikit-learn's digits.csv.gz is missing; pip install scikit-learn"
    )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns images `(1797, 8, 8)` and labels `(1797,)`, both int64."""
    with gzip.open(path, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    return table[:, :-1].reshape(-1, _SMALL, _SMALL), table[:, -1]
