"""ResNet-9: the short residual net of fast CIFAR-10 training (D. Page, 2018).

Eight 3x3 convolutions and a dense layer: a stem, three rounds of doubling and pooling,
two residual pairs. The author's has 64 channels in the stem and reached 94 % in 24
epochs on one GPU; `resnet9_narrow` has 24, which two CPU cores can train.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from shared.layers.conv_bn import conv_bn
from shared.models.heads import logits
from shared.models.registry import Paper

PAPER = Paper("How to Train Your ResNet", 2018, "myrtle.ai")


@dataclass(frozen=True)
class ResNet9:
    """The net by the width of its stem.

    Attributes:
        width: channels of the first convolution; the last have eight times as many.
    """

    width: int = 64

    def build(
        self,
        input_shape: tuple[int | None, int | None, int] = (32, 32, 3),
        classes: int = 10,
        *,
        include_top: bool = True,
        classifier_activation: Any = None,
        name: str = "resnet9",
    ) -> keras.Model:
        x = inputs = keras.Input(input_shape)
        x = conv_bn(x, self.width, 3, name="stem")
        for stage in (1, 2, 3):
            x = conv_bn(x, self.width * 2**stage, 3, name=f"stage{stage}")
            x = keras.layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
            if stage != 2:
                x = self.residual(x, self.width * 2**stage, f"stage{stage}")
        if include_top:
            x = keras.layers.GlobalMaxPooling2D(name="maximum")(x)
            # Maxima are large: unscaled, the first steps would be far too long.
            x = keras.layers.Rescaling(1 / 8, name="scale")(x)
            x = logits(x, classes, classifier_activation=classifier_activation)
        return keras.Model(inputs, x, name=name)

    @staticmethod
    def residual(x: Any, filters: int, name: str) -> Any:
        """Add what two convolutions make of `x`, each normalised and rectified."""
        y = conv_bn(x, filters, 3, name=f"{name}_residual1")
        y = conv_bn(y, filters, 3, name=f"{name}_residual2")
        return keras.layers.Add(name=f"{name}_add")([x, y])


VARIANTS = {"resnet9": ResNet9(), "resnet9_narrow": ResNet9(24)}
