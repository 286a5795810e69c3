"""The Xception block (arXiv:1610.02357): separable convolutions around a shortcut."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import conv_bn
from shared.layers.fused_batch_normalization import FusedBatchNormalization

__all__ = ["XceptionBlock", "separable_bn"]


def separable_bn(
    x: Any,
    filters: int,
    kernel_size: int = 3,
    strides: int = 1,
    *,
    epsilon: float = 1e-3,
    momentum: float = 0.99,
) -> Any:
    """Add a depthwise convolution, a 1x1 convolution and a batch normalisation.

    There is no activation between depthwise and pointwise: the paper's Figure 10 finds
    it harmful. Costs `C (k² + filters)` weights where a full convolution has
    `C k² filters`.

    Args:
        x: Keras tensor `(N, H, W, C)`.
        filters: output channels.
        kernel_size: of the depthwise part.
        strides: of the depthwise part.
        epsilon: added to the variance.
        momentum: of the moving averages.

    Returns:
        Keras tensor `(N, ceil(H / strides), ceil(W / strides), filters)`.
    """
    x = keras.layers.SeparableConv2D(
        filters, kernel_size, strides=strides, padding="same", use_bias=False
    )(x)
    return FusedBatchNormalization(epsilon=epsilon, momentum=momentum)(x)


@keras.saving.register_keras_serializable(package="course")
class XceptionBlock(CompositeLayer):
    """ReLU and separable 3x3, repeated; then a 3x3/2 maximum; plus a shortcut.

    At stride 1 the shortcut is the identity and there is no pooling (middle flow); at
    stride 2 it is a strided 1x1 convolution with batch normalisation (Fig. 5).

    Input: `(N, H, W, C)`. Output: `(N, ceil(H / strides), ceil(W / strides),
    filters[-1])`.

    Args:
        filters: output channels of the separable convolutions, in turn.
        strides: 1 or 2.
        activate_first: whether a ReLU stands before the first convolution; the first
            block of the network follows a ReLU and has none.
        epsilon: added to the variance.
        momentum: of the moving averages.
        kwargs: what every Keras layer takes.
    """

    def __init__(
        self,
        filters: tuple[int, ...] = (728, 728, 728),
        strides: int = 1,
        activate_first: bool = True,
        epsilon: float = 1e-3,
        momentum: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = tuple(filters)
        self.strides = strides
        self.activate_first = activate_first
        self.epsilon = epsilon
        self.momentum = momentum

    def graph(self, inputs: Any) -> Any:
        if self.strides == 1 and self.filters[-1] != inputs.shape[-1]:
            raise ValueError(
                f"filters must end in {inputs.shape[-1]}, the channels of the input, "
                f"where strides is 1; got {self.filters}"
            )
        normalize = {"epsilon": self.epsilon, "momentum": self.momentum}
        x = inputs
        for index, filters in enumerate(self.filters):
            if index or self.activate_first:
                x = keras.layers.Activation("relu")(x)
            x = separable_bn(x, filters, **normalize)
        if self.strides == 1:
            return keras.layers.Add()([x, inputs])
        x = keras.layers.MaxPooling2D(3, strides=self.strides, padding="same")(x)
        shortcut = conv_bn(
            inputs, self.filters[-1], 1, self.strides, activation=None, **normalize
        )
        return keras.layers.Add()([x, shortcut])
