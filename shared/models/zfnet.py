"""ZFNet (arXiv:1311.2901): AlexNet with a finer first layer, found by looking at it.

Figure 3 reads 224 → 110 → 55 → 26 → 13 → 6. A 7x7 kernel of stride 2 gives 110 with one
pixel of padding (109 without), and the poolings then give 55 and 13 only if they round
up; both are built so. The lectures' widths of the last three convolutions,
512-1024-512, are row (b) of the paper's Table 2, not Figure 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import convolution
from shared.layers.local_response_normalization import LocalResponseNormalization
from shared.layers.pooling import MaxPooling2D
from shared.models.heads import logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Visualizing and Understanding Convolutional Networks", 2013, "arXiv:1311.2901"
)


@dataclass(frozen=True)
class ZFNet:
    """Five convolutions and three dense layers.

    Attributes:
        late: filters of the third to fifth convolution.
    """

    late: tuple[int, int, int] = (384, 384, 256)

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "zfnet",
    ) -> keras.Model:
        def conv(
            x: Any, filters: int, size: int, strides: int, pad: int, i: int
        ) -> Any:
            return convolution(
                x,
                filters,
                size,
                strides,
                pad,
                use_bias=True,
                activation="relu",
                name=f"conv{i}",
            )

        def pool(x: Any, i: int) -> Any:
            return MaxPooling2D(3, 2, ceil_mode=True, name=f"pool{i}")(x)

        x = inputs = keras.Input(input_shape)
        x = pool(conv(x, 96, 7, 2, 1, 1), 1)
        x = LocalResponseNormalization(name="norm1")(x)
        x = pool(conv(x, 256, 5, 2, 0, 2), 2)
        x = LocalResponseNormalization(name="norm2")(x)
        for index, filters in enumerate(self.late, start=3):
            x = conv(x, filters, 3, 1, 1, index)
        x = pool(x, 5)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            for index in (6, 7):
                x = keras.layers.Dense(4096, activation="relu", name=f"fc{index}")(x)
                x = keras.layers.Dropout(0.5, name=f"dropout{index}")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


VARIANTS = {"zfnet": ZFNet(), "zfnet_wide": ZFNet((512, 1024, 512))}

PUBLISHED = {
    "zfnet": Accuracy(61.6, 83.5, "ImageNet val, ten crops; Table 2, 1 net as Fig. 3"),
    "zfnet_wide": Accuracy(62.5, 84.0, "ImageNet val, ten crops; Table 2, row (b)"),
}
