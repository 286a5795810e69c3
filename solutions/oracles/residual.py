"""Residual blocks for hidden tests: as graphs, and in float64 NumPy.

The graph says what a block must be made of; the arithmetic says what it computes.
"""

import numpy as np

from solutions.oracles.conv import conv2d_loop, same_pad
from solutions.oracles.sketch import Sketch

#: What a block's batch normalisations all get in `with_weights`: variances so large
#: that nobody's epsilon shows.
_VARIANCE = (400.0, 900.0)


def units(kind, filters, strides):
    """The branch's convolutions: (filters, kernel size, strides) of each."""
    if kind == "bottleneck":
        narrow = filters // 4
        return [(narrow, 1, strides), (narrow, 3, 1), (filters, 1, 1)]
    return [(filters, 3, strides), (filters, 3, 1)]


def projects(depth, filters, strides):
    """Whether the shortcut needs a projection."""
    return strides > 1 or depth != filters


def draw_block(net, x, kind, filters, strides):
    """Adds a block to a `Sketch`; `kind` is "plain", "residual" or "bottleneck"."""
    y = x
    for index, (width, kernel, step) in enumerate(units(kind, filters, strides)):
        if index:
            y = net.activation(y, "relu")
        y = _conv_bn(net, y, width, kernel, step)
    if kind != "plain":
        depth = net.shape(x)[-1]
        if projects(depth, filters, strides):
            x = _conv_bn(net, x, filters, 1, strides)
        y = net.add(x, y)
    return net.activation(y, "relu")


def block_graph(shape, kind, filters, strides):
    """The graph of one block."""
    net = Sketch(shape)
    return net.graph(draw_block(net, "input", kind, filters, strides))


def resnet_graph(n, shape, classes, kind):
    """The graph of the network of 6n + 2 layers."""
    net = Sketch(shape)
    x = net.activation(_conv_bn(net, "input", 16, 3, 1), "relu")
    for filters in (16, 32, 64):
        for index in range(n):
            halves = filters > 16 and index == 0
            x = draw_block(net, x, kind, filters, 2 if halves else 1)
    return net.graph(net.dense(net.global_avg(x), classes, None))


def _conv_bn(net, x, filters, kernel, strides):
    x = net.conv(x, filters, kernel, strides, bias=False, activation=None)
    return net.batch_norm(x)


def block_weights(rng, depth, kind, filters, strides):
    """Kernels of a block's branch and of its projection (None if it has none).

    And the four vectors of its normalisations, drawn once for each width: then it
    does not matter in which order a model lists them.
    """
    kernels, vectors, before = [], {}, depth
    for width, kernel, _ in units(kind, filters, strides):
        kernels.append(_kernel(rng, kernel, before, width))
        before = width
        vectors[width] = [
            rng.normal(25, 5, width),
            rng.normal(0, 0.5, width),
            rng.normal(0, 0.5, width),
            rng.uniform(*_VARIANCE, width),
        ]
    needed = kind != "plain" and projects(depth, filters, strides)
    projection = _kernel(rng, 1, depth, filters) if needed else None
    return kernels, projection, vectors


def _kernel(rng, kernel, depth, filters):
    shape = (kernel, kernel, depth, filters)
    return rng.normal(0, 1 / (kernel * np.sqrt(depth)), shape)


def in_order(weights, kernels, projection, vectors):
    """The drawn arrays in the order of a model's `weights`, told by their shapes."""
    waiting = [k for k in (*kernels, projection) if k is not None]
    counts = dict.fromkeys(vectors, 0)
    found = []
    for weight in weights:
        shape = np.shape(weight)
        if len(shape) == 4:
            place = [k.shape for k in waiting].index(shape)
            found.append(waiting.pop(place))
        else:
            (width,) = shape
            found.append(vectors[width][counts[width] % 4])
            counts[width] += 1
    return [np.asarray(array, np.float32) for array in found]


def block_loop(x, kind, strides, kernels, projection, vectors):
    """What a block computes in evaluation, in float64."""
    y = np.asarray(x, np.float64)
    steps = [strides] + [1] * (len(kernels) - 1)
    for index, (kernel, step) in enumerate(zip(kernels, steps, strict=True)):
        if index:
            y = np.maximum(y, 0)
        y = _convolved(y, kernel, step, vectors)
    if kind != "plain":
        shortcut = np.asarray(x, np.float64)
        if projection is not None:
            shortcut = _convolved(shortcut, projection, strides, vectors)
        y = y + shortcut
    return np.maximum(y, 0)


def _convolved(x, kernel, strides, vectors):
    sizes = zip(x.shape[1:3], kernel.shape[:2], strict=True)
    pads = tuple(same_pad(n, k, strides, 1) for n, k in sizes)
    out = conv2d_loop(x, kernel, np.zeros(kernel.shape[-1]), stride=strides, pad=pads)
    gamma, beta, mean, variance = vectors[kernel.shape[-1]]
    return gamma * (out - mean) / np.sqrt(variance) + beta
