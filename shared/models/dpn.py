"""Dual-path networks (arXiv:1707.01629): a residual and a dense path in one net.

The sizes are those of the authors' code. `dpn68b` is DPN-68 with the last 1x1 of each
block written as two, one per path: the same function, the same number of weights.
Normalisation has epsilon 0.001 as in that code.

The dense path of a stage starts with 2k channels, where k is what each block appends;
its first block appends to them, so that it ends with 3k. The authors' page gives
DPN-68 2.5 billion operations; this design has 2.33 billion multiply-adds (the others
agree: 6.5, 11.7, 16.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn
from shared.layers.dual_path import DualPathBlock
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.pooling import MaxPooling2D
from shared.models.heads import classifier
from shared.models.registry import Accuracy, Paper

PAPER = Paper("Dual Path Networks", 2017, "arXiv:1707.01629")
EPSILON = 1e-3


@dataclass(frozen=True)
class DPN:
    """One column of the paper's Table 1.

    Attributes:
        depths: blocks per stage.
        increments: channels that a block appends to the dense path, by stage.
        width: channels of the 3x3 convolution in the first stage, doubled with each
            stage.
        groups: of the 3x3 convolutions.
        stem_filters: channels of the first convolution.
        stem_kernel_size: of the first convolution.
        filters: channels of the residual path in the first stage, doubled with each
            stage.
        split_output: see `DualPathBlock`.
    """

    depths: tuple[int, ...]
    increments: tuple[int, ...]
    width: int
    groups: int
    stem_filters: int
    stem_kernel_size: int = 7
    filters: int = 256
    split_output: bool = False

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
        classes: int = 1000,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "dpn",
    ) -> keras.Model:
        inputs = keras.Input(input_shape)
        kernel_size = self.stem_kernel_size
        x = conv_bn(
            inputs,
            self.stem_filters,
            kernel_size,
            2,
            padding=kernel_size // 2,
            epsilon=EPSILON,
            name="conv1",
        )
        x = MaxPooling2D(3, 2, padding=1, name="pool1")(x)
        for stage, depth in enumerate(self.depths):
            for index in range(depth):
                x = DualPathBlock(
                    self.filters * 2**stage,
                    self.width * 2**stage,
                    self.increments[stage],
                    strides=2 if stage > 0 and index == 0 else 1,
                    groups=self.groups,
                    project=index == 0,
                    split_output=self.split_output,
                    epsilon=EPSILON,
                    # The paper counts the stem as conv1.
                    name=f"conv{stage + 2}_{index + 1}",
                )(x)
        x = FusedBatchNormalization(momentum=0.9, epsilon=EPSILON, name="last_bn")(x)
        x = keras.layers.ReLU(name="last_relu")(x)
        if include_top:
            x = classifier(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)


SMALL = {"width": 128, "groups": 32, "stem_filters": 10, "stem_kernel_size": 3}

VARIANTS = {
    "dpn68": DPN((3, 4, 12, 3), (16, 32, 32, 64), filters=64, **SMALL),
    "dpn68b": DPN(
        (3, 4, 12, 3), (16, 32, 32, 64), filters=64, split_output=True, **SMALL
    ),
    "dpn92": DPN((3, 4, 20, 3), (16, 32, 24, 128), 96, 32, stem_filters=64),
    "dpn98": DPN((3, 6, 20, 3), (16, 32, 32, 128), 160, 40, stem_filters=96),
    "dpn107": DPN((4, 8, 20, 3), (20, 64, 64, 128), 200, 50, stem_filters=128),
    "dpn131": DPN((4, 8, 28, 3), (16, 32, 32, 128), 160, 40, stem_filters=128),
}

ONE_CROP = "ImageNet val, one crop 224; authors' code"
PRETRAINED = f"{ONE_CROP}; first trained on ImageNet-5k"
PUBLISHED = {
    "dpn68": Accuracy(76.43, 93.07, ONE_CROP),
    "dpn68b": Accuracy(77.55, 93.91, PRETRAINED),
    "dpn92": Accuracy(79.27, 94.63, ONE_CROP),
    "dpn98": Accuracy(79.85, 94.85, ONE_CROP),
    "dpn107": Accuracy(80.25, 95.06, PRETRAINED),
    "dpn131": Accuracy(80.07, 94.88, ONE_CROP),
}
