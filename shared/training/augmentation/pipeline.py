"""Transforms in a row, on batches and on tf.data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf

from shared.training.augmentation.safety import AugmentationError, check_label_safe


class Transform(Protocol):
    """A change of images; the frozen dataclasses of this package are such.

    Attributes:
        name: what `LABEL_SAFE` calls it.
        strength: what the table limits.
        draws: how many random numbers it needs per image.
    """

    name: str
    draws: int

    @property
    def strength(self) -> float: ...

    def apply(self, images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Changes images `(N, H, W, C)`, float32 in [0, 1], by `draws` `(N, draws)`.

        Draws are uniform in [0, 1).
        """
        ...


@dataclass(frozen=True)
class Augmentation:
    """Transforms, one after the other. Make one with `augmentation`, which checks."""

    transforms: tuple[Transform, ...]

    def __call__(self, images: Any, seeds: Any) -> tf.Tensor:
        """Changes a batch.

        Args:
            images: `(N, H, W, C)`, uint8, or floating point in [0, 1] (so before any
                subtraction of means).
            seeds: `(N, 2)` int32, one row per image. The same seed makes the same
                change.

        Returns:
            Images of the same dtype; of the same size, unless a `Crop` changes it.
        """
        images = tf.convert_to_tensor(images)
        seeds = tf.cast(seeds, tf.int32)
        x = tf.image.convert_image_dtype(images, tf.float32)
        total = sum(transform.draws for transform in self.transforms)
        # One generator call per image: its numbers depend on nothing else in the batch.
        draws = tf.map_fn(
            lambda seed: tf.random.stateless_uniform((total,), seed),
            seeds,
            fn_output_signature=tf.TensorSpec((total,), tf.float32),
        )
        at = 0
        for transform in self.transforms:
            x = transform.apply(x, draws[:, at : at + transform.draws])
            at += transform.draws
        if images.dtype == tf.uint8:
            return tf.cast(tf.round(tf.clip_by_value(x, 0, 1) * 255), tf.uint8)
        return tf.cast(x, images.dtype)

    def on(self, dataset: tf.data.Dataset, seed: int = 0) -> tf.data.Dataset:
        """A dataset of changed images, different in each epoch.

        Args:
            dataset: `(image, label)` elements, or batches of them.
            seed: the same seed makes the same epochs in the same order.
        """
        random = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)

        def change(element: tuple, number: tf.Tensor) -> tuple:
            image, *rest = element
            single = image.shape.rank == 3
            images = image[None] if single else image
            seeds = tf.random.stateless_uniform(
                (tf.shape(images)[0], 2),
                seed=tf.stack([number, tf.constant(seed, tf.int64)]),
                minval=None,
                maxval=None,
                dtype=tf.int32,
            )
            changed = self(images, seeds)
            return (changed[0] if single else changed, *rest)

        return tf.data.Dataset.zip((dataset, random)).map(
            change, num_parallel_calls=tf.data.AUTOTUNE
        )


def augmentation(
    *transforms: Transform, dataset: str | None, allow_unsafe: bool = False
) -> Augmentation:
    """Checks transforms against the data set's labels and puts them in a row.

    Args:
        transforms: such as `Shift(4), Flip()`, in order.
        dataset: whose labels must stay true; None if you have judged yourself.
        allow_unsafe: do what makes labels false all the same, to see the harm.

    Raises:
        AugmentationError: a transform is not safe for the data set, or there is none.
    """
    if not transforms:
        raise AugmentationError(
            "transforms: none given; pass augment=None to train on unchanged images"
        )
    if dataset is not None and not allow_unsafe:
        check_label_safe(dataset, transforms)
    return Augmentation(transforms)
