"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close

question = pytest.mark.question

# Three columns of 8, then three of 0, and a kernel that answers at their border.
STEP = np.array([[8.0, 8, 8, 0, 0, 0]] * 6)[None, :, :, None]
EDGE = np.array([[1.0, 0, -1]] * 3)[:, :, None, None]
# No symmetry at all: every mix-up of rows, columns and directions shows.
IMAGE = np.array([[2.0, 4, 9, 1], [2, 1, 4, 4], [1, 1, 2, 9]])[None, :, :, None]
KERNEL = np.array([[1.0, 2], [-4, 7]])[:, :, None, None]
NO_BIAS = np.zeros(1)


def two_parts(value, name):
    assert isinstance(value, tuple | list), f"{name} returns (out, cache)"
    assert len(value) == 2, f"{name} returns (out, cache), two values"
    return value


def gradients(student, kind, x, w, b, dout, stride, pad):
    forward, backward = f"conv_forward_{kind}", f"conv_backward_{kind}"
    run = getattr(student, forward)
    _, cache = two_parts(run(x, w, b, stride=stride, pad=pad), forward)
    parts = getattr(student, backward)(dout, cache)
    assert isinstance(parts, tuple | list), f"{backward} returns (dx, dw, db)"
    assert len(parts) == 3, f"{backward} returns (dx, dw, db), three values"
    return parts


def check_edge(student, name):
    run = getattr(student, name)
    out, _ = two_parts(run(STEP, EDGE, NO_BIAS, stride=1, pad=0), name)
    assert_close(out, np.array([[0.0, 24, 24, 0]] * 4)[None, :, :, None], what="out")


def check_asymmetric(student, name):
    run = getattr(student, name)
    out, _ = two_parts(run(IMAGE, KERNEL, np.array([100.0]), stride=1, pad=0), name)
    expected = np.array([[109.0, 146, 123], [107, 119, 167]])
    assert_close(out, expected[None, :, :, None], what="out")


def check_stride_and_pad(student, name):
    run = getattr(student, name)
    out, _ = two_parts(run(IMAGE, KERNEL, NO_BIAS, stride=2, pad=1), name)
    expected = np.array([[14.0, 47, -4], [11, 19, -32]])
    assert_close(out, expected[None, :, :, None], what="out")


def check_channels(student, name):
    x = np.array([[[[1.0, 10, 100]]]])
    w = np.array([[1.0, 2], [3, 4], [5, 6]])[None, None]
    run = getattr(student, name)
    out, _ = two_parts(run(x, w, np.array([0.5, -0.5]), stride=1, pad=0), name)
    assert_close(out, np.array([[[[531.5, 641.5]]]]), what="out of a 1x1 kernel")


def check_gradients(student, kind):
    dout = np.array([[1.0, 10, 100], [0, 0, 1000]])[None, :, :, None]
    dx, dw, db = gradients(student, kind, IMAGE, KERNEL, NO_BIAS, dout, 1, 0)
    wanted = [[1.0, 12, 120, 200], [-4, -33, 670, 2700], [0, 0, -4000, 7000]]
    assert_close(dx, np.array(wanted)[None, :, :, None], what="dx")
    wanted = [[4942.0, 4194], [2412, 9441]]
    assert_close(dw, np.array(wanted)[:, :, None, None], what="dw")
    assert_close(db, np.array([1111.0]), what="db")


def check_gradients_with_stride_and_pad(student, kind):
    dout = np.array([[1.0, 10, 100], [0, 0, 1000]])[None, :, :, None]
    dx, dw, db = gradients(student, kind, IMAGE, KERNEL, NO_BIAS, dout, 2, 1)
    wanted = [[7.0, -40, 70, -400], [0, 0, 0, 1000], [0, 0, 0, -4000]]
    assert_close(dx, np.array(wanted)[None, :, :, None], what="dx")
    assert_close(dw, np.array([[4000.0, 0], [9140, 92]])[:, :, None, None], what="dw")
    assert_close(db, np.array([1111.0]), what="db")


@question("conv_forward_naive")
@pytest.mark.parametrize(
    "case", [check_edge, check_asymmetric, check_stride_and_pad, check_channels]
)
def test_forward_naive(student, case):
    case(student, "conv_forward_naive")


@question("conv_forward_fast")
@pytest.mark.parametrize(
    "case", [check_edge, check_asymmetric, check_stride_and_pad, check_channels]
)
def test_forward_fast(student, case):
    case(student, "conv_forward_fast")


@question("conv_backward_naive")
@pytest.mark.parametrize("case", [check_gradients, check_gradients_with_stride_and_pad])
def test_backward_naive(student, case):
    case(student, "naive")


@question("conv_backward_fast")
@pytest.mark.parametrize("case", [check_gradients, check_gradients_with_stride_and_pad])
def test_backward_fast(student, case):
    case(student, "fast")


