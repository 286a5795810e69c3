"""ResNet v2 (arXiv:1603.05027): normalisation and ReLU before each convolution.

`resnet50_v2` is ResNet-50 with pre-activated bottlenecks and the stride on the 3x3.
`build("resnet164_cifar_v2")` is the net of the paper's CIFAR experiments, of 9n + 2
layers: n bottlenecks per stage with 64, 128 and 256 channels, projections where the
shape changes, the stride on the first 1x1; `resnet1001_cifar_v2` is the deep one. On
ImageNet any depth of `shared.models.resnet` will do, 200 as well: `resnet200_v2`.

The authors' code for ImageNet normalises after the first convolution and leaves that
out in the first block; here, as in most later code, every block has its own and the
first convolution has none. The numbers of weights are equal, and with positive scales
so are the functions, for normalisation and ReLU then commute with max pooling.
"""

from __future__ import annotations

import re

from shared.models.registry import Accuracy, Paper
from shared.models.resnet import DEPTHS, ResNet
from shared.models.resnet_cifar import ResNetCifar

PAPER = Paper("Identity Mappings in Deep Residual Networks", 2016, "arXiv:1603.05027")


def parse(name: str) -> ResNet | ResNetCifar | None:
    """The net that a name like "resnet101_v2" describes."""
    match = re.fullmatch(r"resnet(164|1001)_cifar_v2", name)
    if match:
        return ResNetCifar(int(match[1]), shortcut="B", preactivation=True)
    match = re.fullmatch(r"resnet(\d+)_v2", name)
    if match is None or int(match[1]) not in DEPTHS:
        return None
    depth = int(match[1])
    return ResNet(
        DEPTHS[depth], bottleneck=depth >= 50, stride_on=3, preactivation=True
    )


VARIANTS = {name: parse(name) for name in ("resnet50_v2", "resnet164_cifar_v2")}

PUBLISHED = {"resnet164_cifar_v2": Accuracy(94.54, None, "CIFAR-10 test; Table 2")}
