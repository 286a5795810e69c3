"""The blocks of 2015 to 2017 as graphs, and what hidden tests ask of a student's.

Each function writes one block down from its paper's figure, on a `Sketch`, and returns
the key of the block's output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from solutions.oracles.graph import agree, parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.sketch import Sketch


def unit(
    net: Sketch, x: str, filters: int, kernel: Any, *, relu: bool = True, **told: Any
) -> str:
    """A convolution without bias, batch normalisation, and ReLU unless told."""
    x = net.conv(x, filters, kernel, bias=False, activation=None, **told)
    return net.activation(net.batch_norm(x), "relu" if relu else None)


def before(net: Sketch, x: str, filters: int, kernel: int, **told: Any) -> str:
    """Batch normalisation, ReLU, and only then a convolution without bias."""
    x = net.activation(net.batch_norm(x), "relu")
    return net.conv(x, filters, kernel, bias=False, activation=None, **told)


def factorized_conv(
    net: Sketch, x: str, filters: int, kernel_size: int, how: str
) -> str:
    """Arrangements of small kernels that see as far as a large one."""
    if how == "asymmetric":
        x = unit(net, x, filters, (1, kernel_size))
        return unit(net, x, filters, (kernel_size, 1))
    seen = 1
    while seen < kernel_size:
        x, seen = unit(net, x, filters, 3), seen + 2
    return x


def inception_v2_block(
    net: Sketch, x: str, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int
) -> str:
    """GoogLeNet's module with two 3x3 for each 5x5, normalised."""
    tower = unit(net, unit(net, x, r5, 1), c5, 3)
    return net.concat(
        unit(net, x, c1, 1),
        unit(net, unit(net, x, r3, 1), c3, 3),
        unit(net, tower, c5, 3),
        unit(net, net.avg_pool(x, 3, 1, "same"), pool, 1),
    )


def inception_resnet_block(
    net: Sketch, x: str, c1: int, reduce: int, row: int, column: int, scale: float = 0.1
) -> str:
    """The block for the 17x17 grid: 1x7 and 7x1, widened, scaled and added."""
    tower = unit(net, unit(net, x, reduce, 1), row, (1, 7))
    joined = net.concat(unit(net, x, c1, 1), unit(net, tower, column, (7, 1)))
    wide = net.conv(joined, net.shape(x)[-1], 1, activation=None)
    wide = net.add_node("scale", wide, net.shape(x), factor=scale)
    return net.activation(net.add(x, wide), "relu")


def separable_conv(
    net: Sketch, x: str, filters: int, kernel_size: int, strides: int = 1
) -> str:
    """One kernel for each channel, then a 1x1 convolution; nothing else."""
    linear = {"bias": False, "activation": None}
    depth = net.shape(x)[-1]
    x = net.conv(x, depth, kernel_size, strides, groups=depth, **linear)
    return net.conv(x, filters, 1, **linear)


def wide_block(
    net: Sketch, x: str, filters: int, width: int, strides: int = 1, rate: float = 0.0
) -> str:
    """The pre-activated block of a wide residual network."""
    ready = net.activation(net.batch_norm(x), "relu")
    linear = {"bias": False, "activation": None}
    branch = net.conv(ready, filters * width, 3, strides, **linear)
    branch = net.activation(net.batch_norm(branch), "relu")
    branch = net.dropout(branch, rate) if rate else branch
    branch = net.conv(branch, filters * width, 3, **linear)
    if strides > 1 or net.shape(x)[-1] != filters * width:
        x = net.conv(ready, filters * width, 1, strides, **linear)
    return net.add(x, branch)


def resnext_block(net: Sketch, x: str, cardinality: int, width: int, form: str) -> str:
    """Figure 3 of the paper: (a) "paths", (b) "concat", (c) "grouped"."""
    depth = net.shape(x)[-1]
    last = {"bias": False, "activation": None}
    if form == "grouped":
        wide = unit(net, x, cardinality * width, 1)
        wide = unit(net, wide, cardinality * width, 3, groups=cardinality)
        branch = net.conv(wide, depth, 1, **last)
    else:
        paths = [
            unit(net, unit(net, x, width, 1), width, 3) for _ in range(cardinality)
        ]
        if form == "concat":
            branch = net.conv(net.concat(*paths), depth, 1, **last)
        else:
            branch = net.add(*(net.conv(path, depth, 1, **last) for path in paths))
    return net.activation(net.add(x, net.batch_norm(branch)), "relu")


def dense_block(
    net: Sketch, x: str, depth: int, growth: int, bottleneck: bool = False
) -> str:
    """Each layer reads everything before it and adds `growth` maps."""
    maps = [x]
    for _ in range(depth):
        new = net.concat(*maps) if len(maps) > 1 else x
        new = before(net, new, 4 * growth, 1) if bottleneck else new
        maps.append(before(net, new, growth, 3))
    return net.concat(*maps)


def squeeze_excite(net: Sketch, x: str, ratio: int = 16) -> str:
    """Every channel times a number between 0 and 1 that all channels decide."""
    depth = net.shape(x)[-1]
    gate = net.dense(net.global_avg(x), depth // ratio)
    gate = net.dense(gate, depth, "sigmoid")
    return net.add_node("multiply", (x, gate), net.shape(x))


BLOCKS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        block.__name__: block
        for block in (
            factorized_conv,
            inception_v2_block,
            inception_resnet_block,
            separable_conv,
            wide_block,
            resnext_block,
            dense_block,
            squeeze_excite,
        )
    }
)


def wanted(name: str, shape: tuple[int, ...], **arguments: Any) -> Any:
    """The graph of a block on maps of a shape `(H, W, C)`."""
    net = Sketch(shape)
    return net.graph(BLOCKS[name](net, "input", **arguments))


def compare(
    student: Any, reference: Any, name: str, shape: tuple[int, ...], **arguments: Any
) -> Any:
    """Fails, in words, unless the student's block is the right one.

    Returns:
        the block as a model in the clean process.
    """
    told = "".join(f", {key}={value!r}" for key, value in arguments.items())
    called = f"{name}(x{told}) for x {'x'.join(map(str, shape))}"
    model = reference.rebuild(student.as_model(name, shape, **arguments))
    right = wanted(name, shape, **arguments)
    agree(read(model.layers()), right, called)
    counted, expected = model.count_params()[0], parameters(right)
    assert counted == expected, (
        f"{called} must have {expected:,} trained parameters and has {counted:,}: is a "
        "layer used twice, or frozen?"
    )
    return model
