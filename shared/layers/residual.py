"""Residual blocks, post-activation (arXiv:1512.03385) and pre-activation (1603.05027).

A block is data: its branch is a tuple of `Unit`s. `ResidualBlock` puts batch
normalisation and ReLU around them and adds the shortcut, one of the paper's options:

- `"A"`: the identity; where the shape changes, subsample and pad with zero channels;
- `"B"`: the identity; where the shape changes, a strided 1x1 convolution;
- `"C"`: a 1x1 convolution in every block;
- `None`: no shortcut, which makes the block a piece of a plain network.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.squeeze_excite import SqueezeExcite
from shared.layers.zero_pad_shortcut import ZeroPadShortcut

__all__ = ["BasicBlock", "Bottleneck", "ResidualBlock", "Unit", "WideBlock"]

SHORTCUTS = ("A", "B", "C", None)


class Unit(NamedTuple):
    """One convolution of a block's branch."""

    filters: int
    kernel_size: int
    strides: int = 1
    groups: int = 1


class ResidualBlock(CompositeLayer):
    """`shortcut(x) + branch(x)`; a subclass names the convolutions in `units()`.

    Post-activation: convolution, batch normalisation, ReLU, again and again; the last
    ReLU follows the sum. Pre-activation: batch normalisation, ReLU, convolution;
    nothing follows the sum. There a convolution on the shortcut reads the
    pre-activated input and has no normalisation of its own, as in the authors' code.

    Strided convolutions pad both sides alike, `kernel_size // 2` zeros, as the
    authors' frameworks do; "same" would pad the bottom and the right only.

    Input: `(N, H, W, C)`. Output: `(N, ceil(H/strides), ceil(W/strides), filters)`.

    Args:
        filters: channels of the output.
        strides: step along height and width.
        shortcut: "A", "B", "C" or None, see the top of this file.
        shortcut_kernel_size: of the convolution on the shortcut where it has a stride.
        preactivation: normalise and activate before each convolution, not after.
        se_ratio: reduction of a squeeze-and-excitation at the end of the branch;
            None for none.
        dropout: rate before the last convolution, in training (arXiv:1605.07146).
        use_bias: whether the convolutions add a bias.
        epsilon: added to the variance in the normalisations.
        momentum: of the moving averages in the normalisations.

    Raises:
        ValueError: `shortcut` is none of the four.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        shortcut: str | None = "B",
        shortcut_kernel_size: int = 1,
        preactivation: bool = False,
        se_ratio: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = False,
        epsilon: float = 1e-5,
        momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if shortcut not in SHORTCUTS:
            raise ValueError(f"shortcut must be one of {SHORTCUTS}, got {shortcut!r}")
        self.filters = filters
        self.strides = strides
        self.shortcut = shortcut
        self.shortcut_kernel_size = shortcut_kernel_size
        self.preactivation = preactivation
        self.se_ratio = se_ratio
        self.dropout = dropout
        self.use_bias = use_bias
        self.epsilon = epsilon
        self.momentum = momentum

    def units(self) -> tuple[Unit, ...]:
        """The convolutions of the branch, first to last."""
        raise NotImplementedError(f"{type(self).__name__} does not define units()")

    def graph(self, inputs: Any) -> Any:
        x = inputs
        if self.preactivation:
            x = self._relu(self._normalize(x, "preact_bn"), "preact")
        shortcut = self._shortcut(inputs, x)
        x = self._branch(x)
        if self.se_ratio is not None:
            x = SqueezeExcite(self.se_ratio, name="se")(x)
        if shortcut is not None:
            x = keras.layers.Add(name="add")([shortcut, x])
        return x if self.preactivation else self._relu(x, "out")

    def _branch(self, x: Any) -> Any:
        units = self.units()
        for index, unit in enumerate(units, start=1):
            last = index == len(units)
            if last and self.dropout:
                x = keras.layers.Dropout(self.dropout, name="dropout")(x)
            x = self._convolve(x, unit, f"conv{index}")
            # A pre-activated branch ends in its convolution; the other one's last
            # ReLU follows the sum.
            if not (last and self.preactivation):
                x = self._normalize(x, f"bn{index}")
            if not last:
                x = self._relu(x, f"relu{index}")
        return x

    def _shortcut(self, inputs: Any, preactivated: Any) -> Any:
        if self.shortcut is None:
            return None
        changes = self.strides > 1 or inputs.shape[-1] != self.filters
        if self.shortcut == "C" or (self.shortcut == "B" and changes):
            kernel_size = self.shortcut_kernel_size if self.strides > 1 else 1
            unit = Unit(self.filters, kernel_size, self.strides)
            if self.preactivation:
                return self._convolve(preactivated, unit, "shortcut_conv")
            x = self._convolve(inputs, unit, "shortcut_conv")
            return self._normalize(x, "shortcut_bn")
        if changes:
            pad = ZeroPadShortcut(self.filters, self.strides, name="shortcut_pad")
            return pad(inputs)
        return inputs

    def _convolve(self, x: Any, unit: Unit, name: str) -> Any:
        return convolution(
            x,
            unit.filters,
            unit.kernel_size,
            unit.strides,
            padding="same" if unit.strides == 1 else unit.kernel_size // 2,
            groups=unit.groups,
            use_bias=self.use_bias,
            name=name,
        )

    def _normalize(self, x: Any, name: str) -> Any:
        return FusedBatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, name=name
        )(x)

    def _relu(self, x: Any, name: str) -> Any:
        return keras.layers.ReLU(name=name)(x)


@keras.saving.register_keras_serializable(package="course")
class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions; the first has the stride. Arguments: `ResidualBlock`."""

    def units(self) -> tuple[Unit, ...]:
        return Unit(self.filters, 3, self.strides), Unit(self.filters, 3)


