"""LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998), as published and as taught today.

The paper's numbers of connections count every use of a weight, biases included:
340,908 in all. Its text gives C3 1,516 parameters, which is what Table I's 60
connected pairs of maps need (60 x 25 + 16), and 60,000 in all, which the original
below has to the unit. The output layer's 840 fixed codes are not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.partial_conv2d import PartialConv2D
from shared.layers.prototype_distance import PrototypeDistance
from shared.layers.subsampling2d import Subsampling2D
from shared.models.heads import logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Gradient-Based Learning Applied to Document Recognition",
    1998,
    "Proceedings of the IEEE 86(11)",
)

# Table I of the paper: the maps of S2 that each map of C3 reads.
C3 = (
    *(tuple(sorted((i + j) % 6 for j in range(3))) for i in range(6)),
    *(tuple(sorted((i + j) % 6 for j in range(4))) for i in range(6)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)

# Codes of 12 rows by 7 columns in the manner of Fig. 3, which the paper prints as a
# picture only; drawn anew here. One string of hexadecimal rows per digit, the highest
# of seven bits at the left.
CODES = (
    "1c 22 41 41 41 41 41 41 41 41 22 1c",
    "08 18 38 08 08 08 08 08 08 08 08 3e",
    "3e 41 41 01 01 02 0c 10 20 40 40 7f",
    "3e 41 01 01 01 1e 01 01 01 01 41 3e",
    "02 06 0a 0a 12 12 22 22 7f 02 02 02",
    "7f 40 40 40 7e 41 01 01 01 01 41 3e",
    "1e 20 40 40 5c 62 41 41 41 41 22 1c",
    "7f 01 01 02 02 04 04 08 08 10 10 10",
    "1c 22 41 41 22 1c 22 41 41 41 22 1c",
    "1c 22 41 41 41 41 23 1d 01 01 02 3c",
)


def prototypes() -> list[list[float]]:
    """The ten codes as rows of 84 numbers, 1 for black and -1 for white."""
    return [
        [
            1.0 if int(row, 16) >> bit & 1 else -1.0
            for row in code.split()
            for bit in range(6, -1, -1)
        ]
        for code in CODES
    ]


@keras.saving.register_keras_serializable(package="course")
def scaled_tanh(x: Any) -> Any:
    """The paper's squashing function, f(±1) = ±1 (appendix A)."""
    return 1.7159 * keras.ops.tanh(x * (2 / 3))


@dataclass(frozen=True)
class LeNetOriginal:
    """The net of 1998: partial C3, trainable sub-sampling, distances to codes.

    `classes` below ten takes the first digits' codes; there are no more than ten.
    """

    def build(
        self,
        input_shape: tuple[int, int, int] = (32, 32, 1),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "lenet5_original",
    ) -> keras.Model:
        if not 1 <= classes <= len(CODES):
            raise ValueError(
                f"classes must be 1 to {len(CODES)}, the digits that have codes; "
                f"got {classes}"
            )
        conv, squash = keras.layers.Conv2D, scaled_tanh
        x = inputs = keras.Input(input_shape)
        x = conv(6, 5, activation=squash, name="C1")(x)
        x = Subsampling2D(2, activation=squash, name="S2")(x)
        x = PartialConv2D(C3, 5, activation=squash, name="C3")(x)
        x = Subsampling2D(2, activation=squash, name="S4")(x)
        x = conv(120, 5, activation=squash, name="C5")(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            x = keras.layers.Dense(84, activation=squash, name="F6")(x)
            x = PrototypeDistance(prototypes()[:classes], name="output")(x)
            if classifier_activation is not None:
                x = keras.layers.Activation(classifier_activation, name="posterior")(x)
        return keras.Model(inputs, x, name=name)


@dataclass(frozen=True)
class LeNet:
    """The usual dense version: full C3, max pooling, ReLU.

    On 28x28 images, C1 is padded to give what it gives on 32x32.
    """

    def build(
        self,
        input_shape: tuple[int, int, int] = (32, 32, 1),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "lenet5",
    ) -> keras.Model:
        conv, pool = keras.layers.Conv2D, keras.layers.MaxPooling2D
        first = "same" if tuple(input_shape[:2]) == (28, 28) else "valid"
        x = inputs = keras.Input(input_shape)
        x = conv(6, 5, padding=first, activation="relu", name="C1")(x)
        x = pool(2, name="S2")(x)
        x = conv(16, 5, activation="relu", name="C3")(x)
        x = pool(2, name="S4")(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            x = keras.layers.Dense(120, activation="relu", name="C5")(x)
            x = keras.layers.Dense(84, activation="relu", name="F6")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {"lenet5_original": LeNetOriginal(), "lenet5": LeNet()}

PUBLISHED = {
    "lenet5_original": Accuracy(99.05, None, "MNIST test, no distortions; section III"),
}
