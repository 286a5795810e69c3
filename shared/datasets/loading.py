"""`load` and `load_arrays`: find the data, prepare or fetch it once, read a subset."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.datasets.catalog import DatasetError, Info, info
from shared.datasets.digits import digits_arrays
from shared.datasets.folders import Prepared, add, find, search_path
from shared.datasets.records import read_arrays
from shared.datasets.subsets import Subset, parse
from shared.quiet import hold_stderr, quiet_tensorflow

if TYPE_CHECKING:
    import tensorflow as tf

_CONNECT_TIMEOUT_S = 10


def load(
    name: str,
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
) -> tf.data.Dataset:
    """Returns a data set as `tf.data.Dataset` of `(image, label)`, in fixed order.

    It is looked for in the folder named by the environment variable
    `COURSE_DATA_DIR`, then in tensorflow-datasets' own (`TFDS_DATA_DIR`, or
    `~/tensorflow_datasets`), and else fetched once into the latter. "digits" needs
    no network.

    Args:
        name: "digits", "mnist" or "cifar10"; see `DATASETS`.
        split: "train", "test" or a subset: `train[:6000]`, `train[50%:]`,
            `train+test`. A bound beyond the end stops at the end.
        data_dir: the one folder to use instead.
        download: whether the data may be fetched.

    Returns:
        Elements `(image, label)`: uint8 of shape `(H, W, C)` and an int64 scalar.

    Raises:
        DatasetError: unknown name or subset, or the data cannot be had.
    """
    facts = info(name)
    prepared = _obtain(facts, data_dir, download)
    return _dataset(prepared, parse(split, prepared.sizes, name))


def load_arrays(
    name: str,
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
    download: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the same images as `load`, in the same order, as NumPy arrays.

    TensorFlow is not imported if the images are stored as PNG, as those of all the
    course's data sets are.

    Args:
        name: "digits", "mnist" or "cifar10"; see `DATASETS`.
        split: as for `load`.
        data_dir: as for `load`; "digits" needs none.
        download: as for `load`.

    Returns:
        `(x, y)`: uint8 of shape `(N, H, W, C)` and int64 of shape `(N,)`.

    Raises:
        DatasetError: unknown name or subset, or the data cannot be had.
    """
    facts = info(name)
    if facts.name == "digits":
        return digits_arrays(split)
    prepared = _obtain(facts, data_dir, download)
    subsets = parse(split, prepared.sizes, name)
    arrays = read_arrays(prepared, subsets, facts.image_shape)
    if arrays is not None:
        return arrays
    batches = list(_dataset(prepared, subsets).batch(1024).as_numpy_iterator())
    images, labels = zip(*batches, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _dataset(prepared: Prepared, subsets: list[Subset]) -> tf.data.Dataset:
    quiet_tensorflow()
    with _quiet_tfds():
        import tensorflow_datasets as tfds

        return tfds.builder_from_directory(prepared.path).as_dataset(
            split="+".join(map(str, subsets)),
            as_supervised=True,
            # One file after the other, in the order of load_arrays.
            read_config=tfds.ReadConfig(interleave_cycle_length=1),
        )


def _obtain(
    facts: Info, data_dir: str | os.PathLike | None, download: bool
) -> Prepared:
    """Returns the prepared data set, having prepared it if need be."""
    roots = search_path(data_dir)
    prepared = find(facts, roots)
    if prepared is None and facts.source_url:
        prepared = _fetch(facts, roots, download)
    elif prepared is None:
        prepared = _prepare_digits(facts, roots[-1])
    return prepared


def _prepare_digits(facts: Info, root: Path) -> Prepared:
    """Prepares the digits below `root`, or in a temporary folder if that is closed."""

    def write(folder: Path) -> None:
        with _quiet_tfds():
            from shared.datasets.digits_builder import Digits

            Digits(data_dir=folder).download_and_prepare()

    quiet_tensorflow()
    with contextlib.suppress(OSError):
        return add(facts, root, write)
    owner = getattr(os, "getuid", int)()
    spare = Path(tempfile.gettempdir(), f"cnn-course-{owner}")
    try:
        spare.mkdir(mode=0o700, exist_ok=True)
        if spare.stat().st_uid != owner:  # planted by somebody else
            raise PermissionError(f"{spare} belongs to another user")
        return find(facts, [spare]) or add(facts, spare, write)
    except OSError as error:
        raise DatasetError(
            f"digits: cannot write to {root} nor {spare} ({error.strerror or error}); "
            "set TFDS_DATA_DIR to a folder of yours"
        ) from None


def _fetch(facts: Info, roots: list[Path], download: bool) -> Prepared:
    """Fetches a data set through tensorflow-datasets into the last of `roots`."""
    places = " or ".join(str(root) for root in roots)
    mend = (
        "set COURSE_DATA_DIR to a folder that holds it, connect to the internet once, "
        'or use "digits", which needs neither'
    )
    if not download:
        raise DatasetError(f"{facts.name} is not in {places}; {mend}")
    if not _reachable(facts.source_url):
        raise DatasetError(
            f"{facts.name} is not in {places}, and there is no connection to "
            f"{facts.source_url}; {mend}"
        )
    root = roots[-1]
    print(
        f"Fetching {facts.name} ({facts.download_mb} MB) into {root}, this once ...",
        file=sys.stderr,
    )

    def write(folder: Path) -> None:
        with _quiet_tfds():
            import tensorflow_datasets as tfds

            tfds.builder(facts.name, data_dir=folder).download_and_prepare()

    quiet_tensorflow()
    try:
        return add(facts, root, write)
    except DatasetError:
        raise
    except Exception as error:  # tensorflow-datasets raises what its libraries raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise DatasetError(
            f"{facts.name} could not be fetched into {root} ({reason}); {mend}"
        ) from None


def _reachable(url: str) -> bool:
    """Returns whether the server of `url` answers, whatever it answers.

    Without this question tensorflow-datasets retries for minutes.
    """
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=_CONNECT_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _quiet_tfds() -> Iterator[None]:
    """Keeps progress bars, log lines and announcements out of a notebook."""
    names = ("absl", "urllib3", "etils")
    levels = {log: log.level for log in map(logging.getLogger, names)}
    try:
        for log in levels:
            log.setLevel(logging.CRITICAL)
        with contextlib.redirect_stdout(io.StringIO()), hold_stderr():
            import tensorflow_datasets as tfds

            tfds.disable_progress_bar()
            yield
    finally:
        for log, level in levels.items():
            log.setLevel(level)
