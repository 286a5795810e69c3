"""rotate agrees with bilinear interpolation, pixel by pixel."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.augmentation import rotate_loop

SHAPES = {
    "square": (2, 5, 5, 1),
    "even": (1, 4, 4, 2),
    "wide": (2, 4, 7, 3),
    "tall": (1, 8, 3, 1),
    "one row": (1, 1, 6, 1),
    "one column": (2, 5, 1, 2),
}


def levels(out, expected, what):
    """Fails unless `out` is uint8 and nowhere off by more than rounding."""
    out = np.asarray(out)
    assert out.dtype == np.uint8, f"{what} must be uint8, not {out.dtype.name}"
    # Half a level, and what single precision adds to it.
    assert_close(out, expected, atol=0.51, rtol=0, what=what)


@pytest.mark.parametrize("degrees", [10, -37.5, 90, 135, 200, 361])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_loop(student, rng, shape, degrees):
    x = rng.random(shape)
    out = student.rotate(x, degrees)
    # Coordinates in single precision are off by 1e-6 or so.
    assert_close(out, rotate_loop(x, degrees), atol=1e-4, what=f"turned by {degrees}°")


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_quarter_turns_move_pixels(student, rng, turns):
    x = rng.random((2, 5, 5, 3))
    out = student.rotate(x, 90 * turns)
    expected = np.rot90(x, turns, axes=(1, 2))
    assert_close(out, expected, atol=1e-4, what=f"turned by {90 * turns}°")


def test_half_a_turn_of_a_wide_image(student, rng):
    x = rng.random((2, 3, 6, 2))
    out = student.rotate(x, 180)
    assert_close(out, x[:, ::-1, ::-1], atol=1e-4, what="turned by 180°")


def test_no_turn_and_a_full_one(student, rng):
    x = rng.random((1, 4, 7, 2))
    for degrees in (0, 360, -720):
        out = student.rotate(x, degrees)
        assert_close(out, x, atol=1e-4, what=f"turned by {degrees}°")


def test_a_larger_image(student, rng):
    """Many corners of the turned image lie outside, on all sides."""
    x = 1 + rng.random((1, 12, 17, 1))
    out = student.rotate(x, 40)
    assert_close(out, rotate_loop(x, 40), atol=1e-3, what="turned by 40°")


def test_images_do_not_mix(student, rng):
    x = rng.random((3, 4, 6, 2))
    whole = np.asarray(student.rotate(x, 25))
    one = student.rotate(x[1:2], 25)
    assert_close(one, whole[1:2], atol=1e-5, what="one image alone")


@pytest.mark.parametrize("degrees", [0, 33, 90, -140])
def test_uint8_is_rounded(student, rng, degrees):
    x = rng.integers(0, 256, (2, 6, 9, 3)).astype(np.uint8)
    levels(student.rotate(x, degrees), rotate_loop(x, degrees), f"turned by {degrees}°")


def test_white_stays_white(student):
    """Levels near 255 must not run over: 255 + 1 is 0 in uint8."""
    x = np.full((1, 9, 9, 1), 255, np.uint8)
    levels(student.rotate(x, 45), rotate_loop(x, 45), "a white image turned by 45°")


def test_float32(student, rng):
    x = rng.random((2, 5, 6, 1)).astype(np.float32)
    out = student.rotate(x, 70)
    assert np.asarray(out).dtype.kind == "f", "floats must stay floats"
    assert_close(out, rotate_loop(x, 70), atol=1e-4, what="float32 turned by 70°")


def test_negative_floats_and_large_ones(student, rng):
    """Nothing is cut off: floats are not limited to 0 to 1."""
    x = 10 * normal(rng, (1, 5, 4, 2))
    out = student.rotate(x, 15)
    assert_close(out, rotate_loop(x, 15), atol=1e-3, what="turned by 15°")


def test_memory_layout_does_not_matter(student, rng):
    x = rng.random((2, 6, 8, 2))
    for view in (np.asfortranarray(x), x[:, ::-1, ::2]):
        out = student.rotate(view, 65)
        assert_close(out, rotate_loop(view, 65), atol=1e-4, what="x in another layout")


def test_image_is_unmodified(student, rng):
    x = rng.random((2, 5, 6, 1))
    _, after = student.with_inputs("rotate", x, 30)
    assert np.array_equal(x, after[0]), "rotate changed its argument x"
