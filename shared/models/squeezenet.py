"""SqueezeNet 1.0 and 1.1 (arXiv:1602.07360): AlexNet's accuracy with 50x fewer weights.

1.0 is the paper's Table 1; 1.1, from the authors' repository, starts with a smaller
convolution and pools earlier, for 2.4 times less computation. The table's 111 pixels
after the first convolution do not follow from its input of 224 (109 do) but from 227,
which the authors' files use. Built are the files' layers, whose poolings round up, on
224 by default: 109, 54, 27, 13 pixels; 227 gives the table's 111, 55, 27, 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.fire import Fire
from shared.layers.pooling import MaxPooling2D
from shared.models.heads import averages
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters "
    "and <0.5MB model size",
    2016,
    "arXiv:1602.07360",
)

# Squeeze and expand widths of fire2 … fire9; both halves expand alike.
FIRES = (
    *((16, 64), (16, 64), (32, 128), (32, 128)),
    *((48, 192), (48, 192), (64, 256), (64, 256)),
)


@dataclass(frozen=True)
class SqueezeNet:
    """A convolution, eight fire modules, a 1x1 convolution, a global average.

    Attributes:
        filters: of the first convolution, which has stride 2.
        kernel_size: of the first convolution.
        pools: numbers of the modules after which the net pools; 1 is the convolution.
    """

    filters: int
    kernel_size: int
    pools: tuple[int, ...]

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "squeezenet",
    ) -> keras.Model:
        def maybe_pool(x: Any, module: int) -> Any:
            if module not in self.pools:
                return x
            return MaxPooling2D(3, 2, ceil_mode=True, name=f"pool{module}")(x)

        x = inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(
            self.filters, self.kernel_size, strides=2, activation="relu", name="conv1"
        )(x)
        x = maybe_pool(x, 1)
        for module, (squeeze, expand) in enumerate(FIRES, start=2):
            x = Fire(squeeze, expand, expand, name=f"fire{module}")(x)
            x = maybe_pool(x, module)
        if include_top:
            x = keras.layers.Dropout(0.5, name="dropout9")(x)
            x = keras.layers.Conv2D(classes, 1, activation="relu", name="conv10")(x)
            x = averages(x, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {
    "squeezenet1_0": SqueezeNet(96, 7, pools=(1, 4, 8)),
    "squeezenet1_1": SqueezeNet(64, 3, pools=(1, 3, 5)),
}

PUBLISHED = {
    "squeezenet1_0": Accuracy(57.5, 80.3, "ImageNet val; Table 2"),
    "squeezenet1_1": Accuracy(58.25, 80.8, "ImageNet val, one crop; L87"),
}
