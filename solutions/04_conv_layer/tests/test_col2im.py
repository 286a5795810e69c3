"""col2im is the adjoint of im2col: every number is added where it came from."""

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
    "stride 3, pixels that no window sees": ((1, 8, 9, 1), (2, 2), 3, 0),
    "windows side by side": ((2, 4, 6, 2), (2, 3), 2, 0),
}


def sent_home(cols, x_shape, kernel_size, stride, pad):
    """Adds each number to its pixel; an index image tells which pixel that is."""
    numbers = 1 + np.arange(np.prod(x_shape)).reshape(x_shape)
    owners = im2col_loop(numbers, kernel_size, stride=stride, pad=pad)
    sums = np.bincount(owners.ravel(), weights=cols.ravel(), minlength=numbers.size + 1)
    return sums[1:].reshape(x_shape)  # owner 0 is the padding


def draw(rng, x_shape, kernel_size, stride, pad):
    return normal(
        rng, im2col_loop(np.zeros(x_shape), kernel_size, stride=stride, pad=pad).shape
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_number_comes_home(student, rng, case):
    x_shape, kernel_size, stride, pad = case
    cols = draw(rng, *case)
    x = student.col2im(cols, x_shape, kernel_size, stride=stride, pad=pad)
    assert_close(x, sent_home(cols, *case), what="images")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_the_adjoint_of_im2col(student, rng, case):
    """<im2col(x), cols> = <x, col2im(cols)>."""
    x_shape, kernel_size, stride, pad = case
    cols, x = draw(rng, *case), normal(rng, x_shape)
    back = student.col2im(cols, x_shape, kernel_size, stride=stride, pad=pad)
    products = im2col_loop(x, kernel_size, stride=stride, pad=pad) * cols
    rtol = 1e-5
    assert_close(
        np.sum(np.asarray(back) * x),
        products.sum(),
        atol=rtol * np.abs(products).sum(),
        what="<x, col2im(cols)>, against <im2col(x), cols>",
    )


def test_counts_windows(student):
    """Of ones, each pixel gets the number of windows that see it."""
    x = student.col2im(np.ones((6, 4)), (1, 3, 4, 1), (2, 2), stride=1, pad=0)
    expected = np.array([[1.0, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]])
    assert_close(x, expected[None, :, :, None], what="col2im of ones")


def test_float32(student, rng):
    case = ((2, 5, 4, 3), (3, 2), 2, 1)
    cols = draw(rng, *case).astype(np.float32)
    x = student.col2im(cols, *case[:2], stride=2, pad=1)
    assert_close(x, sent_home(cols, *case).astype(np.float32), what="images")


@pytest.mark.parametrize("layout", ["Fortran order", "every second row"])
def test_memory_layout_does_not_matter(student, rng, layout):
    case = ((2, 5, 4, 3), (3, 2), 1, 0)
    cols = draw(rng, *case)
    if layout == "Fortran order":
        cols = np.asfortranarray(cols)
    else:
        cols = np.repeat(cols, 2, axis=0)[::2]
    x = student.col2im(cols, *case[:2], stride=1, pad=0)
    assert_close(x, sent_home(cols, *case), what=f"images ({layout})")


def test_input_is_unmodified(student, rng):
    case = ((2, 4, 5, 2), (3, 3), 1, 1)
    cols = draw(rng, *case)
    _, after = student.with_inputs("col2im", cols, *case[:2], stride=1, pad=1)
    assert np.array_equal(cols, after[0]), "col2im changed its argument cols"
