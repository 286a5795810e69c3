"""maxpool_backward gives each window's gradient to its first largest pixel."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient
from solutions.oracles.pooling import maxpool_gradient_loop, maxpool_loop
from solutions.oracles.pooling_cases import CASES, LAYOUTS, laid_out, output_shape


def dout_for(rng, shape, pool_size, stride, padding):
    return normal(rng, output_shape(shape, pool_size, stride, padding))


def check(student, x, dout, pool_size, stride, padding, what="dx"):
    dx = student.maxpool_backward(dout, x, pool_size, stride=stride, padding=padding)
    options = {"stride": stride, "padding": padding}
    expected = maxpool_gradient_loop(x, dout, pool_size, **options)
    assert_close(dx, expected.astype(x.dtype), what=what)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    shape, *window = case
    x, dout = normal(rng, shape), dout_for(rng, *case)
    check(student, x, dout, *window)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_of_equals_wins(student, rng, case):
    """Numbers 0, 1, 2 only: most windows have a tie."""
    shape, *window = case
    x = rng.integers(0, 3, shape).astype(float)
    check(student, x, dout_for(rng, *case), *window, "dx where pixels are equal")


@pytest.mark.parametrize("value", [0.0, -2.5])
def test_all_pixels_equal(student, value):
    x = np.full((1, 4, 6, 1), value)
    dout = np.arange(1.0, 7).reshape(1, 2, 3, 1)
    dx = student.maxpool_backward(dout, x, (2, 2), stride=2, padding="valid")
    expected = np.zeros((1, 4, 6, 1))
    expected[:, ::2, ::2] = dout
    assert_close(dx, expected, what="dx where all pixels are equal")


def test_padding_never_wins(student, rng):
    x = -1 - np.abs(normal(rng, (2, 7, 5, 2)))
    dout = dout_for(rng, x.shape, (3, 4), 2, "same")
    check(student, x, dout, (3, 4), 2, "same", "dx where every pixel is negative")


def test_very_negative_pixels(student, rng):
    x = -1e30 * (1 + rng.random((1, 5, 6, 2)))
    dout = dout_for(rng, x.shape, (3, 2), 2, "same")
    check(student, x, dout, (3, 2), 2, "same", "dx of pixels below -1e30")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_matches_central_differences(student, rng, padding):
    # Distinct numbers, far apart: no winner changes within the step.
    x = rng.permutation(84).reshape(2, 7, 6, 1) / 10
    dout = dout_for(rng, x.shape, (3, 2), 2, padding)
    dx = student.maxpool_backward(dout, x, (3, 2), stride=2, padding=padding)

    def out(v):
        return maxpool_loop(v, (3, 2), stride=2, padding=padding)

    # Differences with h = 1e-5 keep about ten digits; float32 answers fewer.
    atol = 1e-5
    assert_close(dx, numeric_gradient(out, x, dout), atol=atol, what="dx, numeric")


def test_a_pixel_that_wins_often_collects_from_every_window(student):
    x = np.zeros((1, 5, 5, 1))
    x[0, 2, 2, 0] = 1.0
    dout = 10.0 ** np.arange(9).reshape(1, 3, 3, 1)
    dx = student.maxpool_backward(dout, x, (3, 3), stride=1, padding="valid")
    expected = np.zeros((1, 5, 5, 1))
    expected[0, 2, 2, 0] = dout.sum()
    assert_close(dx, expected, what="dx, one bright pixel that all windows see")


def test_nothing_is_lost_and_nothing_made(student, rng):
    x, dout = normal(rng, (3, 7, 8, 2)), normal(rng, (3, 4, 4, 2))
    dx = np.asarray(student.maxpool_backward(dout, x, (3, 3), 2, "same"))
    assert_close(
        dx.sum(axis=(1, 2)),
        dout.sum(axis=(1, 2)),
        atol=1e-5,
        what="sum of dx over each image and channel, against that of dout",
    )


def test_is_linear_in_dout(student, rng):
    x = normal(rng, (2, 6, 5, 2))
    one, two = (dout_for(rng, x.shape, (2, 3), 2, "same") for _ in range(2))
    run = [
        np.asarray(student.maxpool_backward(d, x, (2, 3), stride=2, padding="same"))
        for d in (one, two, 2 * one - 3 * two)
    ]
    assert_close(run[2], 2 * run[0] - 3 * run[1], what="dx for dout = 2a - 3b")


def test_float32(student, rng):
    x = normal(rng, (2, 7, 6, 3), np.float32)
    dout = dout_for(rng, x.shape, (3, 2), 2, "same").astype(np.float32)
    check(student, x, dout, (3, 2), 2, "same", "dx for float32 arrays")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(student, rng, layout):
    x = laid_out(normal(rng, (2, 10, 8, 3)), layout)
    dout = dout_for(rng, x.shape, (2, 3), 2, "same")
    check(student, x, np.asfortranarray(dout), (2, 3), 2, "same", f"dx ({layout})")


def test_inputs_are_unmodified(student, rng):
    x = normal(rng, (2, 5, 4, 2))
    dout = dout_for(rng, x.shape, (2, 3), 2, "same")
    _, after = student.with_inputs("maxpool_backward", dout, x, (2, 3), 2, "same")
    for name, old, new in zip(("dout", "x"), (dout, x), after, strict=False):
        assert np.array_equal(old, new), f"maxpool_backward changed its argument {name}"


def test_real_digit(student, rng):
    """White paper is one great tie."""
    image = digits_arrays("train[7:8]")[0][:, :, 3:24] / 255.0
    dout = dout_for(rng, image.shape, (3, 3), 2, "same")
    check(student, image, dout, (3, 3), 2, "same", "dx of a digit")
