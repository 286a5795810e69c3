"""VGG A, A-LRN, B, C, D, E (arXiv:1409.1556): 3x3 kernels, halving per stage.

`vgg11`, `vgg13`, `vgg16`, `vgg19` are the paper's A, B, D and E, `vgg11_lrn` its A-LRN,
`vgg16_c` its C, whose third convolution of the late stages is 1x1. The `_bn` versions,
which came after the paper, normalise after each convolution and keep its bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.local_response_normalization import LocalResponseNormalization
from shared.models.heads import logits
from shared.models.registry import Accuracy, Paper

PAPER = Paper(
    "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    2014,
    "arXiv:1409.1556",
)


@dataclass(frozen=True)
class VGG:
    """One column of the paper's Table 1.

    Attributes:
        depths: convolutions per stage; a stage has 64, 128, 256, 512, 512 filters.
        batch_norm: a batch normalisation after each convolution.
        local_norm: local response normalisation after the first convolution.
        pointwise: from the third stage on, the last convolution is 1x1.
    """

    depths: tuple[int, ...]
    batch_norm: bool = False
    local_norm: bool = False
    pointwise: bool = False

    def build(
        self,
        input_shape: tuple[int, int, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "vgg",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        for stage, depth in enumerate(self.depths, start=1):
            for index in range(1, depth + 1):
                last = index == depth
                x = keras.layers.Conv2D(
                    min(64 * 2 ** (stage - 1), 512),
                    1 if self.pointwise and stage >= 3 and last else 3,
                    padding="same",
                    activation=None if self.batch_norm else "relu",
                    name=f"conv{stage}_{index}",
                )(x)
                if self.batch_norm:
                    x = FusedBatchNormalization(
                        momentum=0.9, epsilon=1e-5, name=f"bn{stage}_{index}"
                    )(x)
                    x = keras.layers.ReLU(name=f"relu{stage}_{index}")(x)
                if self.local_norm and (stage, index) == (1, 1):
                    x = LocalResponseNormalization(name="norm1_1")(x)
            x = keras.layers.MaxPooling2D(2, name=f"pool{stage}")(x)
        if include_top:
            x = keras.layers.Flatten(name="flatten")(x)
            for index in (6, 7):
                x = keras.layers.Dense(4096, activation="relu", name=f"fc{index}")(x)
                x = keras.layers.Dropout(0.5, name=f"dropout{index}")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


A, B, D, E = (1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)

VARIANTS = {
    "vgg11": VGG(A),
    "vgg11_lrn": VGG(A, local_norm=True),
    "vgg13": VGG(B),
    "vgg16_c": VGG(D, pointwise=True),
    "vgg16": VGG(D),
    "vgg19": VGG(E),
    "vgg11_bn": VGG(A, batch_norm=True),
    "vgg13_bn": VGG(B, batch_norm=True),
    "vgg16_bn": VGG(D, batch_norm=True),
    "vgg19_bn": VGG(E, batch_norm=True),
}

_PAPER = "ImageNet val, one scale, dense; Table 3"
_ONE_CROP = "ImageNet val, one crop; L87"

PUBLISHED = {
    "vgg11": Accuracy(70.4, 89.6, _PAPER),
    "vgg11_lrn": Accuracy(70.3, 89.5, _PAPER),
    "vgg13": Accuracy(71.3, 90.1, _PAPER),
    "vgg16_c": Accuracy(72.7, 91.2, _PAPER),
    "vgg16": Accuracy(74.4, 91.9, _PAPER),
    "vgg19": Accuracy(74.5, 92.0, _PAPER),
    "vgg11_bn": Accuracy(70.452, 89.818, _ONE_CROP),
    "vgg13_bn": Accuracy(71.508, 90.494, _ONE_CROP),
    "vgg16_bn": Accuracy(73.518, 91.608, _ONE_CROP),
    "vgg19_bn": Accuracy(74.266, 92.066, _ONE_CROP),
}
