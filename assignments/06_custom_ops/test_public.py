"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close

question = pytest.mark.question

# Three columns of 8, then three of 0, and a kernel that answers at their border.
STEP = np.array([[8.0, 8, 8, 0, 0, 0]] * 6)[None, :, :, None]
EDGE = np.array([[1.0, 0, -1]] * 3)[:, :, None, None]
# No symmetry at all: every mix-up of rows, columns and directions shows.
IMAGE = np.array([[2.0, 4, 9, 1], [2, 1, 4, 4], [1, 1, 2, 9]])[None, :, :, None]
KERNEL = np.array([[1.0, 2], [-4, 7]])[:, :, None, None]
D_Y = np.array([[1.0, 0, 2], [0, 3, 0]])[None, :, :, None]


def matrix(values):
    return np.asarray(values, np.float64)[None, :, :, None]


# -- question 1 -----------------------------------------------------------------------


@question("conv_out_shape")
def test_known_sizes(student):
    y = student.conv_out_shape((2, 7, 10, 3), (3, 3, 3, 8), (2, 2), "VALID", (1, 1))
    assert y == [2, 3, 4, 8], f"VALID, stride 2: [2, 3, 4, 8], not {y}"
    y = student.conv_out_shape((2, 7, 10, 3), (3, 3, 3, 8), (2, 2), "SAME", (1, 1))
    assert y == [2, 4, 5, 8], f"SAME, stride 2: [2, 4, 5, 8], not {y}"


@question("conv_out_shape")
def test_unknown_batch_and_height(student):
    y = student.conv_out_shape((-1, -1, 10, 3), (3, 3, 3, 8))
    assert y == [-1, -1, 8, 8], f"[-1, -1, 8, 8], not {y}"


@question("conv_out_shape")
def test_dilation(student):
    y = student.conv_out_shape((1, 9, 9, 1), (3, 3, 1, 1), dilations=(2, 4))
    assert y == [1, 5, 1, 1], f"spans of 5 and 9 pixels: [1, 5, 1, 1], not {y}"


@question("conv_out_shape")
@pytest.mark.parametrize(
    "change",
    [{"x": (7, 10, 3)}, {"kernel": (3, 3, 4, 8)}, {"kernel": (9, 3, 3, 8)}],
    ids=["three sizes", "other channels", "too large"],
)
def test_refuses(student, change):
    with student.raises(ValueError):
        student.conv_out_shape(**{"x": (2, 7, 10, 3), "kernel": (3, 3, 3, 8)} | change)


# -- questions 2, 3 and 4 -------------------------------------------------------------


@question("conv2d_forward_cpu")
def test_finds_the_edge(student):
    y = student.conv2d_forward_cpu(STEP, EDGE)
    assert_close(y, matrix([[0, 24, 24, 0]] * 4), what="y")


@question("conv2d_forward_cpu")
def test_knows_its_borders(student):
    y = student.conv2d_forward_cpu(STEP, EDGE, padding="SAME")
    rows = [[-16, 0, 16, 16, 0, 0], *[[-24, 0, 24, 24, 0, 0]] * 4]
    assert_close(y, matrix([*rows, rows[0]]), what="y with padding SAME")


@question("conv2d_forward_cpu")
def test_asymmetric(student):
    y = student.conv2d_forward_cpu(IMAGE, KERNEL)
    assert_close(y, matrix([[9, 46, 23], [7, 19, 67]]), what="y")
    y = student.conv2d_forward_cpu(IMAGE, KERNEL, (2, 3), ((1, 0), (0, 1)))
    assert_close(y, matrix([[20, -4], [7, -32]]), what="y with strides (2, 3)")


@question("conv2d_forward_cpu")
def test_channels_and_filters(student):
    x = np.array([[[[1.0, 10, 100]]]])
    kernel = np.array([[[[1.0, 2], [3, 4], [5, 6]]]])
    y = student.conv2d_forward_cpu(x, kernel)
    assert_close(y, np.array([[[[531.0, 642]]]]), what="y of one pixel")


@question("conv2d_grad_input_cpu")
def test_adds_up_what_windows_share(student):
    d_x = student.conv2d_grad_input_cpu(
        (1, 4, 4, 1), np.ones((3, 3, 1, 1)), np.ones((1, 2, 2, 1))
    )
    middle = [2, 4, 4, 2]
    expected = matrix([[1, 2, 2, 1], middle, middle, [1, 2, 2, 1]])
    assert_close(d_x, expected, what="d_x")


@question("conv2d_grad_input_cpu")
def test_the_way_back(student):
    d_x = student.conv2d_grad_input_cpu(IMAGE.shape, KERNEL, D_Y)
    expected = [[1, 2, 2, 4], [-4, 10, -2, 14], [0, -12, 21, 0]]
    assert_close(d_x, matrix(expected), what="d_x")


