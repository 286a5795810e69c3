"""conv_grouped is split, convolve, concatenate; dilation spreads the kernel's taps."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles import conv2d_loop

CASES = {  # x NHWC, kernel (kh, kw, C_in / groups, C_out), groups, dilation
    "one group, no dilation": ((2, 5, 4, 3), (3, 2, 3, 4), 1, 1),
    "two groups": ((2, 5, 4, 4), (2, 3, 2, 6), 2, 1),
    "three groups, more channels than filters": ((1, 4, 5, 6), (2, 2, 2, 3), 3, 1),
    "depthwise": ((2, 4, 5, 3), (3, 2, 1, 3), 3, 1),
    "depthwise, two filters a channel": ((2, 4, 5, 3), (2, 3, 1, 6), 3, 1),
    "dilation 2": ((2, 7, 6, 2), (3, 2, 2, 3), 1, 2),
    "dilation 3": ((1, 9, 8, 2), (3, 3, 2, 2), 1, 3),
    "groups and dilation": ((2, 8, 6, 4), (2, 3, 2, 4), 2, 2),
    "1x1, grouped": ((2, 3, 4, 6), (1, 1, 3, 4), 2, 5),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x_shape, w_shape, groups, dilation = case
    x, w = normal(rng, x_shape), normal(rng, w_shape)
    out = student.conv_grouped(x, w, groups=groups, dilation=dilation)
    expected = conv2d_loop(x, w, groups=groups, dilation=dilation)
    assert_close(out, expected, what="out")


def test_is_split_and_concatenate(student, rng):
    x, w = normal(rng, (2, 6, 5, 6)), normal(rng, (3, 2, 2, 9))
    parts = [
        conv2d_loop(a, k)
        for a, k in zip(np.split(x, 3, axis=-1), np.split(w, 3, axis=-1), strict=True)
    ]
    out = student.conv_grouped(x, w, groups=3, dilation=1)
    assert_close(out, np.concatenate(parts, axis=-1), what="out")


def test_a_block_of_filters_sees_its_own_channels_only(student, rng):
    x, w = normal(rng, (1, 4, 5, 4)), normal(rng, (2, 2, 2, 6))
    x[..., 2:] = 0
    out = np.asarray(student.conv_grouped(x, w, groups=2, dilation=1))
    expected = conv2d_loop(x, w, groups=2)
    assert_close(out, expected, what="out, where channels 2 and 3 are zero")


def test_dilated_kernel_is_a_kernel_with_zeros_between(student, rng):
    x, w = normal(rng, (1, 8, 7, 2)), normal(rng, (3, 2, 2, 3))
    spread = np.zeros((5, 3, 2, 3))
    spread[::2, ::2] = w
    out = student.conv_grouped(x, w, groups=1, dilation=2)
    assert_close(out, conv2d_loop(x, spread), what="out at dilation 2")


def test_float32(student, rng):
    x, w = (normal(rng, s, np.float32) for s in ((2, 6, 5, 4), (2, 3, 2, 4)))
    out = student.conv_grouped(x, w, groups=2, dilation=2)
    expected = conv2d_loop(x, w, groups=2, dilation=2).astype(np.float32)
    assert_close(out, expected, what="out for float32 arrays")


@pytest.mark.parametrize("layout", ["Fortran order", "every second pixel", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x, w = normal(rng, (2, 10, 8, 4)), normal(rng, (2, 2, 2, 6))
    if layout == "Fortran order":
        x, w = np.asfortranarray(x), np.asfortranarray(w)
    elif layout == "every second pixel":
        x = x[:, ::2, ::2]
    else:
        x, w = x[..., ::-1], w[::-1]
    out = student.conv_grouped(x, w, groups=2, dilation=1)
    assert_close(out, conv2d_loop(x, w, groups=2), what=f"out ({layout})")


def test_inputs_are_unmodified(student, rng):
    x, w = normal(rng, (2, 4, 5, 4)), normal(rng, (2, 2, 2, 6))
    _, after = student.with_inputs("conv_grouped", x, w, groups=2, dilation=1)
    for name, old, new in zip("xw", (x, w), after, strict=True):
        assert np.array_equal(old, new), f"conv_grouped changed its argument {name}"


def test_real_digit(student, rng):
    image = digits_arrays("train[3:4]")[0][:, 4:18, 6:17] / 255.0
    image, w = np.repeat(image, 2, axis=-1), normal(rng, (3, 2, 1, 4))
    out = student.conv_grouped(image, w, groups=2, dilation=2)
    expected = conv2d_loop(image, w, groups=2, dilation=2)
    assert_close(out, expected, what="out of a digit")
