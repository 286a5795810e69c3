"""Convolution, batch normalisation, activation: the brick of every net since 2015."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.fused_batch_normalization import FusedBatchNormalization

__all__ = ["bn_conv", "conv_bn", "convolution", "fresh"]


def fresh(initializer: Any) -> Any:
    """The initializer, never the same object twice.

    An unseeded Keras initializer draws the same numbers each time that one object is
    called with one shape; two layers must not share it.
    """
    initializer = keras.initializers.get(initializer)
    if isinstance(initializer, keras.initializers.Initializer):
        return initializer.clone()
    return initializer


def convolution(
    x: Any,
    filters: int,
    kernel_size: int | tuple[int, int],
    strides: int | tuple[int, int] = 1,
    padding: str | int = "same",
    *,
    groups: int = 1,
    dilation_rate: int = 1,
    use_bias: bool = False,
    activation: Any = None,
    kernel_initializer: Any = "he_normal",
    kernel_regularizer: Any = None,
    name: str | None = None,
) -> Any:
    """Add a `keras.layers.Conv2D` to a graph.

    Args:
        x: Keras tensor `(N, H, W, C)`.
        filters: output channels.
        kernel_size: height and width of the kernel.
        strides: step along height and width.
        padding: "same", "valid", or a number of zeros put on all four sides. For
            stride 2 and an even size, "same" pads (0, 1) and 1 pads (1, 1).
        groups: independent convolutions, each on C / groups channels.
        dilation_rate: distance between the taps of the kernel.
        use_bias: off by default, for a batch normalisation follows.
        activation: applied to the result.
        kernel_initializer: name, config or object.
        kernel_regularizer: name, config or object.
        name: of the convolution; a padding layer is named `<name>_pad`.

    Returns:
        Keras tensor `(N, H', W', filters)`.
    """
    if not isinstance(padding, str):
        if padding:
            pad_name = f"{name}_pad" if name else None
            x = keras.layers.ZeroPadding2D(padding, name=pad_name)(x)
        padding = "valid"
    return keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        groups=groups,
        dilation_rate=dilation_rate,
        use_bias=use_bias,
        activation=activation,
        kernel_initializer=fresh(kernel_initializer),
        kernel_regularizer=kernel_regularizer,
        name=name,
    )(x)


def conv_bn(
    x: Any,
    filters: int,
    kernel_size: int | tuple[int, int],
    strides: int | tuple[int, int] = 1,
    padding: str | int = "same",
    *,
    activation: Any = "relu",
    scale: bool = True,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    name: str | None = None,
    **convolution_kwargs: Any,
) -> Any:
    """Add a convolution, a batch normalisation and, unless None, an activation.

    Args:
        x, filters, kernel_size, strides, padding: as for `convolution`.
        activation: name of the activation after the normalisation, or None.
        scale: whether the normalisation has a gamma.
        momentum: of the moving averages.
        epsilon: added to the variance.
        name: of the convolution; the others are `<name>_bn` and `<name>_<activation>`.
        convolution_kwargs: further arguments of `convolution`.

    Returns:
        Keras tensor `(N, H', W', filters)`.
    """
    x = convolution(
        x, filters, kernel_size, strides, padding, name=name, **convolution_kwargs
    )
    x = FusedBatchNormalization(
        scale=scale,
        momentum=momentum,
        epsilon=epsilon,
        name=f"{name}_bn" if name else None,
    )(x)
    if activation is not None:
        x = keras.layers.Activation(
            activation, name=f"{name}_{activation}" if name else None
        )(x)
    return x


def bn_conv(
    x: Any,
    filters: int,
    kernel_size: int | tuple[int, int],
    strides: int | tuple[int, int] = 1,
    padding: str | int = "same",
    *,
    activation: Any = "relu",
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    name: str | None = None,
    **convolution_kwargs: Any,
) -> Any:
    """Add a batch normalisation, an activation and a convolution: pre-activation.

    Args:
        x, filters, kernel_size, strides, padding: as for `convolution`.
        activation: name of the activation after the normalisation.
        momentum: of the moving averages.
        epsilon: added to the variance.
        name: of the convolution; the others are `<name>_bn` and `<name>_<activation>`.
        convolution_kwargs: further arguments of `convolution`.

    Returns:
        Keras tensor `(N, H', W', filters)`.
    """
    x = FusedBatchNormalization(
        momentum=momentum, epsilon=epsilon, name=f"{name}_bn" if name else None
    )(x)
    x = keras.layers.Activation(
        activation, name=f"{name}_{activation}" if name else None
    )(x)
    return convolution(
        x, filters, kernel_size, strides, padding, name=name, **convolution_kwargs
    )
