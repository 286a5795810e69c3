"""conv_backward_naive agrees with gradients found by two independent routes."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient
from solutions.expect import several
from solutions.oracles import conv2d_gradients_loop, conv2d_loop

CASES = {  # x NHWC, kernel HWIO, stride, pad
    "one window": ((1, 3, 3, 1), (3, 3, 1, 1), 1, 0),
    "several images, channels, filters": ((3, 5, 5, 2), (3, 3, 2, 4), 1, 0),
    "H != W and kh != kw": ((2, 6, 4, 2), (2, 3, 2, 3), 1, 0),
    "padded": ((2, 4, 5, 2), (3, 3, 2, 3), 1, 1),
    "pad 2, tall kernel": ((1, 4, 6, 2), (5, 2, 2, 3), 1, 2),
    "stride 2, odd remainder": ((2, 7, 6, 3), (3, 2, 3, 2), 2, 1),
    "stride 3, pixels that no window sees": ((1, 8, 9, 1), (2, 2, 1, 2), 3, 0),
    "1x1 kernel": ((2, 4, 3, 5), (1, 1, 5, 2), 1, 0),
}
NAMES = ("dx", "dw", "db")


def draw(rng, x_shape, w_shape, stride, pad):
    """x, w, b and a dout of the right shape."""
    x, w, b = normal(rng, x_shape), normal(rng, w_shape), normal(rng, w_shape[-1:])
    sizes = [
        (n + 2 * pad - k) // stride + 1
        for n, k in zip(x_shape[1:3], w_shape[:2], strict=True)
    ]
    return x, w, b, normal(rng, (x_shape[0], *sizes, w_shape[-1]))


def gradients(student, x, w, b, dout, stride, pad):
    value = student.conv_forward_naive(x, w, b, stride=stride, pad=pad)
    _, cache = several(value, ("out", "cache"), "conv_forward_naive")
    value = student.conv_backward_naive(dout, cache)
    return several(value, NAMES, "conv_backward_naive")


def assert_gradients(actual, expected):
    for name, ours, theirs in zip(NAMES, actual, expected, strict=True):
        assert_close(ours, theirs, what=name)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x_shape, w_shape, stride, pad = case
    x, w, b, dout = draw(rng, x_shape, w_shape, stride, pad)
    actual = gradients(student, x, w, b, dout, stride, pad)
    expected = conv2d_gradients_loop(x, w, dout, stride=stride, pad=pad)
    assert_gradients(actual, expected)


def test_matches_central_differences(student, rng):
    x, w, b, dout = draw(rng, (2, 4, 5, 2), (3, 2, 2, 2), stride=2, pad=1)
    actual = gradients(student, x, w, b, dout, 2, 1)

    def out(x=x, w=w, b=b):
        return conv2d_loop(x, w, b, stride=2, pad=1)

    expected = (
        numeric_gradient(lambda v: out(x=v), x, dout),
        numeric_gradient(lambda v: out(w=v), w, dout),
        numeric_gradient(lambda v: out(b=v), b, dout),
    )
    for name, ours, theirs in zip(NAMES, actual, expected, strict=True):
        # Differences with h = 1e-5 keep about ten digits; float32 answers fewer.
        rtol = 1e-3
        scale = np.abs(theirs).max()
        assert_close(
            ours, theirs, rtol=rtol, atol=rtol * scale, what=f"{name}, numeric"
        )


def test_float32(student, rng):
    drawn = draw(rng, (2, 5, 4, 3), (3, 2, 3, 2), stride=2, pad=1)
    x, w, b, dout = (a.astype(np.float32) for a in drawn)
    actual = gradients(student, x, w, b, dout, 2, 1)
    expected = conv2d_gradients_loop(x, w, dout, stride=2, pad=1)
    assert_gradients(actual, [e.astype(np.float32) for e in expected])


def test_memory_layout_does_not_matter(student, rng):
    x, w, b, dout = draw(rng, (2, 10, 8, 3), (3, 2, 3, 4), stride=1, pad=1)
    x, w, dout = np.asfortranarray(x), w[:, ::-1], np.asfortranarray(dout)
    actual = gradients(student, x, w, b, dout, 1, 1)
    assert_gradients(actual, conv2d_gradients_loop(x, w, dout, pad=1))


def test_inputs_are_unmodified(student, rng):
    x, w, b, dout = draw(rng, (2, 4, 5, 2), (3, 3, 2, 3), stride=1, pad=0)
    value = student.conv_forward_naive(x, w, b, stride=1, pad=0)
    _, cache = several(value, ("out", "cache"), "conv_forward_naive")
    _, after = student.with_inputs("conv_backward_naive", dout, cache)
    assert np.array_equal(dout, after[0]), "conv_backward_naive changed dout"


def test_is_the_adjoint_of_the_forward_pass(student, rng):
    """<conv(x), dout> = <x, dx>: nothing of dout is lost and nothing counted twice."""
    x, w, b, dout = draw(rng, (2, 7, 6, 2), (3, 2, 2, 3), stride=2, pad=1)
    dx, dw, _ = gradients(student, x, w, b, dout, 2, 1)
    expected = np.sum(conv2d_loop(x, w, stride=2, pad=1) * dout)
    # A sum of many products that may cancel: compare with their total size.
    scale = np.abs(conv2d_loop(x, w, stride=2, pad=1) * dout).sum()
    for name, ours, paired_with in (("dx", dx, x), ("dw", dw, w)):
        ours = np.asarray(ours)
        rtol = 1e-5
        letter = name[1]
        assert_close(
            np.sum(ours * paired_with),
            expected,
            atol=rtol * scale,
            what=f"<{name}, {letter}>, against <conv({letter}), dout>",
        )


def test_real_digit(student, rng):
    image = digits_arrays("train[7:8]")[0][:, 4:24, 6:22] / 255.0
    _, w, b, dout = draw(rng, image.shape, (5, 3, 1, 2), stride=3, pad=2)
    actual = gradients(student, image, w, b, dout, 3, 2)
    expected = conv2d_gradients_loop(image, w, dout, stride=3, pad=2)
    assert_gradients(actual, expected)
