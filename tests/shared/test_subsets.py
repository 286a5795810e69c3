"""Subset arguments choose what tensorflow-datasets would choose, and clip."""

import pytest
import tensorflow_datasets as tfds

from shared.datasets import DatasetError
from shared.datasets.subsets import parse

SIZES = {"train": 1433, "test": 37}
BOUNDS = ["", "0", "1", "-1", "36", "-30", "10%", "33%", "67%", "-25%", "100%", "3_0"]


def tfds_range(piece):
    """Asks tensorflow-datasets, or returns `None` where it refuses."""
    infos = {
        name: tfds.core.SplitInfo(
            name=name,
            shard_lengths=[size],
            num_bytes=0,
            filename_template=tfds.core.ShardedFileTemplate(
                data_dir=".", dataset_name="d", split=name, filetype_suffix="tfrecord"
            ),
        )
        for name, size in SIZES.items()
    }
    (absolute,) = tfds.core.ReadInstruction.from_spec(piece).to_absolute(infos)
    stop = SIZES[absolute.splitname] if absolute.to is None else absolute.to
    return absolute.splitname, absolute.from_ or 0, stop


def unit(bound):
    return "%" if bound.endswith("%") else "abs"


@pytest.mark.parametrize("split", SIZES)
def test_the_same_examples_as_tensorflow_datasets(split):
    compared = 0
    for first in BOUNDS:
        for last in BOUNDS:
            if not first and not last:
                continue  # tensorflow-datasets does not take train[:],
            if first and last and unit(first) != unit(last):
                continue  # nor two units in one slice
            piece = f"{split}[{first}:{last}]"
            name, start, stop = tfds_range(piece)
            if start >= stop:
                with pytest.raises(DatasetError, match="is empty"):
                    parse(piece, SIZES, "digits")
                continue
            compared += 1
            (subset,) = parse(piece, SIZES, "digits")
            assert (subset.split, subset.start, subset.stop) == (name, start, stop)
            assert tfds_range(str(subset)) == (name, start, stop)
    assert compared > 40


def test_bounds_beyond_the_end_stop_at_the_end():
    assert [str(s) for s in parse("train[:6000]", SIZES, "digits")] == ["train[0:1433]"]
    assert [str(s) for s in parse("test[-99:]", SIZES, "digits")] == ["test[0:37]"]
    assert [str(s) for s in parse("test[30:150%]", SIZES, "d")] == ["test[30:37]"]


def test_sums_keep_their_order():
    pieces = parse("test + train[10%:500]+train", SIZES, "digits")
    assert [str(s) for s in pieces] == ["test[0:37]", "train[143:500]", "train[0:1433]"]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("train[5]", "cannot read 'train[5]'"),
        ("train[:10", "cannot read"),
        ("train[a:b]", "cannot read"),
        ("train[:5__0]", "cannot read"),
        ("", "cannot read ''"),
        ("train+", "cannot read"),
        ("validation", "digits has no 'validation'; it has train, test"),
        ("train[2000:]", "is empty; digits has 1433 images there"),
        ("test[10:10]", "is empty"),
        ("train[50%:40%]", "is empty"),
        (None, "digits has no 'None'"),
    ],
)
def test_errors_are_one_line_and_say_what_is_there(split, message):
    with pytest.raises(DatasetError) as raised:
        parse(split, SIZES, "digits")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
