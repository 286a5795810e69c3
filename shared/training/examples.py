"""What a run reads: images and labels, in memory or as a stream."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from shared.training.errors import DataError

# Up to here a tf.data.Dataset is held in memory, and an epoch shuffles all of it.
_CACHE_BYTES = 4 * 2**30


@dataclass(frozen=True)
class Examples:
    """Images and labels, in memory or as a stream.

    Attributes:
        size: number of examples.
        image_shape: `(H, W, C)`, None where it varies.
        images: `(N, H, W, C)` in memory, or None for a stream.
        labels: `(N,)` int32 in memory, or None.
        stream: otherwise, a dataset of `(image, label)`.
    """

    size: int
    image_shape: tuple[int | None, ...]
    images: tf.Tensor | None = None
    labels: tf.Tensor | None = None
    stream: tf.data.Dataset | None = None

    def steps(self, batch_size: int) -> int:
        """Batches per epoch, the last one as long as what is left."""
        return math.ceil(self.size / batch_size)


def examples(data: Any, name: str = "data") -> Examples:
    """Takes `(x, y)` arrays or a dataset of `(image, label)`.

    A dataset of known shape that fits in memory is read once and kept there. Batches
    are taken apart again.

    Raises:
        DataError: neither of the two, or of a wrong shape or type.
    """
    if isinstance(data, Examples):
        return data
    if isinstance(data, tf.data.Dataset):
        return _from_dataset(data, name)
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise DataError(
            f"{name} must be (images, labels) or a tf.data.Dataset of such pairs, "
            f"got {type(data).__name__}"
        )
    return _from_arrays(np.asarray(data[0]), np.asarray(data[1]), name)


def _from_arrays(x: np.ndarray, y: np.ndarray, name: str) -> Examples:
    if x.ndim != 4:
        raise DataError(f"{name}: images must be (N, H, W, C), got shape {x.shape}")
    if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
        raise DataError(
            f"{name}: images must be uint8 or floating point, got {x.dtype}; "
            'convert them with .astype("uint8") or .astype("float32")'
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise DataError(
            f"{name}: labels must be integers of shape (N,), got {y.dtype} of shape "
            f"{y.shape}; one-hot labels become integers with .argmax(axis=-1)"
        )
    if len(x) != len(y) or len(x) == 0:
        raise DataError(f"{name}: {len(x)} images and {len(y)} labels")
    if x.dtype != np.uint8:
        x = x.astype(np.float32, copy=False)
    with tf.device("CPU:0"):
        images = tf.convert_to_tensor(x)
        labels = tf.convert_to_tensor(y.astype(np.int32))
    return Examples(len(x), x.shape[1:], images, labels)


def _from_dataset(data: tf.data.Dataset, name: str) -> Examples:
    spec = data.element_spec
    if not isinstance(spec, tuple) or len(spec) != 2:
        raise DataError(f"{name}: elements must be (image, label), got {spec}")
    if spec[0].shape.rank == 4:
        data = data.unbatch()
        spec = data.element_spec
    if spec[0].shape.rank != 3 or spec[1].shape.rank != 0:
        raise DataError(
            f"{name}: elements must be an image (H, W, C) and an integer label, "
            f"got {spec[0].shape} and {spec[1].shape}"
        )
    size = int(data.cardinality())
    if size == tf.data.INFINITE_CARDINALITY:
        raise DataError(f"{name} must end; leave out .repeat(), epochs repeat it")
    shape = spec[0].shape
    if size < 0:
        size = int(data.reduce(np.int64(0), lambda count, _: count + 1))
    fits = (
        shape.is_fully_defined()
        and size * shape.num_elements() * spec[0].dtype.size <= _CACHE_BYTES
    )
    if not fits:
        return Examples(size, tuple(shape), stream=data)
    parts = list(data.batch(1024).as_numpy_iterator())
    if not parts:
        raise DataError(f"{name} is empty")
    x, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _from_arrays(x, y, name)


def check(source: Examples, model: Any, name: str = "data") -> Examples:
    """Whether a model takes these images and has an output for each label.

    Raises:
        DataError: it does not; the message says what does not fit.
    """
    wanted = getattr(model, "input_shape", None)
    if isinstance(wanted, tuple) and len(wanted) == 4:
        pairs = zip(source.image_shape, wanted[1:], strict=True)
        if any(a != b and a is not None and b is not None for a, b in pairs):
            raise DataError(
                f"{name}: images are {source.image_shape}, the model takes {wanted[1:]}"
            )
    shape = getattr(model, "output_shape", None)
    shape = shape[0] if isinstance(shape, list) else shape
    if source.labels is None or not isinstance(shape, tuple):
        return source
    low, high = int(tf.reduce_min(source.labels)), int(tf.reduce_max(source.labels))
    if low < 0 or (shape[-1] is not None and high >= shape[-1]):
        raise DataError(
            f"{name}: labels run from {low} to {high}, the model has {shape[-1]} "
            "outputs; labels count from 0"
        )
    return source