@question("im2col")
def test_im2col_on_numbered_pixels(student):
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    cols = student.im2col(x, (2, 2), stride=1, pad=0)
    wanted = [[0.0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    assert_close(cols, np.array(wanted), what="cols")


@question("im2col")
def test_im2col_keeps_channels_together(student):
    x = np.array([[[[1.0, 10], [2, 20]]], [[[3, 30], [4, 40]]]])
    cols = student.im2col(x, (1, 2), stride=1, pad=0)
    assert_close(cols, np.array([[1.0, 10, 2, 20], [3, 30, 4, 40]]), what="cols")


@question("im2col")
def test_im2col_pads_all_sides_and_drops_the_remainder(student):
    x = np.array([[1.0, 2, 3]])[None, :, :, None]
    cols = student.im2col(x, (3, 2), stride=2, pad=1)
    wanted = [[0.0, 0, 0, 1, 0, 0], [0, 0, 2, 3, 0, 0]]
    assert_close(cols, np.array(wanted), what="cols")


@question("col2im")
def test_col2im_counts_windows(student):
    x = student.col2im(np.ones((4, 4)), (1, 3, 3, 1), (2, 2), stride=1, pad=0)
    wanted = [[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert_close(x, np.array(wanted)[None, :, :, None], what="col2im of ones")


@question("col2im")
def test_col2im_drops_what_came_from_the_padding(student):
    cols = np.array([[9.0, 9, 9, 1, 9, 9], [9, 9, 2, 3, 9, 9]])
    x = student.col2im(cols, (1, 1, 3, 1), (3, 2), stride=2, pad=1)
    assert_close(x, np.array([[1.0, 2, 3]])[None, :, :, None], what="images")


@question("col2im")
def test_col2im_leaves_unseen_pixels_zero(student):
    cols = np.array([[1.0, 10], [2, 20]])
    x = student.col2im(cols, (1, 1, 6, 1), (1, 2), stride=3, pad=0)
    wanted = np.array([[1.0, 10, 0, 2, 20, 0]])[None, :, :, None]
    assert_close(x, wanted, what="images")


@question("conv_grouped")
def test_grouped_two_blocks(student):
    x = np.array([[[[1.0, 2, 3, 4]]]])
    w = np.array([[1.0, 10, 1, 10], [1, 1, 1, 1]])[None, None]
    out = student.conv_grouped(x, w, groups=2, dilation=1)
    assert_close(out, np.array([[[[3.0, 12, 7, 34]]]]), what="out")


@question("conv_grouped")
def test_grouped_depthwise(student):
    x = np.array([[[[1.0, 2, 3]]]])
    w = np.array([[[[10.0, 100, 1000]]]])
    out = student.conv_grouped(x, w, groups=3, dilation=1)
    assert_close(out, np.array([[[[10.0, 200, 3000]]]]), what="out")


@question("conv_grouped")
def test_dilation_skips_pixels(student):
    x = np.array([[1.0, 2, 3, 4, 5]])[None, :, :, None]
    w = np.array([[1.0, 100]])[:, :, None, None]
    out = student.conv_grouped(x, w, groups=1, dilation=3)
    assert_close(out, np.array([[401.0, 502]])[None, :, :, None], what="out")


@question("MyConv2D")
def test_layer_computes_and_has_its_weights(student):
    layer = student.MyConv2D(filters=1, kernel_size=2)
    x = IMAGE.astype(np.float32)
    layer(x)
    kernel, bias = layer.weights()
    assert kernel.shape == (2, 2, 1, 1), f"kernel has shape {kernel.shape}"
    assert bias.shape == (1,), f"bias has shape {bias.shape}"
    layer.set_weights([KERNEL.astype(np.float32), np.array([100], np.float32)])
    expected = np.array([[109, 146, 123], [107, 119, 167]], np.float32)
    assert_close(layer(x), expected[None, :, :, None], what="the layer's output")


@question("MyConv2D")
def test_same_with_stride_looks_where_tensorflow_looks(student):
    layer = student.MyConv2D(
        filters=1, kernel_size=(1, 3), strides=2, padding="same", use_bias=False
    )
    x = np.arange(1, 7, dtype=np.float32).reshape(1, 1, 6, 1)
    layer(x)
    layer.set_weights([np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)])
    expected = np.array([2, 4, 6], np.float32).reshape(1, 1, 3, 1)
    assert_close(layer(x), expected, what="pixels in the middle of the windows")


@question("MyConv2D")
def test_layer_knows_its_output_shape(student):
    layer = student.MyConv2D(filters=4, kernel_size=3, strides=2, padding="same")
    shape = tuple(layer.output_shape((None, 7, 6, 3)))
    assert shape == (None, 4, 3, 4), f"expected (None, 4, 3, 4), got {shape}"


@question("MyConv2D")
def test_layer_can_be_built_from_its_config(student):
    layer = student.MyConv2D(filters=4, kernel_size=3, dilation_rate=2, groups=2)
    shape = tuple(layer.clone().output_shape((1, 9, 8, 2)))
    assert shape == (1, 5, 4, 4), f"the copy's output shape is {shape}"
