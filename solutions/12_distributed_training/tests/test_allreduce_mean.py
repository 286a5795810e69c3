"""allreduce_mean is the mean over all images, however they were dealt out."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.distribution import mean_over_images

SHAPES = [(3, 2, 4), (4,), (), (1, 5)]
COUNTS = {
    "equal": [4, 4],
    "a remainder": [5, 5, 4],
    "very uneven": [1, 9],
    "one replica": [6],
    "one without images": [3, 0],
    "the first without images": [0, 2, 1],
    "many without images": [0, 0, 1, 0],
}


def made(rng, counts, dtype=np.float64):
    """Gradients per image, and each replica's mean; NaN where there is no image."""
    images = [
        [normal(rng, s).astype(dtype) for s in SHAPES] for _ in range(sum(counts))
    ]
    parts, start = [], 0
    for count in counts:
        part = images[start : start + count]
        start += count
        nothing = [np.full(s, np.nan, dtype) for s in SHAPES]
        means = (
            [np.asarray(m, dtype) for m in mean_over_images(part)] if part else nothing
        )
        parts.append(means)
    return images, parts


def expect_mean(found, images, called, dtype=np.float64):
    assert isinstance(found, list | tuple), f"{called} must return a list of arrays"
    wanted = mean_over_images(images)
    assert len(found) == len(wanted), (
        f"{called} must return one array for each of the {len(wanted)} weights"
    )
    for got, want in zip(found, wanted, strict=True):
        assert np.shape(got) == want.shape, (
            f"{called}: an array of shape {np.shape(got)}, not {want.shape}"
        )
        limit = 1e-12 if dtype == np.float64 else 1e-5
        assert_close(np.asarray(got), want, rtol=limit, atol=limit, what=called)


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_the_mean_over_all_images(student, rng, counts):
    images, parts = made(rng, counts)
    found = student.allreduce_mean(parts, counts)
    expect_mean(found, images, f"allreduce_mean(gradients, {counts})")


def test_single_precision(student, rng):
    images, parts = made(rng, [3, 2], np.float32)
    found = student.allreduce_mean(parts, [3, 2])
    expect_mean(found, images, "allreduce_mean of float32", np.float32)


def test_counts_as_an_array(student, rng):
    images, parts = made(rng, [2, 3])
    found = student.allreduce_mean(parts, np.array([2, 3]))
    expect_mean(found, images, "allreduce_mean(gradients, array [2, 3])")


def test_one_weight(student):
    found = student.allreduce_mean([[np.array(1.0)], [np.array(5.0)]], [3, 1])
    assert len(found) == 1, "one weight must give one array"
    assert float(found[0]) == 2.0, "(3*1.0 + 1*5.0) / 4 is 2.0"


def test_the_gradients_are_left_alone(student, rng):
    _, parts = made(rng, [2, 1])
    _, (after, _) = student.with_inputs("allreduce_mean", parts, [2, 1])
    for before, now in zip(parts, after, strict=True):
        for one, other in zip(before, now, strict=True):
            assert np.array_equal(one, other), "allreduce_mean changed a gradient"
