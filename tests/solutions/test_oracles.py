"""The oracles of hidden tests against TensorFlow, differences and lecture numbers."""

import numpy as np
import pytest

from shared.testing import assert_close, normal, numeric_gradient
from solutions.oracles import (
    conv2d_gradients_loop,
    conv2d_loop,
    im2col_loop,
    same_pad,
)

# x NHWC, kernel HWIO, strides, dilation
SAME = {
    "stride 1": ((2, 5, 4, 3), (3, 2, 3, 2), (1, 1), (1, 1)),
    "even size, stride 2": ((1, 6, 8, 2), (3, 3, 2, 2), (2, 2), (1, 1)),
    "strides differ": ((1, 7, 6, 2), (4, 2, 2, 3), (3, 2), (1, 1)),
    "dilation differs": ((1, 9, 8, 2), (3, 2, 2, 3), (1, 1), (2, 3)),
}


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_forward_agrees_with_tensorflow(case, padding):
    import tensorflow as tf

    x_shape, kernel_shape, strides, dilation = case
    rng = np.random.default_rng(0)
    x, kernel = normal(rng, x_shape), normal(rng, kernel_shape)
    pads = 0
    if padding == "SAME":
        pads = tuple(map(same_pad, x_shape[1:3], kernel_shape[:2], strides, dilation))
    ours = conv2d_loop(x, kernel, stride=strides, pad=pads, dilation=dilation)
    theirs = tf.nn.conv2d(x, kernel, strides, padding, dilations=dilation).numpy()
    assert_close(ours, theirs)


def test_groups_are_split_and_concatenate():
    rng = np.random.default_rng(1)
    x, kernel, bias = (normal(rng, s) for s in ((2, 4, 5, 6), (2, 3, 2, 9), (9,)))
    parts = [
        conv2d_loop(x[..., 2 * g : 2 * g + 2], kernel[..., 3 * g : 3 * g + 3])
        for g in range(3)
    ]
    expected = np.concatenate(parts, axis=-1) + bias
    assert_close(conv2d_loop(x, kernel, bias, groups=3), expected)


def test_gradients_agree_with_differences():
    rng = np.random.default_rng(2)
    options = {
        "stride": (2, 1),
        "pad": ((1, 2), (0, 1)),
        "dilation": (1, 2),
        "groups": 2,
    }
    x, kernel, bias = (normal(rng, s) for s in ((2, 4, 5, 2), (3, 2, 1, 4), (4,)))
    dout = normal(rng, conv2d_loop(x, kernel, bias, **options).shape)
    dx, dkernel, dbias = conv2d_gradients_loop(x, kernel, dout, **options)
    for actual, value, f in (
        (dx, x, lambda v: conv2d_loop(v, kernel, bias, **options)),
        (dkernel, kernel, lambda v: conv2d_loop(x, v, bias, **options)),
        (dbias, bias, lambda v: conv2d_loop(x, kernel, v, **options)),
    ):
        assert_close(actual, numeric_gradient(f, value, dout), atol=1e-8)


def test_im2col_agrees_with_tensorflow():
    import tensorflow as tf

    x = np.arange(2 * 7 * 6 * 3, dtype=np.float32).reshape(2, 7, 6, 3)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = tf.image.extract_patches(
        padded, [1, 3, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"
    )
    cols = im2col_loop(x, (3, 2), stride=2, pad=1)
    assert_close(cols, patches.numpy().reshape(cols.shape))


STEP = [[8, 8, 8, 0, 0, 0]] * 6
EDGE = np.array([[1, 0, -1]] * 3)
F = [
    [3, 3, 2, 1, 0],
    [0, 0, 1, 3, 1],
    [3, 1, 2, 2, 3],
    [2, 0, 0, 2, 2],
    [2, 0, 0, 0, 1],
]
G = np.array([[2, 1, 0], [0, 2, 2], [2, 1, 0]])
PADDED = [
    [6, 14, 17, 11, 3],
    [14, 12, 12, 17, 11],
    [8, 10, 17, 19, 13],
    [11, 9, 6, 14, 12],
    [6, 4, 4, 6, 4],
]
LECTURES = {  # image, kernel, pad, feature map
    "edge": (STEP, EDGE, 0, [[0, 24, 24, 0]] * 4),
    "edge, transposed": (STEP, EDGE.T, 0, [[0] * 4] * 4),
    "edge, turned": (STEP, EDGE[::-1, ::-1], 0, [[0, -24, -24, 0]] * 4),
    "cross-correlation": (F, G, 0, [[18, 20, 19], [10, 9, 17], [11, 8, 14]]),
    "convolution": (F, G[::-1, ::-1], 0, [[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
    "a wrong flip that passes": (
        F,
        G[:, ::-1],
        0,
        [[12, 12, 17], [10, 17, 19], [9, 6, 14]],
    ),
    "convolution, padded": (F, G[::-1, ::-1], 1, PADDED),
}


@pytest.mark.parametrize("case", LECTURES.values(), ids=LECTURES)
def test_numbers_of_the_lectures(case):
    image, kernel, pad, expected = case
    x = np.array(image, float)[None, :, :, None]
    out = conv2d_loop(x, np.array(kernel, float)[:, :, None, None], pad=pad)
    np.testing.assert_array_equal(out[0, :, :, 0], expected)
