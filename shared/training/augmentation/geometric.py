"""Where pixels go: crop, shift, flip, rotate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from shared.training.augmentation.safety import AugmentationError


def _windows(
    images: tf.Tensor, top: tf.Tensor, left: tf.Tensor, size: tuple
) -> tf.Tensor:
    """Cuts `size` out of each image at its own `top` and `left` (N,)."""
    rows = top[:, None] + tf.range(size[0])
    columns = left[:, None] + tf.range(size[1])
    cut = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(cut, columns, axis=2, batch_dims=1)


def _integer(draw: tf.Tensor, count: int | tf.Tensor) -> tf.Tensor:
    """A uniform draw from [0, 1) as an integer 0 .. count - 1."""
    count = tf.cast(count, tf.float32)
    # Rounding may carry a draw just below 1 up to count.
    return tf.cast(tf.minimum(tf.floor(draw * count), count - 1), tf.int32)


@dataclass(frozen=True)
class Crop:
    """A window at a random place, of the image with a border of zeros.

    Attributes:
        size: height and width of the window in pixels; None for the image's own.
        padding: width of the border in pixels.
    """

    size: int | None = None
    padding: int = 0
    name: ClassVar[str] = "crop"
    draws: ClassVar[int] = 2
    strength: ClassVar[float] = 0.0

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        if self.padding:
            border = (self.padding, self.padding)
            images = tf.pad(images, ((0, 0), border, border, (0, 0)))
        height, width = images.shape[1:3]
        size = (
            self.size or height - 2 * self.padding,
            self.size or width - 2 * self.padding,
        )
        if size[0] > height or size[1] > width:
            raise AugmentationError(
                f"size: a window of {size[0]}x{size[1]} does not fit {height}x{width} "
                "pixels, border included; make it smaller or padding larger"
            )
        top = _integer(draws[:, 0], height - size[0] + 1)
        left = _integer(draws[:, 1], width - size[1] + 1)
        return _windows(images, top, left, size)


@dataclass(frozen=True)
class Shift:
    """Moves by up to `pixels` along each axis; zeros come in at the edge.

    By whole pixels, so that nothing is blurred.
    """

    pixels: int = 2
    name: ClassVar[str] = "shift"
    draws: ClassVar[int] = 2

    @property
    def strength(self) -> float:
        return float(self.pixels)

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        return Crop(padding=self.pixels).apply(images, draws)


@dataclass(frozen=True)
class Flip:
    """Mirrors with a probability: left and right, or up and down."""

    vertical: bool = False
    probability: float = 0.5
    draws: ClassVar[int] = 1
    strength: ClassVar[float] = 0.0

    @property
    def name(self) -> str:
        return "flip up-down" if self.vertical else "flip left-right"

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        mirrored = tf.reverse(images, axis=[1 if self.vertical else 2])
        chosen = draws[:, 0] < self.probability
        return tf.where(chosen[:, None, None, None], mirrored, images)


@dataclass(frozen=True)
class Rotate:
    """Turns about the centre by a random angle, with bilinear interpolation.

    Attributes:
        degrees: the angle is uniform in [-degrees, degrees], counter-clockwise.
        fill: "constant" (zeros), "nearest", "reflect" or "wrap": what comes in at the
            corners.
    """

    degrees: float = 15.0
    fill: str = "constant"
    name: ClassVar[str] = "rotate"
    draws: ClassVar[int] = 1

    @property
    def strength(self) -> float:
        return float(self.degrees)

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        angles = (2 * draws[:, 0] - 1) * (self.degrees * np.pi / 180)
        cos, sin = tf.cos(angles), tf.sin(angles)
        y0 = (images.shape[1] - 1) / 2
        x0 = (images.shape[2] - 1) / 2
        # Rows of the map from output to input pixels, about the centre (x0, y0).
        rows = (
            (cos, -sin, x0 - cos * x0 + sin * y0),
            (sin, cos, y0 - sin * x0 - cos * y0),
        )
        zeros = tf.zeros_like(cos)
        matrix = tf.stack([*rows[0], *rows[1], zeros, zeros], axis=1)
        return keras.ops.image.affine_transform(
            images, matrix, fill_mode=self.fill, data_format="channels_last"
        )
