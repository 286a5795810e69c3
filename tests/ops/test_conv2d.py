"""Every implementation equals the float64 oracle, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from shared.ops import conv2d
from tests.ops import oracle
from tests.ops.cases import close

# x NHWC, kernel HWIO, strides, padding, dilation, groups
CASES = {
    "3x3 valid": ((2, 6, 9, 5), (3, 3, 5, 7), (1, 1), "valid", (1, 1), 1),
    "3x3 same": ((1, 7, 10, 3), (3, 3, 3, 18), (1, 1), "same", (1, 1), 1),
    "1x1": ((3, 5, 4, 17), (1, 1, 17, 33), (1, 1), "valid", (1, 1), 1),
    "1x1 stride 2": ((2, 5, 8, 6), (1, 1, 6, 5), (2, 2), "valid", (1, 1), 1),
    "stride 2, H != W": ((2, 7, 5, 3), (3, 3, 3, 4), (2, 2), "same", (1, 1), 1),
    "even input, odd zero after": (
        (1, 8, 6, 2),
        (3, 3, 2, 3),
        (2, 2),
        "same",
        (1, 1),
        1,
    ),
    "remainder dropped": ((1, 8, 9, 1), (3, 2, 1, 2), (3, 2), "valid", (1, 1), 1),
    "stride beyond kernel": ((1, 11, 10, 2), (2, 1, 2, 3), (3, 4), "valid", (1, 1), 1),
    "unequal strides": ((2, 9, 8, 4), (5, 3, 4, 6), (1, 3), "same", (1, 1), 1),
    "dilated": ((1, 11, 9, 4), (3, 2, 4, 5), (1, 1), "same", (2, 3), 1),
    "dilated with stride": ((2, 12, 13, 3), (3, 3, 3, 4), (2, 3), "valid", (3, 2), 1),
    "explicit, uneven": (
        (2, 5, 6, 3),
        (3, 3, 3, 4),
        (1, 1),
        ((0, 3), (2, 1)),
        (1, 1),
        1,
    ),
    "explicit beyond kernel": (
        (1, 4, 3, 2),
        (3, 3, 2, 3),
        (1, 1),
        ((4, 0), (1, 5)),
        (1, 1),
        1,
    ),
    "groups": ((2, 6, 5, 6), (3, 3, 2, 9), (1, 1), "same", (1, 1), 3),
    "depthwise": ((2, 7, 6, 19), (3, 3, 1, 19), (1, 1), "same", (1, 1), 19),
    "depthwise, two filters each": (
        (1, 7, 6, 5),
        (3, 3, 1, 10),
        (2, 2),
        "same",
        (1, 1),
        5,
    ),
    "first layer": ((2, 23, 21, 3), (7, 7, 3, 16), (2, 2), "same", (1, 1), 1),
    "wide filters": ((1, 5, 6, 8), (3, 3, 8, 130), (1, 1), "same", (1, 1), 1),
    "deep": ((1, 6, 5, 200), (3, 3, 200, 20), (1, 1), "same", (1, 1), 1),
    "one pixel": ((1, 1, 1, 3), (1, 1, 3, 1), (1, 1), "valid", (1, 1), 1),
    "kernel is the image": ((3, 4, 5, 6), (4, 5, 6, 7), (1, 1), "valid", (1, 1), 1),
    "no batch": ((0, 5, 5, 3), (3, 3, 3, 4), (1, 1), "same", (1, 1), 1),
    "no output": ((2, 2, 5, 3), (3, 3, 3, 4), (1, 1), "valid", (1, 1), 1),
}
IMPLEMENTATIONS = ["naive", "im2col", "direct", "winograd2x2", "winograd4x4", "auto"]


def fits_winograd(case):
    _, k_shape, strides, _, _, groups = case
    return k_shape[:2] == (3, 3) and strides == (1, 1) and groups == 1


def run(case, how, dtype, rng):
    x_shape, k_shape, strides, padding, dilation, groups = case
    x, kernel = (rng.standard_normal(s).astype(dtype) for s in (x_shape, k_shape))
    with tf.GradientTape() as tape:
        tx, tk = tf.constant(x), tf.constant(kernel)
        tape.watch([tx, tk])
        y = conv2d(tx, tk, strides, padding, dilation, groups, how)
    dy = rng.standard_normal(y.shape).astype(dtype)
    dx, dk = tape.gradient(y, [tx, tk], output_gradients=tf.constant(dy))
    settings = (strides, padding, dilation, groups)
    expected = oracle.forward(x, kernel, *settings)
    close(y, expected, np.prod(k_shape[:3]), how)
    expected_dx, expected_dk = oracle.gradients(x, kernel, dy, *settings)
    close(dx, expected_dx, np.prod(k_shape[:2]) * k_shape[3] // groups, how)
    close(dk, expected_dk, np.prod(y.shape[:3]), how)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", IMPLEMENTATIONS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_oracle(case, how, dtype, rng):
    if how.startswith("winograd") and not fits_winograd(case):
        y = oracle.forward(np.zeros(case[0]), np.zeros(case[1]), *case[2:])
        if y.size:  # an empty output needs no algorithm
            with pytest.raises(tf.errors.InvalidArgumentError, match="cannot do"):
                run(case, how, dtype, rng)
        return
    run(case, how, dtype, rng)
