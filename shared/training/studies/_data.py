"""The data of a study, and the models it trains on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shared.datasets import DatasetError, load_arrays


@dataclass(frozen=True)
class Data:
    """Images `(N, H, W, C)` uint8 and labels `(N,)`, for training and for testing."""

    name: str
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @property
    def train(self) -> tuple[np.ndarray, np.ndarray]:
        return self.x, self.y

    @property
    def test(self) -> tuple[np.ndarray, np.ndarray]:
        return self.x_test, self.y_test

    @property
    def image_shape(self) -> tuple[int, ...]:
        return self.x.shape[1:]

    def mapped(self, change: Callable[[np.ndarray], np.ndarray]) -> Data:
        """The same with all images changed."""
        return replace(self, x=change(self.x), x_test=change(self.x_test))


def data(name: str, train: str = "train", test: str = "test") -> Data:
    """Loads a data set, or where it cannot be had, the embedded digits; and says so."""
    try:
        return Data(name, *load_arrays(name, train), *load_arrays(name, test))
    except DatasetError as error:
        if name == "digits":
            raise
        print(f"{error}\nGoing on with the embedded digits: other numbers, same claim.")
        return data("digits", train, test)


def build(variant: str, data: Data, **options: Any) -> Callable[[], Any]:
    """A function that builds a model of the zoo for these images, as `train` takes."""
    from shared import models

    classes = int(data.y.max()) + 1
    return lambda: models.build(
        variant, input_shape=data.image_shape, classes=classes, **options
    )


def scores(model: Any, x: np.ndarray, centred: bool = False) -> np.ndarray:
    """What the model gives for uint8 images, scaled as in training: `(N, classes)`."""
    from shared.training.inference import predict_ensemble

    return predict_ensemble([model], scaled(x, centred), batch_size=500)


def scaled(x: np.ndarray, centred: bool = False) -> np.ndarray:
    """uint8 images as training feeds them: 0 to 1, or -1 to 1."""
    return (x / 127.5 - 1 if centred else x / 255).astype(np.float32)
