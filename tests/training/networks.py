"""Small networks for these tests."""

import keras

CLASSES = 4
SHAPE = (9, 8, 2)


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


def normalised(seed=1):
    """The same with batch normalisation and dropout."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(6, 3, use_bias=False),
            keras.layers.BatchNormalization(momentum=0.8, name="bn"),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2, seed=seed),
            keras.layers.Dense(CLASSES, name="logits"),
        ]
    )
