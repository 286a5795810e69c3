"""Parameters and multiply-adds of residual and dense nets by plain arithmetic.

An oracle for sizes that no table lists: it knows the papers' recipes and nothing of
the layers or models that it checks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Tally:
    """A running sum over the layers of a net for one image size."""

    trainable: int = 0
    averages: int = 0
    macs: int = 0

    def conv(self, size, channels, filters, kernel, groups=1, bias=False) -> int:
        """A convolution whose output is `size` by `size`; returns `filters`."""
        weights = kernel * kernel * (channels // groups) * filters
        self.trainable += weights + filters * bias
        self.macs += size * size * weights
        return filters

    def bn(self, channels) -> None:
        self.trainable += 2 * channels
        self.averages += 2 * channels

    def dense(self, channels, units) -> None:
        self.trainable += channels * units + units
        self.macs += channels * units

    @property
    def counts(self) -> tuple[int, int, int]:
        """Trainable parameters, all parameters, multiply-adds."""
        return self.trainable, self.trainable + self.averages, self.macs


def _unit(tally, size, layers, out, *, projection, channels, preact, bias=False):
    """A block; `layers` are (output size, filters, kernel, groups) of its branch."""
    x = channels
    for after, filters, kernel, groups in layers:
        if preact:
            tally.bn(x)
        x = tally.conv(after, x, filters, kernel, groups, bias)
        if not preact:
            tally.bn(x)
    if projection is not None:
        tally.conv(size, channels, out, projection, bias=bias)
        if not preact:
            tally.bn(out)


def imagenet(
    depths,
    *,
    bottleneck=True,
    projections=True,
    width=64,
    groups=1,
    stride_on=1,
    preact=False,
    bias=False,
    se=None,
    classes=1000,
) -> tuple[int, int, int]:
    """ResNet, wide ResNet (`width`), ResNeXt (`width` of all groups), SE-ResNet."""
    tally = Tally()
    channels = tally.conv(112, 3, 64, 7, bias=bias)
    if not preact:
        tally.bn(channels)
    for stage, depth in enumerate(depths):
        size = 56 >> stage
        out = (256 if bottleneck else 64) << stage
        for index in range(depth):
            before = size * 2 if stage and not index else size
            inner = width << stage
            if bottleneck:
                first = size if stride_on == 1 else before
                layers = [
                    (first, inner, 1, 1),
                    (size, inner, 3, groups),
                    (size, out, 1, 1),
                ]
            else:
                layers = [(size, out, 3, 1), (size, out, 3, 1)]
            changes = channels != out
            _unit(
                tally,
                size,
                layers,
                out,
                projection=1 if changes and projections else None,
                channels=channels,
                preact=preact,
                bias=bias,
            )
            if se:
                tally.dense(out, out // se)
                tally.dense(out // se, out)
            channels = out
    if preact:
        tally.bn(channels)
    tally.dense(channels, classes)
    return tally.counts


def cifar(depth, *, width=1, kind="resnet", classes=10) -> tuple[int, int, int]:
    """`kind`: "resnet" (option A, or plain), "v2" (bottlenecks), "wide"."""
    tally = Tally()
    preact = kind != "resnet"
    channels = tally.conv(32, 3, 16, 3)
    if not preact:
        tally.bn(channels)
    blocks = {"resnet": depth - 2, "v2": depth - 2, "wide": depth - 4}[kind]
    blocks //= 9 if kind == "v2" else 6
    for stage in range(3):
        size = 32 >> stage
        out = (64 if kind == "v2" else 16 * width) << stage
        for _ in range(blocks):
            if kind == "v2":
                inner = out // 4
                layers = [(size, inner, 1, 1), (size, inner, 3, 1), (size, out, 1, 1)]
            else:
                layers = [(size, out, 3, 1), (size, out, 3, 1)]
            changes = preact and channels != out
            _unit(
                tally,
                size,
                layers,
                out,
                projection=1 if changes else None,
                channels=channels,
                preact=preact,
            )
            channels = out
    if preact:
        tally.bn(channels)
    tally.dense(channels, classes)
    return tally.counts


def densenet(
    blocks, growth, *, first, size, bottleneck=True, stem=3, classes=10
) -> tuple[int, int, int]:
    """`size`: of the first block's feature map; `stem`: kernel size, 7 on ImageNet."""
    tally = Tally()
    channels = tally.conv(size * 2 if stem == 7 else size, 3, first, stem)
    if stem == 7:
        tally.bn(channels)
    for index, depth in enumerate(blocks):
        if index:
            tally.bn(channels)
            kept = math.floor(channels / 2) if bottleneck else channels
            channels = tally.conv(size, channels, kept, 1)
            size //= 2
        for _ in range(depth):
            x = channels
            if bottleneck:
                tally.bn(x)
                x = tally.conv(size, x, 4 * growth, 1)
            tally.bn(x)
            channels += tally.conv(size, x, growth, 3)
    tally.bn(channels)
    tally.dense(channels, classes)
    return tally.counts


def dpn(
    depths, increments, width, groups, *, first, filters=256, stem=7, classes=1000
) -> tuple[int, int, int]:
    """Dual-path nets; `first`: channels of the stem, `stem`: its kernel size."""
    tally = Tally()
    channels = tally.conv(112, 3, first, stem)
    tally.bn(channels)
    for stage, (depth, k) in enumerate(zip(depths, increments, strict=True)):
        size, out, inner = 56 >> stage, filters << stage, width << stage
        for index in range(depth):
            before = size * 2 if stage and not index else size
            tally.bn(channels)
            if index == 0:
                # The projection normalises for itself.
                tally.bn(channels)
                tally.conv(size, channels, out + 2 * k, 1)
            tally.conv(before, channels, inner, 1)
            tally.bn(inner)
            tally.conv(size, inner, inner, 3, groups)
            tally.bn(inner)
            tally.conv(size, inner, out + k, 1)
            channels = out + 3 * k if index == 0 else channels + k
    tally.bn(channels)
    tally.dense(channels, classes)
    return tally.counts
