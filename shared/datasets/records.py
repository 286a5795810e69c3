"""Reading prepared images without TensorFlow, which takes seconds to start.

tensorflow-datasets writes TFRecord files of `tf.train.Example` messages; this reads
the little of both formats that images with labels need
(https://www.tensorflow.org/tutorials/load_data/tfrecord).
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from shared.datasets.catalog import DatasetError
from shared.datasets.folders import Prepared
from shared.datasets.subsets import Subset

_PNG = b"\x89PNG\r\n\x1a\n"
_MODES = {1: "L", 3: "RGB"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_arrays(
    prepared: Prepared, subsets: Sequence[Subset], image_shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns images `(N, H, W, C)` uint8 and labels `(N,)` int64.

    Returns `None` for files that only TensorFlow decodes to the very same pixels:
    other formats than TFRecord, and JPEG, whose decoders differ in rounding.

    Raises:
        DatasetError: a file is damaged.
    """
    if prepared.file_format != "tfrecord":
        return None
    from PIL import Image

    total = sum(subset.stop - subset.start for subset in subsets)
    images = np.empty((total, *image_shape), np.uint8)
    labels = np.empty(total, np.int64)
    examples = itertools.chain.from_iterable(_examples(prepared, s) for s in subsets)
    for index, (encoded, label) in enumerate(examples):
        if not encoded.startswith(_PNG):
            return None
        picture = Image.open(io.BytesIO(encoded))
        if picture.mode != _MODES.get(image_shape[-1]):
            return None
        images[index] = np.asarray(picture).reshape(image_shape)
        labels[index] = label
    return images, labels


def _examples(prepared: Prepared, subset: Subset) -> Iterator[tuple[bytes, int]]:
    """Yields the encoded image and the label of each example of a subset."""
    first = 0
    for shard in prepared.shards[subset.split]:
        start = max(subset.start - first, 0)
        stop = min(subset.stop - first, shard.examples)
        first += shard.examples
        if start >= stop:
            continue
        count = 0
        for record in itertools.islice(_records(shard.path), start, stop):
            count += 1
            try:
                features = _features(record)
                yield features["image"], features["label"]
            except (KeyError, IndexError, struct.error):
                raise DatasetError(
                    f"{shard.path}: record {start + count - 1} holds no image and "
                    f"label; delete {prepared.path} and load again"
                ) from None
        if count != stop - start:
            raise DatasetError(
                f"{shard.path} ends too early; delete {prepared.path} and load again"
            )


def _records(path: Path) -> Iterator[bytes]:
    """Yields the records of a TFRecord file: length, its CRC, data, their CRC."""
    data = path.read_bytes()
    position = 0
    while position + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, position)
        position += 12
        if position + length + 4 > len(data):
            return
        yield data[position : position + length]
        position += length + 4


def _features(example: bytes) -> dict[str, bytes | int]:
    """Returns the first value of each feature of a serialised `tf.train.Example`."""
    values = {}
    for _, features in _fields(example):
        for _, entry in _fields(features):
            parts = dict(_fields(entry))
            for kind, items in _fields(parts.get(2, b"")):
                for _, value in itertools.islice(_fields(items), 1):
                    if kind == 3 and not isinstance(value, int):  # packed int64_list
                        value, _ = _varint(value, 0)
                    if isinstance(value, int) and value >> 63:
                        value -= 1 << 64
                    values[parts[1].decode()] = value
    return values


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yields `(field number, value)` of a protocol buffer message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, position = _varint(message, position)
        elif wire_type == _BYTES:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        elif wire_type in (_FIXED32, _FIXED64):
            size = 4 if wire_type == _FIXED32 else 8
            value, position = message[position : position + size], position + size
        else:
            raise KeyError(wire_type)
        yield number, value


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Returns a number of seven bits per byte, and the position behind it."""
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
