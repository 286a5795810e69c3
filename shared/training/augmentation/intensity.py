"""What values pixels have: contrast stretching, adaptive equalisation, cutout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf


def _chosen(draw: tf.Tensor, probability: float) -> tf.Tensor:
    return (draw < probability)[:, None, None, None]


@dataclass(frozen=True)
class ContrastStretch:
    """Spreads an image's values over [0, 1], the farthest percents clipped.

    All channels of an image are spread alike, so that hues stay.

    Attributes:
        percent: at each end, up to this percentage of the values is clipped; how much
            is drawn per image. At most 50.
        probability: of stretching at all.
    """

    percent: float = 10.0
    probability: float = 1.0
    name: ClassVar[str] = "contrast stretch"
    draws: ClassVar[int] = 3
    strength: ClassVar[float] = 0.0

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        values = tf.sort(tf.reshape(images, (tf.shape(images)[0], -1)), axis=1)
        share = draws[:, :2] * (self.percent / 100)
        low = _quantile(values, share[:, 0])[:, None, None, None]
        high = _quantile(values, 1 - share[:, 1])[:, None, None, None]
        stretched = tf.clip_by_value((images - low) / (high - low), 0, 1)
        # An image of one value has no contrast to stretch.
        use = _chosen(draws[:, 2], self.probability) & (high > low)
        return tf.where(use, stretched, images)


def _quantile(ordered: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """The quantiles `share` (N,) of rows of `ordered`, interpolated linearly."""
    last = tf.shape(ordered)[1] - 1
    position = share * tf.cast(last, tf.float32)
    below = tf.cast(tf.floor(position), tf.int32)
    above = tf.minimum(below + 1, last)
    rest = position - tf.floor(position)
    lower = tf.gather(ordered, below, batch_dims=1)
    upper = tf.gather(ordered, above, batch_dims=1)
    return lower + rest * (upper - lower)


@dataclass(frozen=True)
class AdaptiveEqualisation:
    """Contrast-limited adaptive histogram equalisation (CLAHE; Zuiderveld 1994).

    Each tile's histogram is clipped, what is cut off is spread over all bins, and the
    cumulative histogram maps values; between the centres of tiles the maps are
    interpolated. In colour images it changes the greatest channel and scales the
    others with it: hue and saturation stay.

    Attributes:
        tiles: along each axis; images that do not divide are mirrored at the edge.
        bins: of each histogram.
        clip_limit: greatest count of a bin, in multiples of a flat histogram's.
        probability: of equalising at all.
    """

    tiles: int = 4
    bins: int = 64
    clip_limit: float = 2.0
    probability: float = 0.5
    name: ClassVar[str] = "adaptive equalisation"
    draws: ClassVar[int] = 1
    strength: ClassVar[float] = 0.0

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        value = tf.reduce_max(images, axis=-1)
        mapped = self._equalise(value)
        # Black has no hue: it becomes grey of the new value.
        ratio = tf.math.divide_no_nan(mapped, value)[..., None]
        black = (value == 0)[..., None]
        result = tf.where(black, mapped[..., None], images * ratio)
        return tf.where(_chosen(draws[:, 0], self.probability), result, images)

    def _equalise(self, value: tf.Tensor) -> tf.Tensor:
        """Maps grey images `(N, H, W)` in [0, 1]."""
        height, width = value.shape[1:]
        tiles, bins = self.tiles, self.bins
        tall, wide = -(-height // tiles), -(-width // tiles)
        spare = ((0, 0), (0, tall * tiles - height), (0, wide * tiles - width))
        index = tf.cast(tf.minimum(tf.floor(value * bins), bins - 1), tf.int32)
        padded = tf.pad(index, spare, mode="SYMMETRIC")
        maps = self._maps(padded, tall, wide)
        rows = _neighbours(height, tall, tiles)
        columns = _neighbours(width, wide, tiles)
        out = tf.zeros_like(value)
        for row, down in rows:
            for column, across in columns:
                # The map of one neighbouring tile for each pixel: (N, H, W).
                tile = row[:, None] * tiles + column[None, :]
                entry = tile[None] * bins + index
                found = tf.gather(maps, entry, axis=1, batch_dims=1)
                out += down[:, None] * across[None, :] * found
        return out

    def _maps(self, padded: tf.Tensor, tall: int, wide: int) -> tf.Tensor:
        """Each tile's map from bins to values, `(N, tiles * tiles * bins)`."""
        tiles, bins = self.tiles, self.bins
        blocks = tf.reshape(padded, (-1, tiles, tall, tiles, wide))
        blocks = tf.transpose(blocks, (0, 1, 3, 2, 4))
        flat = tf.reshape(blocks, (-1, tall * wide))
        counts = tf.math.bincount(flat, minlength=bins, maxlength=bins, axis=-1)
        counts = tf.cast(counts, tf.float32)
        pixels = tall * wide
        limit = max(1.0, self.clip_limit * pixels / bins)
        clipped = tf.minimum(counts, limit)
        excess = tf.reduce_sum(counts - clipped, axis=-1, keepdims=True)
        cumulative = tf.cumsum(clipped + excess / bins, axis=-1)
        return tf.reshape(cumulative / pixels, (-1, tiles * tiles * bins))


def _neighbours(size: int, tile: int, tiles: int) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """For each pixel the tile before and the tile after it, with their weights."""
    position = (tf.range(size, dtype=tf.float32) + 0.5) / tile - 0.5
    before = tf.floor(position)
    after_weight = position - before
    before = tf.cast(before, tf.int32)
    return [
        (tf.clip_by_value(before, 0, tiles - 1), 1 - after_weight),
        (tf.clip_by_value(before + 1, 0, tiles - 1), after_weight),
    ]


@dataclass(frozen=True)
class Cutout:
    """Hides a square at a random place (arXiv:1708.04552).

    The centre may be any pixel, so that part of the square may lie outside.

    Attributes:
        size: side of the square in pixels.
        fill: the value put there; None for the image's mean in each channel.
    """

    size: int = 8
    fill: float | None = None
    name: ClassVar[str] = "cutout"
    draws: ClassVar[int] = 2

    @property
    def strength(self) -> float:
        return float(self.size)

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        hidden = None
        for axis in (0, 1):
            length = images.shape[axis + 1]
            centre = tf.floor(draws[:, axis] * length)
            first = centre - self.size // 2
            place = tf.range(length, dtype=tf.float32)[None]
            inside = (place >= first[:, None]) & (place < first[:, None] + self.size)
            shape = (-1, length, 1, 1) if axis == 0 else (-1, 1, length, 1)
            inside = tf.reshape(inside, shape)
            hidden = inside if hidden is None else hidden & inside
        if self.fill is None:
            fill = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
        else:
            fill = tf.fill(tf.shape(images[:, :1, :1]), float(self.fill))
        return tf.where(hidden, fill, images)
