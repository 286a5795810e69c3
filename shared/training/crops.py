"""The usual augmentation of small images: mirror, and crop from a padded image."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class FlipCrop:
    """Mirrored half of the time, and shifted by up to `padding` pixels each way.

    Attributes:
        padding: pixels on each side before the crop.
        reflect: these mirror the image instead of being 0.
        flip: whether to mirror; not for digits.
    """

    padding: int = 4
    flip: bool = True
    reflect: bool = False

    def __call__(self, images: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """Augments a batch.

        Args:
            images: `(n, H, W, C)` of any type.
            seeds: `(n, 2)` int32 random bits.

        Returns:
            As `images`.
        """
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        choices = 2 * self.padding + 1
        choice = tf.math.floormod(seeds[:, 1], choices**2)
        rows = (choice // choices)[:, None] + tf.range(height)
        columns = (choice % choices)[:, None] + tf.range(width)
        if self.flip:
            mirrored = tf.bitwise.bitwise_and(seeds[:, :1], 1) == 1
            columns = tf.where(mirrored, columns[:, ::-1], columns)
        pad = [self.padding, self.padding]
        padded = tf.pad(
            images,
            [[0, 0], pad, pad, [0, 0]],
            mode="REFLECT" if self.reflect else "CONSTANT",
        )
        # One gather of pixels, for all images at once, is the fastest by far.
        count, channels = tf.shape(images)[0], images.shape[-1]
        pixels = tf.reshape(padded, [count, -1, channels])
        taken = rows[:, :, None] * (width + 2 * self.padding) + columns[:, None, :]
        return tf.gather(pixels, taken, axis=1, batch_dims=1)
