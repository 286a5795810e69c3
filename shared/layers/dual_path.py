"""The dual-path block (arXiv:1707.01629): a residual and a dense path side by side."""

from __future__ import annotations

from typing import Any

import keras

from shared.layers.composite import CompositeLayer
from shared.layers.conv_bn import bn_conv, convolution
from shared.layers.fused_batch_normalization import FusedBatchNormalization

__all__ = ["DualPathBlock"]


@keras.saving.register_keras_serializable(package="course")
class DualPathBlock(CompositeLayer):
    """A pre-activated bottleneck that adds to one path and appends to the other.

    The first `filters` channels of the input are the residual path, the others the
    dense path. The branch, 1x1, grouped 3x3, 1x1, reads both and ends in
    `filters + increment` channels: `filters` are added to the residual path,
    `increment` are appended to the dense path. The first block of a stage projects
    its input to `filters` channels for the one path and `2 * increment` for the other.

    Input: `(N, H, W, C)`. Output: `(N, ceil(H/strides), ceil(W/strides), D)`; D is
    `C + increment`, and `filters + 3 * increment` where the block projects.

    Args:
        filters: channels of the residual path.
        width: channels of the 3x3 convolution and of the 1x1 before it.
        increment: channels appended to the dense path, k in the paper.
        strides: step along height and width, of the 3x3 and of the projection.
        groups: of the 3x3 convolution.
        project: whether the paths begin here.
        split_output: end in two 1x1 convolutions, one per path, instead of one that
            is split: the same function, as DPN-68b has it.
        epsilon: added to the variance in the normalisations.
        momentum: of the moving averages in the normalisations.

    Raises:
        ValueError: the block has a stride but does not project, or its input has no
            dense path.
    """

    def __init__(
        self,
        filters: int,
        width: int,
        increment: int,
        strides: int = 1,
        *,
        groups: int = 32,
        project: bool = False,
        split_output: bool = False,
        epsilon: float = 1e-3,
        momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if strides > 1 and not project:
            raise ValueError(f"project must be True where strides > 1, got {strides}")
        self.filters = filters
        self.width = width
        self.increment = increment
        self.strides = strides
        self.groups = groups
        self.project = project
        self.split_output = split_output
        self.epsilon = epsilon
        self.momentum = momentum

    def graph(self, inputs: Any) -> Any:
        paths = inputs
        if self.project:
            channels = self.filters + 2 * self.increment
            paths = self._convolve(inputs, channels, 1, "project", self.strides)
        elif inputs.shape[-1] <= self.filters:
            raise ValueError(
                f"filters must be fewer than the input's {inputs.shape[-1]} channels, "
                f"got {self.filters}: the rest is the dense path"
            )
        residual, dense = keras.ops.split(paths, [self.filters], axis=-1)
        x = self._convolve(inputs, self.width, 1, "conv1")
        x = self._convolve(x, self.width, 3, "conv2", self.strides, self.groups)
        added, appended = self._ends(x)
        return keras.layers.Concatenate(name="concat")(
            [keras.layers.Add(name="add")([residual, added]), dense, appended]
        )

    def _ends(self, x: Any) -> Any:
        if not self.split_output:
            x = self._convolve(x, self.filters + self.increment, 1, "conv3")
            return keras.ops.split(x, [self.filters], axis=-1)
        x = FusedBatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, name="conv3_bn"
        )(x)
        x = keras.layers.ReLU(name="conv3_relu")(x)
        return (
            convolution(x, self.filters, 1, name="conv3_add"),
            convolution(x, self.increment, 1, name="conv3_append"),
        )

    def _convolve(
        self,
        x: Any,
        filters: int,
        kernel_size: int,
        name: str,
        strides: int = 1,
        groups: int = 1,
    ) -> Any:
        return bn_conv(
            x,
            filters,
            kernel_size,
            strides,
            padding="same" if strides == 1 else kernel_size // 2,
            groups=groups,
            momentum=self.momentum,
            epsilon=self.epsilon,
            name=name,
        )
