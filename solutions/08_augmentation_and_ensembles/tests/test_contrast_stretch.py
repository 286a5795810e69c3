"""contrast_stretch maps two percentiles of each image to black and white."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.augmentation import stretch_loop

CASES = {  # shape, low, high
    "the whole range": ((2, 4, 5, 1), 0, 100),
    "two per cent": ((3, 7, 6, 1), 2, 98),
    "colours": ((2, 5, 4, 3), 5, 95),
    "not symmetric": ((2, 6, 5, 2), 10, 70),
    "the darker half": ((1, 5, 7, 1), 0, 50),
    "two pixels": ((1, 1, 2, 1), 20, 90),
}


def levels(out, expected, what):
    """Fails unless `out` is uint8 and nowhere off by more than rounding."""
    out = np.asarray(out)
    assert out.dtype == np.uint8, f"{what} must be uint8, not {out.dtype.name}"
    assert_close(out, expected, atol=0.51, rtol=0, what=what)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_floats_go_to_0_and_1(student, rng, case):
    shape, low, high = case
    x = rng.uniform(0.3, 0.6, shape)
    out = student.contrast_stretch(x, low=low, high=high)
    assert_close(out, stretch_loop(x, low, high, 1.0), atol=1e-5, what="stretched")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_uint8_goes_to_0_and_255(student, rng, case):
    shape, low, high = case
    size = int(np.prod(shape))
    # All levels differ within an image: the two percentiles do too.
    x = (40 + rng.permutation(size).reshape(shape) % 180).astype(np.uint8)
    out = student.contrast_stretch(x, low=low, high=high)
    levels(out, stretch_loop(x, low, high, 255.0), "stretched")


def test_the_defaults_are_2_and_98(student, rng):
    x = rng.uniform(0, 0.5, (2, 9, 8, 1))
    out = student.contrast_stretch(x)
    assert_close(out, stretch_loop(x, 2, 98, 1.0), atol=1e-5, what="with the defaults")


def test_order_of_the_arguments(student, rng):
    x = rng.uniform(0, 0.5, (1, 6, 5, 2))
    out = student.contrast_stretch(x, 20, 60)
    expected = stretch_loop(x, 20, 60, 1.0)
    assert_close(out, expected, atol=1e-5, what="contrast_stretch(x, low, high)")


def test_each_image_by_itself(student, rng):
    """A dark image among bright ones is stretched as if it were alone."""
    x = np.concatenate([rng.uniform(0, 0.1, (1, 5, 6, 1)), rng.random((2, 5, 6, 1))])
    out = student.contrast_stretch(x, low=0, high=100)
    expected = stretch_loop(x, 0, 100, 1.0)
    assert_close(out, expected, atol=1e-5, what="three images")


def test_channels_together(student, rng):
    """One scale for all colours: else a red image would turn grey."""
    x = rng.random((1, 5, 4, 3)) * np.array([1.0, 0.3, 0.1])
    out = student.contrast_stretch(x, low=0, high=100)
    expected = stretch_loop(x, 0, 100, 1.0)
    assert_close(out, expected, atol=1e-5, what="a red image")


def test_flat_images_stay(student):
    for value in (np.full((2, 3, 4, 1), 0.25), np.full((1, 4, 3, 2), 7, np.uint8)):
        out = student.contrast_stretch(value)
        assert_close(out, value, what="a flat image")


def test_an_image_whose_percentiles_coincide_stays(student, rng):
    """One bright spot on black: the 2nd and the 50th percentile are 0."""
    x = np.zeros((2, 6, 5, 1))
    x[0, 2, 3, 0] = 0.75
    x[1] = rng.random((6, 5, 1))
    out = student.contrast_stretch(x, low=2, high=50)
    expected = stretch_loop(x, 2, 50, 1.0)
    assert_close(expected[0], x[0])
    assert_close(out, expected, atol=1e-5, what="an image with equal percentiles")


def test_already_stretched(student, rng):
    x = rng.permutation(np.linspace(0, 1, 20)).reshape(1, 4, 5, 1)
    out = student.contrast_stretch(x, low=0, high=100)
    assert_close(out, x, atol=1e-6, what="an image from 0 to 1, stretched 0 to 100")


def test_any_range_of_floats(student, rng):
    x = 50 * normal(rng, (2, 4, 6, 1)) - 20
    out = student.contrast_stretch(x, low=10, high=90)
    assert_close(out, stretch_loop(x, 10, 90, 1.0), atol=1e-5, what="any floats")


def test_float32(student, rng):
    x = rng.uniform(0.2, 0.7, (2, 5, 4, 3)).astype(np.float32)
    out = student.contrast_stretch(x)
    assert np.asarray(out).dtype.kind == "f", "floats must stay floats"
    assert_close(out, stretch_loop(x, 2, 98, 1.0), atol=1e-4, what="float32")


def test_memory_layout_does_not_matter(student, rng):
    x = rng.random((2, 6, 8, 2))
    for view in (np.asfortranarray(x), x[:, ::-1, ::2]):
        out = student.contrast_stretch(view)
        expected = stretch_loop(view, 2, 98, 1.0)
        assert_close(out, expected, atol=1e-5, what="x in another memory layout")


def test_images_are_unmodified(student, rng):
    for x in (rng.random((2, 4, 5, 1)), np.full((1, 3, 3, 1), 0.5)):
        _, after = student.with_inputs("contrast_stretch", x)
        assert np.array_equal(x, after[0]), "contrast_stretch changed its argument x"
