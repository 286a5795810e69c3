"""The classic networks as graphs, written from their papers' tables.

Sizes are counted window by window (`solutions.oracles.sketch`); nothing here is Keras.
"""

from __future__ import annotations

from solutions.oracles.graph import Graph
from solutions.oracles.sketch import Sketch

VGG = {
    "A": "64 M 128 M 256 256 M 512 512 M 512 512 M",
    "B": "64 64 M 128 128 M 256 256 M 512 512 M 512 512 M",
    "C": "64 64 M 128 128 M 256 256 256p M 512 512 512p M 512 512 512p M",
    "D": "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M",
    "E": "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M",
}
# GoogLeNet's Table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _head(net: Sketch, x: str, units: tuple[int, ...], classes: int) -> Graph:
    x = net.flatten(x)
    for count in units:
        x = net.dropout(net.dense(x, count), 0.5)
    return net.graph(net.dense(x, classes, "softmax"))


def alexnet(
    groups: int = 1,
    input_shape: tuple[int, int, int] = (227, 227, 3),
    classes: int = 1000,
    units: tuple[int, ...] = (4096, 4096),
) -> Graph:
    """AlexNet without its normalisation layers."""
    net = Sketch(input_shape)
    x = net.max_pool(net.conv("input", 96, 11, 4, "valid"), 3, 2)
    x = net.max_pool(net.conv(x, 256, 5, padding=2, groups=groups), 3, 2)
    x = net.conv(x, 384, 3, padding=1)
    x = net.conv(x, 384, 3, padding=1, groups=groups)
    x = net.max_pool(net.conv(x, 256, 3, padding=1, groups=groups), 3, 2)
    return _head(net, x, units, classes)


def zfnet(
    late: tuple[int, int, int] = (384, 384, 256),
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    units: tuple[int, ...] = (4096, 4096),
) -> Graph:
    """ZFNet without its normalisation layers, sizes as in its Figure 3."""
    net = Sketch(input_shape)
    x = net.max_pool(net.conv("input", 96, 7, 2, 1), 3, 2, "same")
    x = net.max_pool(net.conv(x, 256, 5, 2, "valid"), 3, 2, "same")
    for filters in late:
        x = net.conv(x, filters, 3, padding=1)
    return _head(net, net.max_pool(x, 3, 2), units, classes)


def vgg(
    config: str | tuple[int, ...],
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    units: tuple[int, ...] = (4096, 4096),
) -> Graph:
    """A column of VGG's table, or numbers of convolutions stage by stage."""
    if not isinstance(config, str):
        widths = [64, 128, 256, *[512] * len(config)]
        blocks = zip(config, widths, strict=False)
        words = [w for depth, n in blocks for w in [*[str(n)] * depth, "M"]]
    else:
        words = VGG[config].split()
    net = Sketch(input_shape)
    x = "input"
    for word in words:
        if word == "M":
            x = net.max_pool(x, 2, 2)
        else:
            x = net.conv(x, int(word.rstrip("p")), 1 if word.endswith("p") else 3)
    return _head(net, x, units, classes)


def naive(net: Sketch, x: str, c1: int, c3: int, c5: int) -> str:
    """The inception module without bottlenecks; returns the key of its output."""
    return net.concat(
        net.conv(x, c1, 1),
        net.conv(x, c3, 3, padding=1),
        net.conv(x, c5, 5, padding=2),
        net.max_pool(x, 3, 1, "same"),
    )


def inception(
    net: Sketch, x: str, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int
) -> str:
    """The inception module with bottlenecks; returns the key of its output."""
    return net.concat(
        net.conv(x, c1, 1),
        net.conv(net.conv(x, r3, 1), c3, 3, padding=1),
        net.conv(net.conv(x, r5, 1), c5, 5, padding=2),
        net.conv(net.max_pool(x, 3, 1, "same"), pool, 1),
    )


def googlenet(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    auxiliary: bool = False,
) -> Graph:
    """GoogLeNet without its normalisation layers."""
    net = Sketch(input_shape)
    x = net.max_pool(net.conv("input", 64, 7, 2), 3, 2, "same")
    x = net.max_pool(net.conv(net.conv(x, 64, 1), 192, 3), 3, 2, "same")
    sides = []
    for name, widths in MODULES.items():
        if name in ("4a", "5a"):
            x = net.max_pool(x, 3, 2, "same")
        x = inception(net, x, *widths)
        if auxiliary and name in ("4a", "4d"):
            side = net.conv(net.avg_pool(x, 5, 3), 128, 1)
            side = net.dropout(net.dense(net.flatten(side), 1024), 0.7)
            sides.append(net.dense(side, classes, "softmax"))
    x = net.dropout(net.global_avg(x), 0.4)
    return net.graph(net.dense(x, classes, "softmax"), *sides)
