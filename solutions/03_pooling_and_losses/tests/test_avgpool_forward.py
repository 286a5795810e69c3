"""avgpool_forward takes the mean of every window's true pixels."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.pooling import avgpool_loop
from solutions.oracles.pooling_cases import CASES, LAYOUTS, laid_out, output_shape


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_two_matrices(student, rng, case):
    shape, pool_size, stride, padding = case
    x = normal(rng, shape)
    out = student.avgpool_forward(x, pool_size, stride=stride, padding=padding)
    expected = avgpool_loop(x, pool_size, stride=stride, padding=padding)
    assert_close(out, expected, what="out")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_ones_stay_ones(student, case):
    shape, *window = case
    out = student.avgpool_forward(
        np.ones(shape), window[0], stride=window[1], padding=window[2]
    )
    expected = np.ones(output_shape(shape, *window))
    assert_close(out, expected, what="out of an image of ones, to the last corner")


def test_example_of_a_lecture(student):
    image = np.array([[2.0, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]])
    out = student.avgpool_forward(
        image[None, :, :, None], (2, 2), stride=2, padding="valid"
    )
    expected = np.array([[17.0, 17], [17, 14]]) / 4
    assert_close(out, expected[None, :, :, None], what="out")


def test_whole_image_is_one_window(student, rng):
    x = normal(rng, (3, 7, 5, 4))
    out = student.avgpool_forward(x, (7, 5), stride=1, padding="valid")
    assert_close(
        out, x.mean(axis=(1, 2), keepdims=True), what="out of one window of all pixels"
    )


def test_float32(student, rng):
    x = normal(rng, (2, 7, 6, 3), np.float32)
    out = student.avgpool_forward(x, (3, 2), stride=2, padding="same")
    expected = avgpool_loop(x, (3, 2), stride=2, padding="same")
    expected = expected.astype(np.float32)
    assert_close(out, expected, what="out for a float32 image")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(student, rng, layout):
    x = laid_out(normal(rng, (2, 10, 8, 3)), layout)
    out = student.avgpool_forward(x, (2, 3), stride=2, padding="same")
    expected = avgpool_loop(x, (2, 3), stride=2, padding="same")
    assert_close(out, expected, what=f"out ({layout})")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_input_is_unmodified(student, rng, padding):
    x = normal(rng, (2, 5, 4, 2))
    _, after = student.with_inputs("avgpool_forward", x, (2, 3), 2, padding)
    assert np.array_equal(x, after[0]), "avgpool_forward changed its argument x"


def test_is_linear(student, rng):
    x, y = normal(rng, (2, 6, 5, 2)), normal(rng, (2, 6, 5, 2))
    outs = [
        np.asarray(student.avgpool_forward(v, (3, 2), stride=2, padding="same"))
        for v in (x, y, 2 * x - 3 * y)
    ]
    assert_close(outs[2], 2 * outs[0] - 3 * outs[1], what="out for 2x - 3y")


def test_real_digit(student):
    image = digits_arrays("train[7:8]")[0][:, :, 3:24] / 255.0
    out = student.avgpool_forward(image, (3, 3), stride=2, padding="same")
    expected = avgpool_loop(image, (3, 3), stride=2, padding="same")
    assert_close(out, expected, what="out of a digit")
