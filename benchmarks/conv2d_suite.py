"""The layers that convolution benchmarks run on: real ones, as a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One convolution, NHWC by HWIO.

    Attributes:
        name: Network and layer, with the batch size last.
        x: Input shape `(N, H, W, C)`.
        kernel: Kernel shape `(KH, KW, C // groups, filters)`.
        strides: Step, the same both ways.
        padding: `"valid"` or `"same"`.
        dilation: Distance between taps, the same both ways.
        groups: Number of groups.
    """

    name: str
    x: tuple[int, int, int, int]
    kernel: tuple[int, int, int, int]
    strides: int = 1
    padding: str = "same"
    dilation: int = 1
    groups: int = 1

    @property
    def out(self) -> tuple[int, int, int, int]:
        """Shape of the output."""
        sizes = []
        for n, k in zip(self.x[1:3], self.kernel[:2], strict=True):
            span = 0 if self.padding == "same" else (k - 1) * self.dilation
            sizes.append(-(-(n - span) // self.strides))
        return (self.x[0], sizes[0], sizes[1], self.kernel[3])

    @property
    def flops(self) -> float:
        """Floating-point operations of the plain loop nest."""
        n, h, w, f = self.out
        kh, kw, c, _ = self.kernel
        return 2.0 * n * h * w * f * kh * kw * c

    @property
    def is_winograd(self) -> bool:
        """3x3, stride 1, undilated, with at least 64 channels."""
        same = self.strides == self.dilation == self.groups == 1
        return self.kernel[:2] == (3, 3) and same and self.kernel[2] >= 64


def _layer(network, name, batch, size, kernel, channels, filters, **settings) -> Layer:
    groups = settings.get("groups", 1)
    return Layer(
        f"{network} {name} b{batch}",
        (batch, size, size, channels),
        (kernel, kernel, channels // groups, filters),
        **settings,
    )


def _suite() -> tuple[Layer, ...]:
    small = [  # (network, layer, size, kernel, channels, filters, settings)
        ("mnist", "conv1", 28, 3, 1, 32, {"padding": "valid"}),
        ("mnist", "conv2", 26, 3, 32, 64, {"padding": "valid"}),
        ("lenet", "c1", 32, 5, 1, 6, {"padding": "valid"}),
        ("lenet", "c3", 14, 5, 6, 16, {"padding": "valid"}),
        ("alexnet", "conv2", 27, 5, 96, 256, {"groups": 2}),
        ("alexnet", "conv3", 13, 3, 256, 384, {}),
        ("googlenet", "3a 3x3 reduce", 28, 1, 192, 96, {}),
        ("googlenet", "3a 3x3", 28, 3, 96, 128, {}),
        ("googlenet", "3a 5x5", 28, 5, 16, 32, {}),
        ("resnet", "conv2 3x3", 56, 3, 64, 64, {}),
        ("resnet", "conv3 1x1 down", 56, 1, 256, 128, {"strides": 2}),
        ("resnet", "conv3 3x3", 28, 3, 128, 128, {}),
        ("resnet", "conv4 3x3", 14, 3, 256, 256, {}),
        ("resnet", "conv4 1x1 up", 14, 1, 256, 1024, {}),
        ("resnet", "conv5 3x3", 7, 3, 512, 512, {}),
        ("resnet", "conv5 3x3 down", 14, 3, 512, 512, {"strides": 2}),
        ("resnext", "conv3 grouped", 28, 3, 256, 256, {"groups": 32}),
        ("mobilenet", "depthwise 56", 56, 3, 128, 128, {"groups": 128}),
        ("mobilenet", "depthwise 14", 14, 3, 512, 512, {"groups": 512}),
        ("deeplab", "dilated", 28, 3, 256, 256, {"dilation": 2}),
    ]
    large = [  # whole batches of these take seconds, so batch 1 and 4
        ("alexnet", "conv1", 227, 11, 3, 96, {"strides": 4, "padding": "valid"}),
        ("resnet", "conv1", 224, 7, 3, 64, {"strides": 2}),
        ("vgg", "conv1_1", 224, 3, 3, 64, {}),
        ("vgg", "conv1_2", 224, 3, 64, 64, {}),
        ("vgg", "conv3_2", 56, 3, 256, 256, {}),
        ("vgg", "conv4_2", 28, 3, 512, 512, {}),
        ("vgg", "conv5_1", 14, 3, 512, 512, {}),
    ]
    layers = []
    for rows, batches in ((small, (1, 32)), (large, (1, 4))):
        for network, name, size, kernel, channels, filters, settings in rows:
            for batch in batches:
                args = (network, name, batch, size, kernel, channels, filters)
                layers.append(_layer(*args, **settings))
    return tuple(layers)


SUITE = _suite()
