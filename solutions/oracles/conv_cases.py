"""Problems for convolutions with strides, paddings and dilations of their own."""

from dataclasses import dataclass

import numpy as np

from shared.testing import normal
from solutions.oracles.conv import conv2d_gradients_loop, conv2d_loop, same_pad


@dataclass(frozen=True)
class Case:
    """One convolution; `padding` is a word or ((top, bottom), (left, right))."""

    x: tuple[int, int, int, int]
    kernel: tuple[int, int, int, int]
    strides: tuple[int, int] = (1, 1)
    padding: object = "VALID"
    dilations: tuple[int, int] = (1, 1)

    @property
    def how(self):
        """Keyword arguments of the student's functions."""
        return {
            "strides": self.strides,
            "padding": self.padding,
            "dilations": self.dilations,
        }

    @property
    def pads(self):
        """The padding as four zeros counts."""
        if self.padding == "VALID":
            return (0, 0), (0, 0)
        if self.padding == "SAME":
            taps = self.kernel[:2]
            sizes = zip(self.x[1:3], taps, self.strides, self.dilations, strict=True)
            return tuple(same_pad(*axis) for axis in sizes)
        return self.padding

    @property
    def _oracle(self):
        return {"stride": self.strides, "pad": self.pads, "dilation": self.dilations}

    def draw(self, rng, dtype=np.float64):
        """Random x and kernel."""
        return normal(rng, self.x, dtype), normal(rng, self.kernel, dtype)

    def forward(self, x, kernel):
        """y by the oracle, float64."""
        return conv2d_loop(x, kernel, **self._oracle)

    def gradients(self, x, kernel, d_y):
        """(d_x, d_kernel) by the oracle, float64."""
        return conv2d_gradients_loop(x, kernel, d_y, **self._oracle)[:2]

    def draw_d_y(self, rng, dtype=np.float64):
        """A random upstream gradient."""
        zeros = np.zeros(self.x), np.zeros(self.kernel)
        return normal(rng, self.forward(*zeros).shape, dtype)


#: Any kernel of the course must do these.
CASES = {
    "one window": Case((1, 3, 3, 1), (3, 3, 1, 1)),
    "several images, channels, filters": Case((2, 5, 6, 3), (3, 2, 3, 4)),
    "same": Case((2, 5, 4, 2), (3, 3, 2, 3), padding="SAME"),
    "same, stride 2, one zero more at the end": Case(
        (1, 6, 5, 2), (3, 2, 2, 1), strides=(2, 2), padding="SAME"
    ),
    "uneven padding": Case((1, 4, 5, 2), (3, 3, 2, 2), padding=((0, 2), (2, 1))),
    "strides differ, remainder dropped": Case(
        (2, 8, 6, 1), (2, 3, 1, 2), strides=(3, 2)
    ),
    "strides larger than the kernel": Case((1, 7, 8, 2), (2, 1, 2, 3), strides=(3, 4)),
    "dilations differ": Case((1, 9, 6, 2), (3, 2, 2, 2), dilations=(2, 3)),
    "all at once": Case(
        (2, 7, 9, 3), (3, 2, 3, 2), (2, 3), ((2, 1), (0, 3)), dilations=(2, 2)
    ),
    "1x1 kernel mixes channels": Case((2, 3, 4, 5), (1, 1, 5, 2)),
    "padding alone under a window": Case(
        (1, 2, 2, 1), (2, 2, 1, 1), padding=((3, 2),) * 2
    ),
}
