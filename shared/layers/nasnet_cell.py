"""Searched cells: NASNet-A (arXiv:1707.07012) and PNASNet-5 (arXiv:1712.00559).

A cell reads two hidden states, the output of the last cell (state 0, brought to the
cell's width by a 1x1 convolution) and of the one before (state 1). Five blocks each
apply two operations to two states and add the results, which gives states 2 to 6. The
states that no block has used are concatenated. A cell is thus a table of five rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization
from shared.layers.stochastic_depth import StochasticDepth
from shared.layers.xception_block import separable_bn

__all__ = ["NASNetNormalCell", "NASNetReductionCell", "PNASNetCell", "SearchedCell"]


class Block(NamedTuple):
    """`left(states[left_state]) + right(states[right_state])`.

    Operations: "separable_K" (ReLU, separable KxK, normalisation, twice), "average"
    and "max" (3x3), "identity" (a strided 1x1 convolution where the size changes).
    """

    left_state: int
    left: str
    right_state: int
    right: str


class SearchedCell(CompositeLayer):
    """Base of the cells; a subclass holds the table that the search found.

    Input: a list of two tensors, the output of the cell before the last and of the
    last one, `(N, H', W', C')` and `(N, H, W, C)`. A single tensor serves as both, as
    in the first cell of a network. Output: `(N, ceil(H / strides), ceil(W / strides),
    filters * len(OUTPUT))`.

    Padding is "same" throughout and averages leave it out of their count, as in the
    authors' TensorFlow code. `keras.applications` pads the pooling of the reduction
    cell with zeros instead, which changes values near the border and no count.

    Args:
        filters: channels of every state.
        strides: 2 halves the size: all operations on states 0 and 1 are strided. By
            default 2 for a reduction cell, otherwise 1.
        reduce_previous: the older input has twice the height and width of the newer
            one; it is halved by two strided 1x1 convolutions, one shifted by a pixel.
        drop_path: probability that training drops one operation's result for an image;
            identities are never dropped. The order of the weights depends on whether
            there is any; `shared.models.weights` carries them over all the same.
        epsilon: added to the variance.
        momentum: of the moving averages; the authors train with 0.9997.
        kwargs: what every Keras layer takes.
    """

    BLOCKS: tuple[Block, ...] = ()
    OUTPUT: tuple[int, ...] = ()
    STRIDES = 1

    def __init__(
        self,
        filters: int,
        strides: int | None = None,
        reduce_previous: bool = False,
        drop_path: float = 0.0,
        epsilon: float = 1e-3,
        momentum: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = self.STRIDES if strides is None else strides
        self.reduce_previous = reduce_previous
        self.drop_path = drop_path
        self.epsilon = epsilon
        self.momentum = momentum

    def graph(self, inputs: Any) -> Any:
        if isinstance(inputs, list | tuple):
            previous, current = inputs
            previous = self._match(previous)
        else:
            previous = current = inputs
        states = [self._project(current), previous]
        for block in self.BLOCKS:
            left = self._droppable(block.left, states, block.left_state)
            right = self._droppable(block.right, states, block.right_state)
            states.append(keras.layers.Add()([left, right]))
        return keras.layers.Concatenate()([states[index] for index in self.OUTPUT])

    def _normalize(self, x: Any) -> Any:
        return FusedBatchNormalization(epsilon=self.epsilon, momentum=self.momentum)(x)

    def _project(self, x: Any, strides: int = 1) -> Any:
        x = keras.layers.Activation("relu")(x)
        return self._normalize(convolution(x, self.filters, 1, strides))

    def _match(self, previous: Any) -> Any:
        """Bring the older state to the cell's size and width."""
        if self.reduce_previous:
            return self._halve(previous)
        if previous.shape[-1] != self.filters:
            return self._project(previous)
        return previous

    def _halve(self, x: Any) -> Any:
        # A strided 1x1 convolution reads one pixel in four; the second half of the
        # channels reads another, one pixel down and to the right.
        x = keras.layers.Activation("relu")(x)
        shifted = keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
        shifted = keras.layers.Cropping2D(((1, 0), (1, 0)))(shifted)
        half = self.filters // 2
        x = convolution(x, half, 1, 2)
        shifted = convolution(shifted, self.filters - half, 1, 2)
        return self._normalize(keras.layers.Concatenate()([x, shifted]))

    def _droppable(self, operation: str, states: list[Any], index: int) -> Any:
        x = self._apply(operation, states, index)
        if self.drop_path and operation != "identity":
            x = StochasticDepth(self.drop_path)(x)
        return x

    def _apply(self, operation: str, states: list[Any], index: int) -> Any:
        x = states[index]
        # Only the cell's inputs still have the old size.
        strides = self.strides if index < 2 else 1
        kind, _, size = operation.partition("_")
        if kind == "separable":
            for stride in (strides, 1):
                x = keras.layers.Activation("relu")(x)
                x = separable_bn(
                    x,
                    self.filters,
                    int(size),
                    stride,
                    epsilon=self.epsilon,
                    momentum=self.momentum,
                )
            return x
        if kind == "identity":
            same = strides == 1 and x.shape[-1] == self.filters
            return x if same else self._project(x, strides)
        pooling = {
            "average": keras.layers.AveragePooling2D,
            "max": keras.layers.MaxPooling2D,
        }[kind]
        x = pooling(3, strides=strides, padding="same")(x)
        if x.shape[-1] != self.filters:
            x = self._normalize(convolution(x, self.filters, 1))
        return x


@keras.saving.register_keras_serializable(package="course")
class NASNetNormalCell(SearchedCell):
    """NASNet-A's normal cell (Fig. 4, left): six states of `filters` channels."""

    BLOCKS = (
        Block(0, "separable_5", 1, "separable_3"),
        Block(1, "separable_5", 1, "separable_3"),
        Block(0, "average", 1, "identity"),
        Block(1, "average", 1, "average"),
        Block(0, "separable_3", 0, "identity"),
    )
    OUTPUT = (1, 2, 3, 4, 5, 6)


@keras.saving.register_keras_serializable(package="course")
class NASNetReductionCell(SearchedCell):
    """NASNet-A's reduction cell (Fig. 4, right): four states of `filters` channels."""

    BLOCKS = (
        Block(0, "separable_5", 1, "separable_7"),
        Block(0, "max", 1, "separable_7"),
        Block(0, "average", 1, "separable_5"),
        Block(3, "identity", 2, "average"),
        Block(2, "separable_3", 0, "max"),
    )
    OUTPUT = (3, 4, 5, 6)
    STRIDES = 2


@keras.saving.register_keras_serializable(package="course")
class PNASNetCell(SearchedCell):
    """PNASNet-5's cell (Fig. 1), which serves at stride 1 and 2: five states."""

    BLOCKS = (
        Block(1, "separable_5", 1, "max"),
        Block(0, "separable_7", 0, "max"),
        Block(0, "separable_5", 0, "separable_3"),
        Block(4, "separable_3", 0, "max"),
        Block(1, "separable_3", 0, "identity"),
    )
    OUTPUT = (2, 3, 4, 5, 6)