@question("conv2d_grad_kernel_cpu")
def test_sums_over_places(student):
    d_kernel = student.conv2d_grad_kernel_cpu(IMAGE, KERNEL.shape, D_Y)
    expected = np.array([[23.0, 18], [13, 15]])[:, :, None, None]
    assert_close(d_kernel, expected, what="d_kernel")


@question("conv2d_grad_kernel_cpu")
def test_sums_over_images(student):
    two = np.concatenate([IMAGE, IMAGE]), np.concatenate([D_Y, D_Y])
    d_kernel = student.conv2d_grad_kernel_cpu(two[0], KERNEL.shape, two[1])
    expected = 2 * np.array([[23.0, 18], [13, 15]])[:, :, None, None]
    assert_close(d_kernel, expected, what="d_kernel of the image twice")


# -- question 5 -----------------------------------------------------------------------


@question("conv2d_gradient")
@pytest.mark.parametrize("unknown", [None, "batch"], ids=["eager", "unknown batch"])
def test_tape_finds_both(student, unknown):
    found = student.gradients_in_tensorflow(IMAGE, KERNEL, D_Y, unknown=unknown)
    d_x = [[1, 2, 2, 4], [-4, 10, -2, 14], [0, -12, 21, 0]]
    d_kernel = np.array([[23.0, 18], [13, 15]])[:, :, None, None]
    for name, one, other in zip(
        ("d_x", "d_kernel"), found, (matrix(d_x), d_kernel), strict=True
    ):
        assert one is not None, f"{name} is None: return both gradients"
        assert_close(one, other, what=name)


@question("conv2d_gradient")
def test_strides_are_passed_on(student):
    d_y = np.ones((1, 3, 2, 1))
    found = student.gradients_in_tensorflow(STEP, EDGE, d_y, (2, 3), "SAME")
    d_x = np.outer([1, 1, 2, 1, 2, 1], [1, 0, -1, 1, 0, -1])
    d_kernel = np.array([[24.0] * 3, [24] * 3, [16] * 3])[:, :, None, None]
    for name, one, other in zip(
        ("d_x", "d_kernel"), found, (matrix(d_x), d_kernel), strict=True
    ):
        assert_close(one, other, what=f"{name} with strides (2, 3) and SAME")


# -- questions 6 and 7 ----------------------------------------------------------------


@question("conv2d_naive")
@pytest.mark.parametrize("block", [(6, 6), (4, 4), (16, 2)], ids=str)
def test_naive_finds_the_edge(student, block):
    y = student.conv2d_naive(STEP, EDGE, padding="SAME", block=block)
    rows = [[-16, 0, 16, 16, 0, 0], *[[-24, 0, 24, 24, 0, 0]] * 4]
    expected = matrix([*rows, rows[0]]).astype(np.float32)
    assert_close(y, expected, what=f"y with blocks of {block}")


@question("conv2d_naive")
def test_naive_strides(student):
    y = student.conv2d_naive(IMAGE, KERNEL, (2, 3), ((1, 0), (0, 1)))
    expected = matrix([[20, -4], [7, -32]]).astype(np.float32)
    assert_close(y, expected, what="y with strides (2, 3)")


@question("conv2d_naive")
def test_nvcc_compiles_the_naive_one(student):
    student.compile_naive()  # where there is no nvcc, it does nothing


@question("conv2d_tiled")
def test_nvcc_compiles_the_tiled_one(student):
    student.compile_tiled()


@question("conv2d_tiled")
def test_tiled_finds_the_edge(student):
    y = student.conv2d_tiled(STEP, EDGE, padding="SAME")
    rows = [[-16, 0, 16, 16, 0, 0], *[[-24, 0, 24, 24, 0, 0]] * 4]
    assert_close(y, matrix([*rows, rows[0]]).astype(np.float32), what="y")


@question("conv2d_tiled")
def test_tiles_meet(student):
    x = np.arange(10.0 * 19).reshape(1, 10, 19, 1)
    kernel = np.array([[0.0, 0], [0, 1]])[:, :, None, None]
    y = student.conv2d_tiled(x, kernel)
    assert_close(
        y,
        x[:, 1:, 1:].astype(np.float32),
        what="y: the image without its first row and column",
    )


@question("conv2d_tiled")
def test_a_patch_is_fetched_once(student):
    x, kernel = np.ones((1, 12, 12, 2)), np.ones((5, 5, 2, 1))
    counts = student.tiled_traffic(x, kernel)
    assert counts["x"] <= 2 * 12 * 12, (
        f"one block, two channels, a patch of 12 x 12: 288 pixels at most, and "
        f"x is read {counts['x']} times"
    )
