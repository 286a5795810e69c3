"""maxpool_forward takes the largest true pixel of every window."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.pooling import maxpool_loop
from solutions.oracles.pooling_cases import CASES, LAYOUTS, laid_out

FIRST = np.array([[2.0, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]])
SECOND = np.array([[-1.0, 4, 1, 2], [0, 1, 3, -2], [1, 5, -2, 6], [3, -1, -2, -2]])
LECTURES = {  # image, window, stride, answer
    "image 1, 2x2 / 2": (FIRST, 2, 2, [[9.0, 7], [8, 6]]),
    "image 2, 2x2 / 2": (SECOND, 2, 2, [[4.0, 3], [5, 6]]),
    "image 2, 2x2 / 1": (SECOND, 2, 1, [[4.0, 4, 3], [5, 5, 6], [5, 5, 6]]),
    "image 2, 3x3 / 1": (SECOND, 3, 1, [[5.0, 6], [5, 6]]),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    shape, pool_size, stride, padding = case
    x = normal(rng, shape)
    out = student.maxpool_forward(x, pool_size, stride=stride, padding=padding)
    expected = maxpool_loop(x, pool_size, stride=stride, padding=padding)
    assert_close(out, expected, what="out")


@pytest.mark.parametrize("case", LECTURES.values(), ids=LECTURES)
def test_examples_of_the_lectures(student, case):
    image, size, stride, expected = case
    out = student.maxpool_forward(
        image[None, :, :, None], (size, size), stride=stride, padding="valid"
    )
    assert_close(out, np.array(expected)[None, :, :, None], what="out")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_padding_never_wins(student, rng, case):
    shape, pool_size, stride, padding = case
    x = -1 - np.abs(normal(rng, shape))
    out = student.maxpool_forward(x, pool_size, stride=stride, padding=padding)
    expected = maxpool_loop(x, pool_size, stride=stride, padding=padding)
    assert_close(out, expected, what="out where every pixel is negative")


@pytest.mark.parametrize("lowest", [-1e9, -1e30])
def test_very_negative_pixels(student, rng, lowest):
    x = lowest * (1 + rng.random((1, 5, 6, 2)))
    out = student.maxpool_forward(x, (3, 2), stride=2, padding="same")
    expected = maxpool_loop(x, (3, 2), stride=2, padding="same")
    assert_close(out, expected, what=f"out of pixels below {lowest:g}")


def test_same_and_valid_differ_where_a_pixel_is_left_over(student, rng):
    x = normal(rng, (1, 7, 7, 3))
    for padding, size in (("same", 4), ("valid", 3)):
        out = np.asarray(student.maxpool_forward(x, (2, 2), stride=2, padding=padding))
        assert out.shape == (1, size, size, 3), (
            f'7x7 with 2x2 windows, stride 2 and "{padding}" is pooled to '
            f"{size}x{size}; out has shape {out.shape}"
        )


def test_float32(student, rng):
    x = normal(rng, (2, 7, 6, 3), np.float32)
    out = student.maxpool_forward(x, (3, 2), stride=2, padding="same")
    expected = maxpool_loop(x, (3, 2), stride=2, padding="same")
    expected = expected.astype(np.float32)
    assert_close(out, expected, what="out for a float32 image")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(student, rng, layout):
    x = laid_out(normal(rng, (2, 10, 8, 3)), layout)
    out = student.maxpool_forward(x, (2, 3), stride=2, padding="same")
    expected = maxpool_loop(x, (2, 3), stride=2, padding="same")
    assert_close(out, expected, what=f"out ({layout})")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_input_is_unmodified(student, rng, padding):
    x = normal(rng, (2, 5, 4, 2))
    _, after = student.with_inputs("maxpool_forward", x, (2, 3), 2, padding)
    assert np.array_equal(x, after[0]), "maxpool_forward changed its argument x"


def test_ignores_every_pixel_but_the_largest(student, rng):
    """One bright pixel in each 2x2 block; whatever the others are."""
    x = normal(rng, (2, 6, 4, 3))
    bright = 10 + rng.random((2, 3, 2, 3))
    x[:, 1::2, ::2] = bright
    out = student.maxpool_forward(x, (2, 2), stride=2, padding="valid")
    assert_close(out, bright, what="out, one bright pixel in each window")


def test_channels_are_pooled_by_themselves(student, rng):
    x = normal(rng, (1, 5, 6, 4))
    out = np.asarray(student.maxpool_forward(x, (3, 2), stride=2, padding="same"))
    one = student.maxpool_forward(x[..., 2:3], (3, 2), stride=2, padding="same")
    assert_close(out[..., 2:3], one, what="channel 2 of out, against channel 2 alone")


def test_real_digit(student):
    image = digits_arrays("train[7:8]")[0][:, :, 3:24] / 255.0
    out = student.maxpool_forward(image, (3, 3), stride=2, padding="same")
    expected = maxpool_loop(image, (3, 3), stride=2, padding="same")
    assert_close(out, expected, what="out of a digit")
