"""Small networks, data and a recipe for these tests."""

import keras
import numpy as np

from shared.training import Recipe
from shared.training.schedules import OneCycle

CLASSES = 4
SHAPE = (9, 8, 2)

RECIPE = Recipe(
    "test",
    "",
    options={"momentum": 0.9, "nesterov": True},
    learning_rate=0.1,
    schedule=OneCycle(),
    batch_size=20,
    epochs=3,
    weight_decay=1e-3,
    label_smoothing=0.1,
)


def make_blobs():
    """103 images `(103, 9, 8, 2)` uint8 of four classes that differ in a corner."""
    rng = np.random.default_rng(5)
    x = rng.integers(0, 120, (103, *SHAPE), dtype=np.uint8)
    y = rng.integers(0, CLASSES, 103)
    for label, (row, column) in enumerate([(0, 0), (0, 4), (5, 0), (5, 4)]):
        x[y == label, row : row + 4, column : column + 4] += 100
    return x, y


def plain(seed=1):
    """Two convolutions and a dense layer; every call gives the same weights."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(6, (3, 2), strides=2, activation="relu", name="first"),
            keras.layers.Conv2D(8, 2, activation="relu", name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(CLASSES, name="logits"),
        ]
    )


def normalised(seed=1, dropout=0.0):
    """The same with batch normalisation and, if wanted, dropout."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(6, 3, use_bias=False),
            keras.layers.BatchNormalization(momentum=0.8, name="bn"),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(CLASSES, name="logits"),
        ]
    )


def distance(ours, theirs):
    """The largest difference between the weights of two models, or lists of them."""
    ours, theirs = (
        each.get_weights() if isinstance(each, keras.Model) else each
        for each in (ours, theirs)
    )
    return max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True))
