"""conv1d is the full, true convolution of two sequences."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single, normal
from solutions.oracles.filters import convolve_scatter

SIZES = {
    "one by one": (1, 1),
    "a long f": (9, 3),
    "an even g": (7, 4),
    "g longer than f": (2, 6),
    "equal lengths": (5, 5),
    "g of one number": (6, 1),
}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_matches_the_definition(student, rng, sizes):
    f, g = (normal(rng, (n,)) for n in sizes)
    assert_close_in_single(student.conv1d(f, g), convolve_scatter(f, g), what="f * g")


def test_a_single_one_copies_the_kernel(student):
    f, g = np.array([0.0, 0, 1, 0]), np.array([1.0, 2, -1])
    expected = np.array([0.0, 0, 1, 2, -1, 0])
    assert_close_in_single(
        student.conv1d(f, g), expected, what="f * g for a single 1 in f"
    )


def test_order_does_not_matter(student, rng):
    f, g = normal(rng, (7,)), normal(rng, (3,))
    assert_close_in_single(
        student.conv1d(g, f),
        np.asarray(student.conv1d(f, g)),
        what="g * f against f * g",
    )


def test_is_associative(student, rng):
    f, g, h = normal(rng, (5,)), normal(rng, (3,)), normal(rng, (4,))
    left = student.conv1d(np.asarray(student.conv1d(f, g)), h)
    expected = convolve_scatter(convolve_scatter(f, g), h)
    assert_close_in_single(left, expected, what="(f * g) * h")


def test_float32(student, rng):
    f, g = normal(rng, (8,), np.float32), normal(rng, (3,), np.float32)
    expected = convolve_scatter(f, g).astype(np.float32)
    assert_close_in_single(
        student.conv1d(f, g), expected, what="f * g for float32 arrays"
    )


def test_whole_numbers_with_fractions(student):
    f, g = np.array([1, 2, 4]), np.array([0.5, 0.25])
    expected = np.array([0.5, 1.25, 2.5, 1.0])
    assert_close_in_single(student.conv1d(f, g), expected, what="int f with float g")
    assert_close_in_single(student.conv1d(g, f), expected, what="float f with int g")


def test_bytes_do_not_wrap_around(student):
    f, g = np.array([200, 100, 7], np.uint8), np.array([3, 255], np.uint8)
    expected = np.array([600.0, 51300, 25521, 1785])
    assert_close_in_single(
        student.conv1d(f, g), expected, what="f * g for uint8 arrays"
    )


def test_memory_layout_does_not_matter(student, rng):
    f, g = normal(rng, (12,))[::2], normal(rng, (4,))[::-1]
    assert_close_in_single(
        student.conv1d(f, g), convolve_scatter(f, g), what="f * g for views"
    )


def test_inputs_are_unmodified(student, rng):
    f, g = normal(rng, (6,)), normal(rng, (3,))
    _, after = student.with_inputs("conv1d", f, g)
    for name, old, new in zip("fg", (f, g), after, strict=True):
        assert np.array_equal(old, new), f"conv1d changed its argument {name}"
