"""equalize replaces a level by its rank, per image and channel."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from solutions.oracles.augmentation import equalize_loop

SHAPES = {
    "grey": (2, 5, 6, 1),
    "colours": (2, 4, 5, 3),
    "tall": (1, 9, 3, 2),
    "two pixels": (3, 1, 2, 1),
}


def levels(out, expected, what):
    """Fails unless `out` is uint8 and nowhere off by more than rounding."""
    out = np.asarray(out)
    assert out.dtype == np.uint8, f"{what} must be uint8, not {out.dtype.name}"
    assert_close(out, expected, atol=0.501, rtol=0, what=what)


@pytest.mark.parametrize("few", [256, 40, 3], ids=["all levels", "dark", "many ties"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_counting(student, rng, shape, few):
    x = rng.integers(0, few, shape).astype(np.uint8)
    levels(student.equalize(x), equalize_loop(x), "equalised")


def test_bright_images(student, rng):
    """The darkest level is not 0, the brightest is 255."""
    x = rng.integers(200, 256, (2, 6, 7, 1)).astype(np.uint8)
    x[:, 0, 0] = 255
    levels(student.equalize(x), equalize_loop(x), "a bright image")


def test_the_darkest_becomes_black_the_brightest_white(student, rng):
    x = rng.integers(90, 110, (2, 8, 9, 2)).astype(np.uint8)
    x[:, 0, 0], x[:, 0, 1] = 90, 109
    out = np.asarray(student.equalize(x))
    lows, highs = out.min(axis=(1, 2)), out.max(axis=(1, 2))
    assert (lows == 0).all(), f"the darkest level must become 0, not {lows.max()}"
    assert (highs == 255).all(), f"the brightest must become 255, not {highs.min()}"


def test_each_image_and_channel_by_itself(student, rng):
    x = rng.integers(0, 60, (3, 5, 6, 2)).astype(np.uint8)
    x[1] += 90
    x[..., 1] += 100
    whole = np.asarray(student.equalize(x))
    one = student.equalize(x[1:2, :, :, 1:])
    assert_close(one, whole[1:2, :, :, 1:], what="one channel of one image alone")
    levels(whole, equalize_loop(x), "three images with two channels")


def test_twice_is_once(student, rng):
    """Ranks do not change when levels are replaced by ranks: but for rounding."""
    x = rng.integers(0, 40, (1, 9, 11, 1)).astype(np.uint8)
    once = np.asarray(student.equalize(x))
    assert_close(student.equalize(once), once, what="an equalised image, equalised")


def test_flat_channels_stay(student, rng):
    x = rng.integers(0, 50, (2, 4, 5, 2)).astype(np.uint8)
    x[0, :, :, 1] = 77
    x[1, :, :, 0] = 0
    out = np.asarray(student.equalize(x))
    levels(out, equalize_loop(x), "an image with a flat channel")
    assert (out[0, :, :, 1] == 77).all(), "a flat channel must stay as it is"


def test_more_than_255_pixels_of_a_level(student):
    """Counts do not fit into uint8."""
    x = np.zeros((1, 30, 40, 1), np.uint8)
    x[0, :20, :30] = 5
    x[0, 25:, :] = 9
    levels(student.equalize(x), equalize_of_levels(x), "an image of 1200 pixels")


def equalize_of_levels(x):
    """As counting pixels, for large images: with a dict of levels."""
    counts = {int(level): int((x == level).sum()) for level in np.unique(x)}
    darkest = counts[min(counts)]
    table = {
        level: 255
        * (sum(n for other, n in counts.items() if other <= level) - darkest)
        / (x.size - darkest)
        for level in counts
    }
    return np.vectorize(table.get, otypes=[float])(x)


def test_memory_layout_does_not_matter(student, rng):
    x = rng.integers(0, 90, (2, 6, 8, 2)).astype(np.uint8)
    for view in (np.asfortranarray(x), x[:, ::-1, ::2]):
        levels(student.equalize(view), equalize_loop(view), "x in another layout")


def test_images_are_unmodified(student, rng):
    x = rng.integers(0, 90, (2, 4, 5, 2)).astype(np.uint8)
    _, after = student.with_inputs("equalize", x)
    assert np.array_equal(x, after[0]), "equalize changed its argument x"
