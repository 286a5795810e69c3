"""Dense blocks and the transitions between them (arXiv:1608.06993)."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import bn_conv

__all__ = ["DenseBlock", "Transition"]


@keras.saving.register_keras_serializable(package="course")
class DenseBlock(CompositeLayer):
    """Layers that each read all earlier ones and append `growth_rate` channels.

    A layer is normalisation, ReLU, 3x3 convolution; with a bottleneck (DenseNet-B),
    normalisation, ReLU and a 1x1 convolution to `bottleneck * growth_rate` channels
    come before.

    Input: `(N, H, W, C)`. Output: `(N, H, W, C + depth * growth_rate)`.

    Args:
        depth: number of layers.
        growth_rate: channels that each layer appends, k in the paper.
        bottleneck: width of the 1x1 convolution in units of `growth_rate`; None for
            no 1x1 convolution.
        dropout: rate after each convolution, in training.
        epsilon: added to the variance in the normalisations.
        momentum: of the moving averages in the normalisations.
    """

    def __init__(
        self,
        depth: int,
        growth_rate: int,
        *,
        bottleneck: int | None = 4,
        dropout: float = 0.0,
        epsilon: float = 1e-5,
        momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth = depth
        self.growth_rate = growth_rate
        self.bottleneck = bottleneck
        self.dropout = dropout
        self.epsilon = epsilon
        self.momentum = momentum

    def graph(self, inputs: Any) -> Any:
        x = inputs
        for index in range(1, self.depth + 1):
            name = f"layer{index}"
            y = x
            if self.bottleneck is not None:
                width = self.bottleneck * self.growth_rate
                y = self._convolve(y, width, 1, f"{name}_conv1")
                y = self._convolve(y, self.growth_rate, 3, f"{name}_conv2")
            else:
                y = self._convolve(y, self.growth_rate, 3, f"{name}_conv")
            x = keras.layers.Concatenate(name=f"{name}_concat")([x, y])
        return x

    def _convolve(self, x: Any, filters: int, kernel_size: int, name: str) -> Any:
        x = bn_conv(
            x,
            filters,
            kernel_size,
            momentum=self.momentum,
            epsilon=self.epsilon,
            name=name,
        )
        if self.dropout:
            x = keras.layers.Dropout(self.dropout, name=f"{name}_dropout")(x)
        return x


@keras.saving.register_keras_serializable(package="course")
class Transition(CompositeLayer):
    """Between dense blocks: normalisation, ReLU, 1x1 convolution, 2x2 average pooling.

    Input: `(N, H, W, C)`. Output: `(N, H // 2, W // 2, floor(compression * C))`.

    Args:
        compression: share of the channels kept, θ in the paper: 0.5 in DenseNet-C.
        dropout: rate after the convolution, in training.
        epsilon: added to the variance in the normalisation.
        momentum: of the moving averages in the normalisation.

    Raises:
        ValueError: `compression` is not in (0, 1].
    """

    def __init__(
        self,
        compression: float = 0.5,
        *,
        dropout: float = 0.0,
        epsilon: float = 1e-5,
        momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < compression <= 1:
            raise ValueError(f"compression must be in (0, 1], got {compression}")
        self.compression = compression
        self.dropout = dropout
        self.epsilon = epsilon
        self.momentum = momentum

    def graph(self, inputs: Any) -> Any:
        x = bn_conv(
            inputs,
            int(inputs.shape[-1] * self.compression),
            1,
            momentum=self.momentum,
            epsilon=self.epsilon,
            name="conv",
        )
        if self.dropout:
            x = keras.layers.Dropout(self.dropout, name="dropout")(x)
        return keras.layers.AveragePooling2D(2, name="pool")(x)
