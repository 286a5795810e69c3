"""GoogLeNet (arXiv:1409.4842): nine inception modules, 22 layers with weights.

Where the paper contradicts itself:

* Table 1 gives the first convolution 2.7K parameters and 34M operations, which are
  those of a separable one with 8 filters per channel; its own "7x7/2" has 9.4K and
  118M. The plain one is built.
* The text says 12 times fewer parameters than AlexNet, about 5M; Table 1 sums to 6.8M,
  and the widths it prints give 7.0M, which are built. (Its K is 1024, and some rows
  are off by up to 5%: 5a is printed as 1072K and has 1018K.)
* The table leaves out local response normalisation; Figure 3 places it after the first
  pooling and before the second. Built with AlexNet's constants, for none are printed.

`googlenet_aux` also returns the two side classifiers, which exist for training only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.branches import Conv, Style
from shared.layers.inception_v1 import InceptionV1
from shared.layers.local_response_normalization import LocalResponseNormalization
from shared.models.heads import classifier, logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Going Deeper with Convolutions", 2014, "arXiv:1409.4842")

# 1x1, (3x3 reduce, 3x3), (5x5 reduce, 5x5), pool projection: Table 1, top to bottom.
MODULES = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
POOL_AFTER = ("3b", "4e")
AUXILIARY_AFTER = ("4a", "4d")
PLAIN = Style(batch_normalization=False)


def _auxiliary(x: Any, classes: int, activation: Any, name: str) -> Any:
    """The side classifier: average 5x5/3, 1x1 to 128, dense 1024, dropout 0.7."""
    x = keras.layers.AveragePooling2D(5, strides=3, name=f"{name}_average")(x)
    x = PLAIN.convolve(x, Conv(128))
    x = keras.layers.Flatten(name=f"{name}_flatten")(x)
    x = keras.layers.Dense(1024, activation="relu", name=f"{name}_dense")(x)
    return logits(x, classes, classifier_activation=activation, dropout=0.7, name=name)


@dataclass(frozen=True)
class GoogLeNet:
    """GoogLeNet for training or inference.

    Attributes:
        auxiliary: whether the model also returns the two side classifiers, whose
            losses the paper adds with weight 0.3.
    """

    auxiliary: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        auxiliary: bool | None = None,
        name: str = "googlenet",
    ) -> keras.Model:
        """Build the model; with auxiliary heads its output is a list of three.

        The auxiliary heads end in dense layers on a flattened map, which fixes the
        input size; without them any size will do.
        """
        auxiliary = self.auxiliary if auxiliary is None else auxiliary
        x = inputs = keras.Input(input_shape)
        x = PLAIN.convolve(x, Conv(64, 7, 2))
        x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
        x = LocalResponseNormalization(name="norm1")(x)
        x = PLAIN.convolve(x, Conv(64))
        x = PLAIN.convolve(x, Conv(192, 3))
        x = LocalResponseNormalization(name="norm2")(x)
        x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)
        side = []
        for module, widths in MODULES.items():
            x = InceptionV1(*widths, name=f"inception_{module}")(x)
            if auxiliary and include_top and module in AUXILIARY_AFTER:
                head = f"auxiliary_{module}"
                side.append(_auxiliary(x, classes, classifier_activation, head))
            if module in POOL_AFTER:
                pool = f"pool_{module}"
                x = keras.layers.MaxPooling2D(3, 2, padding="same", name=pool)(x)
        if include_top:
            x = classifier(
                x,
                classes,
                classifier_activation=classifier_activation,
                dropout=0.4,
            )
        return keras.Model(inputs, [x, *side] if side else x, name=name)


VARIANTS = {"googlenet": GoogLeNet(), "googlenet_aux": GoogLeNet(auxiliary=True)}

PUBLISHED = {
    "googlenet": Accuracy(None, 89.93, "ImageNet val, one model, one crop; Table 3"),
}
