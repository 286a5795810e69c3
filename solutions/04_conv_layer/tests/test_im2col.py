"""im2col copies every window into its row, in the stated order."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles import im2col_loop

CASES = {  # x NHWC, kernel_size, stride, pad
    "one window": ((1, 3, 2, 1), (3, 2), 1, 0),
    "several images and channels": ((3, 4, 5, 2), (2, 2), 1, 0),
    "H != W and kh != kw": ((2, 6, 4, 3), (2, 3), 1, 0),
    "padded": ((2, 4, 5, 2), (3, 3), 1, 1),
    "pad 2, tall kernel": ((1, 4, 6, 2), (5, 2), 1, 2),
    "stride 2, odd remainder": ((2, 7, 6, 3), (3, 2), 2, 1),
    "stride 3, remainder dropped": ((1, 8, 9, 1), (3, 2), 3, 0),
    "1x1 kernel, stride 2": ((2, 5, 4, 3), (1, 1), 2, 0),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x_shape, kernel_size, stride, pad = case
    x = normal(rng, x_shape)
    cols = student.im2col(x, kernel_size, stride=stride, pad=pad)
    assert_close(cols, im2col_loop(x, kernel_size, stride=stride, pad=pad), what="cols")


def test_order_of_rows_and_columns(student):
    """Pixels are numbered, so the message shows which one went where."""
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    cols = student.im2col(x, (2, 1), stride=1, pad=0)
    # Image 0, windows at (0, 0), (0, 1), (1, 0), (1, 1); then image 1. Each row: upper
    # pixel's two channels, lower pixel's two channels.
    expected = np.array(
        [[0, 1, 4, 5], [2, 3, 6, 7], [4, 5, 8, 9], [6, 7, 10, 11]], dtype=float
    )
    assert_close(cols, np.concatenate([expected, expected + 12]), what="cols")


def test_padding_is_zeros_on_all_four_sides(student):
    cols = student.im2col(np.ones((1, 2, 3, 1)), (3, 3), stride=1, pad=1)
    expected = im2col_loop(np.ones((1, 2, 3, 1)), (3, 3), pad=1)
    assert_close(cols, expected, what="cols of an image of ones, pad 1")


def test_float32(student, rng):
    x = normal(rng, (2, 5, 4, 3), np.float32)
    cols = student.im2col(x, (3, 2), stride=2, pad=1)
    assert_close(cols, im2col_loop(x, (3, 2), stride=2, pad=1), what="cols")


@pytest.mark.parametrize("layout", ["Fortran order", "every second pixel", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x = normal(rng, (2, 10, 8, 3))
    if layout == "Fortran order":
        x = np.asfortranarray(x)
    elif layout == "every second pixel":
        x = x[:, ::2, ::2]
    else:
        x = x[:, :, ::-1]
    cols = student.im2col(x, (3, 2), stride=1, pad=0)
    assert_close(cols, im2col_loop(x, (3, 2)), what=f"cols ({layout})")


@pytest.mark.parametrize("pad", [0, 1])
def test_input_is_unmodified(student, rng, pad):
    x = normal(rng, (2, 4, 5, 2))
    _, after = student.with_inputs("im2col", x, (3, 3), stride=1, pad=pad)
    assert np.array_equal(x, after[0]), "im2col changed its argument x"


def test_turns_convolution_into_a_matrix_product(student, rng):
    """Each column is one kernel place: selecting one shifts the image."""
    x = normal(rng, (1, 5, 4, 1))
    cols = np.asarray(student.im2col(x, (3, 3), stride=1, pad=1))
    assert_close(
        cols.reshape(-1, 9)[:, 4],
        x.ravel(),
        what="middle column of a 3x3 kernel with pad 1 (the image itself)",
    )
