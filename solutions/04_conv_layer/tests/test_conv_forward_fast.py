"""conv_forward_fast is the naive layer, as one matrix product."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.expect import several
from solutions.oracles import conv2d_loop

CASES = {  # x NHWC, kernel HWIO, stride, pad
    "one window": ((1, 3, 3, 1), (3, 3, 1, 1), 1, 0),
    "several images, channels, filters": ((2, 5, 5, 3), (3, 3, 3, 4), 1, 0),
    "H != W and kh != kw": ((2, 6, 4, 2), (2, 3, 2, 3), 1, 0),
    "padded": ((2, 4, 5, 2), (3, 3, 2, 3), 1, 1),
    "pad 2, tall kernel": ((1, 4, 6, 2), (5, 2, 2, 3), 1, 2),
    "stride 2, odd remainder": ((2, 7, 6, 3), (3, 2, 3, 2), 2, 1),
    "stride 3, remainder dropped": ((1, 8, 9, 1), (3, 2, 1, 2), 3, 0),
    "stride larger than the kernel": ((2, 7, 8, 2), (2, 1, 2, 3), 3, 1),
    "1x1 kernel mixes channels": ((2, 4, 3, 5), (1, 1, 5, 2), 1, 0),
}


def forward(student, x, w, b, stride, pad):
    value = student.conv_forward_fast(x, w, b, stride=stride, pad=pad)
    out, _ = several(value, ("out", "cache"), "conv_forward_fast")
    return out


def draw(rng, x_shape, w_shape):
    return normal(rng, x_shape), normal(rng, w_shape), normal(rng, w_shape[-1:])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x_shape, w_shape, stride, pad = case
    x, w, b = draw(rng, x_shape, w_shape)
    out = forward(student, x, w, b, stride, pad)
    assert_close(out, conv2d_loop(x, w, b, stride=stride, pad=pad), what="out")


def test_float32(student, rng):
    x, w, b = (a.astype(np.float32) for a in draw(rng, (2, 5, 4, 3), (3, 2, 3, 2)))
    out = forward(student, x, w, b, stride=2, pad=1)
    expected = conv2d_loop(x, w, b, stride=2, pad=1).astype(np.float32)
    assert_close(out, expected, what="out for float32 arrays")


@pytest.mark.parametrize("layout", ["Fortran order", "every second pixel", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x, w, b = draw(rng, (2, 10, 8, 3), (3, 2, 3, 4))
    if layout == "Fortran order":
        x, w = np.asfortranarray(x), np.asfortranarray(w)
    elif layout == "every second pixel":
        x = x[:, ::2, ::2]
    else:
        x, w = x[:, :, ::-1], w[::-1]
    out = forward(student, x, w, b, stride=1, pad=1)
    assert_close(out, conv2d_loop(x, w, b, pad=1), what=f"out ({layout})")


@pytest.mark.parametrize("pad", [0, 1])
def test_inputs_are_unmodified(student, rng, pad):
    x, w, b = draw(rng, (2, 4, 5, 2), (3, 3, 2, 3))
    _, after = student.with_inputs("conv_forward_fast", x, w, b, stride=1, pad=pad)
    for name, old, new in zip("xwb", (x, w, b), after, strict=True):
        assert np.array_equal(old, new), (
            f"conv_forward_fast changed its argument {name}"
        )


def test_is_linear_in_the_image(student, rng):
    x, w, _ = draw(rng, (2, 5, 6, 2), (3, 2, 2, 3))
    y, b = normal(rng, x.shape), np.zeros(3)
    both = forward(student, 2 * x - 3 * y, w, b, stride=2, pad=1)
    apart = 2 * forward(student, x, w, b, 2, 1) - 3 * forward(student, y, w, b, 2, 1)
    assert_close(both, apart, what="out for 2x - 3y, against 2 out(x) - 3 out(y)")


def test_a_shifted_image_gives_a_shifted_map(student, rng):
    _, w, b = draw(rng, (1,), (3, 2, 2, 3))
    x = np.zeros((1, 10, 9, 2))
    x[:, 2:5, 2:5] = normal(rng, (1, 3, 3, 2))
    moved = np.roll(x, (2, 4), axis=(1, 2))
    out, shifted = (forward(student, image, w, b, 2, 1) for image in (x, moved))
    assert_close(
        shifted[:, 1:, 2:],
        out[:, :-1, :-2],
        what="out at stride 2 of the image shifted by (2, 4), shifted back by (1, 2)",
    )


def test_true_convolution_would_flip(student):
    image = np.array(
        [
            [2.0, 4, 9, 1, 4],
            [2, 1, 4, 4, 6],
            [1, 1, 2, 9, 2],
            [7, 3, 5, 1, 3],
            [2, 3, 4, 8, 5],
        ]
    )
    kernel = np.array([[1.0, 2, 3], [-4, 7, 4], [2, -5, 1]])
    out = forward(
        student, image[None, :, :, None], kernel[:, :, None, None], np.zeros(1), 1, 0
    )
    expected = np.array([[51.0, 66, 20], [31, 49, 101], [15, 53, -2]])
    assert_close(out, expected[None, :, :, None], what="out")


def test_real_digit(student, rng):
    image = digits_arrays("train[7:8]")[0][:, 4:24, 6:22] / 255.0
    w, b = normal(rng, (5, 3, 1, 2)), normal(rng, (2,))
    out = forward(student, image, w, b, stride=3, pad=2)
    assert_close(out, conv2d_loop(image, w, b, stride=3, pad=2), what="out of a digit")
