"""convolve2d is the true convolution, cut to the asked size."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single, normal
from solutions.oracles.filters import convolve2d_scatter

MODES = ("valid", "same", "full")
CASES = {  # image, kernel
    "one window": ((3, 3), (3, 3)),
    "H != W": ((6, 4), (3, 3)),
    "kh != kw": ((5, 6), (1, 3)),
    "tall kernel": ((6, 5), (5, 1)),
    "5x5 kernel": ((7, 6), (5, 5)),
    "even kernel": ((5, 6), (2, 2)),
    "even rows, odd columns": ((6, 5), (4, 3)),
    "one number": ((3, 4), (1, 1)),
}
F = np.array(
    [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
)
G = np.array([[2, 1, 0], [0, 2, 2], [2, 1, 0]])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_the_definition(student, rng, case, mode):
    x, k = (normal(rng, shape) for shape in case)
    out = student.convolve2d(x, k, mode=mode)
    assert_close_in_single(out, convolve2d_scatter(x, k, mode), what=f"x * k, {mode}")


def test_valid_example_of_a_lecture(student):
    expected = np.array([[12.0, 12, 17], [10, 17, 19], [9, 6, 14]])
    assert_close_in_single(
        student.convolve2d(F, G, mode="valid"), expected, what="f * g, valid"
    )


def test_same_example_of_a_lecture_corrected(student):
    expected = np.array(
        [
            [6.0, 14, 17, 11, 3],
            [14, 12, 12, 17, 11],
            [8, 10, 17, 19, 13],
            [11, 9, 6, 14, 12],
            [6, 4, 4, 6, 4],
        ]
    )
    assert_close_in_single(
        student.convolve2d(F, G, mode="same"), expected, what="f * g, same"
    )


def test_order_does_not_matter_in_full(student, rng):
    x, k = normal(rng, (5, 4)), normal(rng, (2, 3))
    out = np.asarray(student.convolve2d(x, k, mode="full"))
    swapped = student.convolve2d(k, x, mode="full")
    assert_close_in_single(swapped, out, what="k * x against x * k, full")


def test_a_single_one_copies_the_kernel(student, rng):
    x, k = np.zeros((5, 6)), normal(rng, (3, 3))
    x[2, 3] = 1
    expected = np.zeros((5, 6))
    expected[1:4, 2:5] = k
    out = student.convolve2d(x, k, mode="same")
    assert_close_in_single(out, expected, what="x * k, same, for a single 1 in x")


@pytest.mark.parametrize("mode", MODES)
def test_bytes_do_not_wrap_around(student, rng, mode):
    x = rng.integers(0, 256, size=(5, 6)).astype(np.uint8)
    k = np.array([[1, 0, -1], [2, 0, -2]])
    expected = convolve2d_scatter(x, k, mode)
    assert_close_in_single(
        student.convolve2d(x, k, mode=mode), expected, what=f"uint8 image, {mode}"
    )


def test_whole_numbers_with_a_fractional_kernel(student):
    x, k = np.arange(12).reshape(3, 4), np.array([[0.5, 0.125]])
    expected = convolve2d_scatter(x, k, "valid")
    out = student.convolve2d(x, k, mode="valid")
    assert_close_in_single(out, expected, what="int image, fractional kernel")


def test_float32(student, rng):
    x, k = normal(rng, (6, 5), np.float32), normal(rng, (3, 2), np.float32)
    expected = convolve2d_scatter(x, k, "same").astype(np.float32)
    out = student.convolve2d(x, k, mode="same")
    assert_close_in_single(out, expected, what="x * k for float32 arrays")


def test_memory_layout_does_not_matter(student, rng):
    x, k = np.asfortranarray(normal(rng, (6, 5))), normal(rng, (6, 3))[::2, ::-1]
    expected = convolve2d_scatter(x, k, "full")
    out = student.convolve2d(x, k, mode="full")
    assert_close_in_single(out, expected, what="x * k for views")


@pytest.mark.parametrize("mode", MODES)
def test_inputs_are_unmodified(student, rng, mode):
    x, k = normal(rng, (4, 5)), normal(rng, (3, 2))
    _, after = student.with_inputs("convolve2d", x, k, mode=mode)
    for name, old, new in zip("xk", (x, k), after, strict=False):
        assert np.array_equal(old, new), f"convolve2d changed its argument {name}"
