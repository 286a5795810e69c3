"""shard cuts a batch into parts that are even, in order, and complete."""

import numpy as np
import pytest

from shared.testing import normal
from solutions.oracles.distribution import sizes

CASES = {
    "divides": (12, 4),
    "one more for some": (10, 4),
    "one more for all but one": (11, 4),
    "one replica": (5, 1),
    "as many as images": (3, 3),
    "more than images": (3, 5),
    "no images": (0, 2),
    "many": (101, 8),
}


def expect_parts(parts, whole, replicas, called):
    assert isinstance(parts, list | tuple), f"{called} must return a list of parts"
    assert len(parts) == replicas, f"{called} must return {replicas} parts"
    found = [len(part) for part in parts]
    wanted = sizes(len(whole), replicas)
    assert found == wanted, f"{called}: parts of {found}, not {wanted} images"
    for part in parts:
        assert np.shape(part)[1:] == whole.shape[1:], (
            f"{called}: a part of shape {np.shape(part)}; only the first axis is cut"
        )
    joined = np.concatenate(parts)
    assert np.array_equal(joined, whole), (
        f"{called}: the parts, one after the other, must be the batch again"
    )


@pytest.mark.parametrize(("count", "replicas"), CASES.values(), ids=CASES)
def test_parts_of_an_array(student, rng, count, replicas):
    batch = normal(rng, (count, 3, 2))
    called = f"shard(batch of {count}, {replicas})"
    expect_parts(student.shard(batch, replicas), batch, replicas, called)


@pytest.mark.parametrize(("count", "replicas"), [(7, 3), (2, 4)])
def test_parts_of_images_and_labels(student, rng, count, replicas):
    images, labels = normal(rng, (count, 2, 3, 1)), rng.integers(0, 10, count)
    called = f"shard((images, labels) of {count}, {replicas})"
    parts = student.shard((images, labels), replicas)
    assert len(parts) == replicas, f"{called} must return {replicas} parts"
    for part in parts:
        assert isinstance(part, tuple), f"{called}: each part must be a tuple"
        assert len(part) == 2, f"{called}: each part must hold images and labels"
    expect_parts([part[0] for part in parts], images, replicas, called)
    expect_parts([part[1] for part in parts], labels, replicas, called)


def test_three_arrays(student, rng):
    batch = tuple(normal(rng, (5, n)) for n in (1, 2, 3))
    parts = student.shard(batch, 2)
    assert [len(part) for part in parts] == [3, 3], "each part must hold three arrays"
    for index in range(3):
        got = [part[index] for part in parts]
        expect_parts(got, batch[index], 2, "shard of three arrays, 2")


def test_a_tuple_of_one(student, rng):
    batch = normal(rng, (4, 2))
    parts = student.shard((batch,), 2)
    assert all(isinstance(part, tuple) and len(part) == 1 for part in parts), (
        "a tuple of one array must give tuples of one array"
    )
    expect_parts([part[0] for part in parts], batch, 2, "shard((batch,), 2)")


@pytest.mark.parametrize("lengths", [(4, 5), (5, 4), (3, 3, 2)])
def test_different_lengths_are_an_error(student, rng, lengths):
    with student.raises(ValueError):
        student.shard(tuple(normal(rng, (n, 2)) for n in lengths), 2)


def test_the_batch_is_left_alone(student, rng):
    batch = normal(rng, (5, 2))
    _, (after, *_) = student.with_inputs("shard", batch, 2)
    assert np.array_equal(after, batch), "shard changed the batch"
