"""The table of data sets, and what may be done to their images."""

from __future__ import annotations

from dataclasses import dataclass

_DIGITS = tuple("0123456789")


class DatasetError(RuntimeError):
    """Data that is unknown, absent or unreadable; the message is one line."""

    def _render_traceback_(self) -> list[str]:
        """Tells IPython to show the message alone: the mistake is in no code."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Info:
    """Facts about a data set, all knowable without loading it.

    Attributes:
        name: what `load` takes.
        title: for a person.
        image_shape: `(H, W, C)`; pixels are uint8.
        class_names: by label, from 0.
        train_size: images in the whole split "train".
        test_size: images in the whole split "test".
        label_safe: random changes that leave an image's label true, by the name of
            the Keras layer (`RandomTranslation` ...). A mirrored digit is no digit,
            a mirrored ship is a ship.
        version: the only one to accept; empty for the newest that is there.
        download_mb: what the first `load` fetches, in megabytes; 0 for none.
        source_url: where it is fetched from; empty for none.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_size: int
    test_size: int
    label_safe: frozenset[str]
    version: str = ""
    download_mb: int = 0
    source_url: str = ""

    @property
    def classes(self) -> int:
        return len(self.class_names)


_ANY_OBJECT = frozenset({"RandomTranslation", "RandomZoom", "RandomRotation"})

DATASETS = {
    entry.name: entry
    for entry in (
        Info(
            name="digits",
            title="Handwritten digits of scikit-learn, 8x8 scaled to 28x28",
            image_shape=(28, 28, 1),
            class_names=_DIGITS,
            train_size=1433,
            test_size=364,
            label_safe=_ANY_OBJECT,
            version="1.0.0",
        ),
        Info(
            name="mnist",
            title="MNIST handwritten digits",
            image_shape=(28, 28, 1),
            class_names=_DIGITS,
            train_size=60_000,
            test_size=10_000,
            label_safe=_ANY_OBJECT,
            download_mb=12,
            source_url="https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        Info(
            name="cifar10",
            title="CIFAR-10, small colour photographs",
            image_shape=(32, 32, 3),
            class_names=(
                "airplane",
                "automobile",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
            train_size=50_000,
            test_size=10_000,
            label_safe=_ANY_OBJECT
            | {"RandomFlip", "RandomBrightness", "RandomContrast"},
            download_mb=170,
            source_url="https://www.cs.toronto.edu/~kriz/",
        ),
    )
}


def info(name: str) -> Info:
    """Returns the facts about the data set `name`.

    Raises:
        DatasetError: there is no such data set.
    """
    try:
        return DATASETS[name]
    except (KeyError, TypeError):
        known = ", ".join(f'"{known}"' for known in DATASETS)
        raise DatasetError(f"name: no data set {name!r}; there are {known}") from None