@keras.saving.register_keras_serializable(package="course")
class WideBlock(BasicBlock):
    """The wide residual network's block, B(3, 3): pre-activated, with dropout.

    A `BasicBlock` whose defaults are those of arXiv:1605.07146; being wide is being
    given many `filters`.

    Args:
        filters, strides: as for `ResidualBlock`.
        dropout: rate between the two convolutions, in training.
        kwargs: further arguments of `ResidualBlock`.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        dropout: float = 0.0,
        preactivation: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            strides,
            dropout=dropout,
            preactivation=preactivation,
            **kwargs,
        )


@keras.saving.register_keras_serializable(package="course")
class Bottleneck(ResidualBlock):
    """1x1 to `width`, 3x3, 1x1 to `filters`.

    Args:
        filters: channels of the output.
        strides: step along height and width.
        width: channels of the 3x3 convolution; None for `filters // 4`.
        reduced: channels of the first 1x1 convolution; None for `width`.
        groups: of the 3x3 convolution (arXiv:1611.05431).
        stride_on: kernel size of the convolution that has the stride: 1, the first
            one, in the paper and in Caffe; 3 in most later code ("v1.5").
        kwargs: further arguments of `ResidualBlock`.

    Raises:
        ValueError: `stride_on` is neither 1 nor 3.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        *,
        width: int | None = None,
        reduced: int | None = None,
        groups: int = 1,
        stride_on: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, strides, **kwargs)
        if stride_on not in (1, 3):
            raise ValueError(f"stride_on must be 1 or 3, got {stride_on!r}")
        self.width = width
        self.reduced = reduced
        self.groups = groups
        self.stride_on = stride_on

    def units(self) -> tuple[Unit, ...]:
        width = self.filters // 4 if self.width is None else self.width
        reduced = width if self.reduced is None else self.reduced
        first, second = (1, self.strides) if self.stride_on == 3 else (self.strides, 1)
        return (
            Unit(reduced, 1, first),
            Unit(width, 3, second, self.groups),
            Unit(self.filters, 1),
        )
