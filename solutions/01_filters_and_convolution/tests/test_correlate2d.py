"""correlate2d agrees with a float64 loop on every stride and padding."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single, normal
from solutions.oracles import conv2d_loop

CASES = {  # image, kernel, stride, pad
    "one window": ((3, 2), (3, 2), 1, 0),
    "one pixel": ((1, 1), (1, 1), 1, 0),
    "H != W and kh != kw": ((6, 4), (2, 3), 1, 0),
    "a tall image": ((9, 3), (3, 3), 1, 0),
    "padded": ((4, 5), (3, 3), 1, 1),
    "pad 2, tall kernel": ((4, 6), (5, 2), 1, 2),
    "more padding than image": ((2, 1), (4, 3), 1, 3),
    "stride 2, odd remainder": ((7, 6), (3, 2), 2, 1),
    "stride 3, remainder dropped": ((8, 9), (3, 2), 3, 0),
    "stride larger than the kernel": ((7, 8), (2, 1), 3, 1),
    "1x1 kernel": ((4, 3), (1, 1), 1, 0),
}


def expected_map(x, k, stride=1, pad=0):
    out = conv2d_loop(
        np.asarray(x)[None, :, :, None],
        np.asarray(k)[:, :, None, None],
        stride=stride,
        pad=pad,
    )
    return out[0, :, :, 0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x_shape, k_shape, stride, pad = case
    x, k = normal(rng, x_shape), normal(rng, k_shape)
    out = student.correlate2d(x, k, stride=stride, pad=pad)
    assert_close_in_single(out, expected_map(x, k, stride, pad), what="feature map")


def test_stride_one_and_no_padding_unless_told_otherwise(student, rng):
    x, k = normal(rng, (5, 4)), normal(rng, (2, 3))
    assert_close_in_single(
        student.correlate2d(x, k), expected_map(x, k), what="feature map"
    )


def test_the_kernel_is_not_turned(student):
    x = np.array([[2, 4, 9, 1, 4], [2, 1, 4, 4, 6], [1, 1, 2, 9, 2]], float)
    x = np.vstack([x, [[7, 3, 5, 1, 3], [2, 3, 4, 8, 5]]])
    k = np.array([[1.0, 2, 3], [-4, 7, 4], [2, -5, 1]])
    expected = np.array([[51.0, 66, 20], [31, 49, 101], [15, 53, -2]])
    assert_close_in_single(
        student.correlate2d(x, k, stride=1, pad=0), expected, what="feature map"
    )


def test_padding_is_zeros(student):
    out = student.correlate2d(np.ones((2, 3)), np.ones((3, 3)), stride=1, pad=1)
    expected = np.array([[4.0, 6, 4], [4, 6, 4]])
    assert_close_in_single(
        out, expected, what="sums over 3x3 pixels of an image of ones, pad 1"
    )


def test_a_byte_image_does_not_wrap_around(student, rng):
    x = rng.integers(0, 256, size=(6, 7)).astype(np.uint8)
    k = np.array([[1, 0, -1]] * 3)
    out = student.correlate2d(x, k, stride=1, pad=0)
    expected = expected_map(x.astype(float), k)
    assert_close_in_single(out, expected, what="left minus right of a uint8 image")


def test_bytes_with_a_byte_kernel(student):
    x, k = np.full((2, 2), 200, np.uint8), np.full((2, 1), 2, np.uint8)
    out = student.correlate2d(x, k, stride=1, pad=0)
    assert_close_in_single(
        out, np.array([[800.0, 800]]), what="uint8 image, uint8 kernel"
    )


def test_whole_numbers_with_a_fractional_kernel(student):
    x, k = np.arange(12).reshape(3, 4), np.full((2, 2), 0.125)
    expected = np.array([[1.25, 1.75, 2.25], [3.25, 3.75, 4.25]])
    out = student.correlate2d(x, k, stride=1, pad=0)
    assert_close_in_single(out, expected, what="int image with a kernel of eighths")


def test_float32(student, rng):
    x, k = normal(rng, (6, 5), np.float32), normal(rng, (3, 2), np.float32)
    out = student.correlate2d(x, k, stride=2, pad=1)
    expected = expected_map(x, k, 2, 1).astype(np.float32)
    assert_close_in_single(out, expected, what="feature map for float32 arrays")


@pytest.mark.parametrize("layout", ["Fortran order", "every second pixel", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x, k = normal(rng, (10, 8)), normal(rng, (3, 2))
    if layout == "Fortran order":
        x, k = np.asfortranarray(x), np.asfortranarray(k)
    elif layout == "every second pixel":
        x = x[::2, ::2]
    else:
        x, k = x[:, ::-1], k[::-1]
    out = student.correlate2d(x, k, stride=1, pad=1)
    assert_close_in_single(
        out, expected_map(x, k, 1, 1), what=f"feature map ({layout})"
    )


@pytest.mark.parametrize("pad", [0, 1])
def test_inputs_are_unmodified(student, rng, pad):
    x, k = normal(rng, (4, 5)), normal(rng, (3, 2))
    _, after = student.with_inputs("correlate2d", x, k, stride=1, pad=pad)
    for name, old, new in zip("xk", (x, k), after, strict=True):
        assert np.array_equal(old, new), f"correlate2d changed its argument {name}"


def test_a_shifted_image_gives_a_shifted_map(student, rng):
    """Equivariance, at stride 2: the map moves by half as much."""
    k, x = normal(rng, (3, 2)), np.zeros((10, 9))
    x[2:5, 2:5] = normal(rng, (3, 3))
    moved = np.roll(x, (2, 4), axis=(0, 1))
    out, shifted = (
        np.asarray(student.correlate2d(image, k, stride=2, pad=1))
        for image in (x, moved)
    )
    assert_close_in_single(
        shifted[1:, 2:],
        out[:-1, :-2],
        what="map at stride 2 of the image shifted by (2, 4), shifted back by (1, 2)",
    )


def test_real_digit(student, rng):
    image = digits_arrays("train[7:8]")[0][0, 4:24, 6:22, 0]
    k = normal(rng, (5, 3))
    out = student.correlate2d(image, k, stride=3, pad=2)
    assert_close_in_single(
        out, expected_map(image / 1.0, k, 3, 2), what="map of a digit"
    )
