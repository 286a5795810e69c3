"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close

question = pytest.mark.question

# No symmetry at all: every mix-up of rows, columns and directions shows.
IMAGE = np.array([[2.0, 4, 9, 1], [2, 1, 4, 4], [1, 1, 2, 9]])
KERNEL = np.array([[1.0, 2], [-4, 7]])


@question("dense_params")
def test_dense_params_of_a_line(student):
    assert_close(student.dense_params(3, 2), 8, what="3 signals, 2 units")


@question("dense_params")
def test_dense_params_of_an_image_without_biases(student):
    count = student.dense_params((2, 4, 3), 10, use_bias=False)
    assert_close(count, 240, what="24 numbers, 10 units, no biases")


@question("conv1d")
def test_conv1d_by_hand(student):
    out = student.conv1d(np.array([1.0, 2, 3]), np.array([1.0, 10]))
    assert_close(out, np.array([1.0, 12, 23, 30]), what="[1, 2, 3] * [1, 10]")


@question("conv1d")
def test_conv1d_copies_the_kernel(student):
    out = student.conv1d(np.array([0.0, 1, 0]), np.array([5.0, 6, 7, 8]))
    expected = np.array([0.0, 5, 6, 7, 8, 0])
    assert_close(out, expected, what="[0, 1, 0] * [5, 6, 7, 8]")


@question("correlate2d")
def test_correlate2d_at_an_edge(student):
    image, kernel = np.array([[8, 8, 8, 0, 0, 0]] * 6), np.array([[1, 0, -1]] * 3)
    out = student.correlate2d(image, kernel, stride=1, pad=0)
    assert_close(out, np.array([[0.0, 24, 24, 0]] * 4), what="map")


@question("correlate2d")
def test_correlate2d_without_symmetry(student):
    out = student.correlate2d(IMAGE, KERNEL, stride=1, pad=0)
    assert_close(out, np.array([[9.0, 46, 23], [7, 19, 67]]), what="map")


@question("correlate2d")
def test_correlate2d_with_stride_and_pad(student):
    out = student.correlate2d(IMAGE, KERNEL, stride=2, pad=1)
    assert_close(out, np.array([[14.0, 47, -4], [11, 19, -32]]), what="map")


@question("correlate2d")
def test_correlate2d_of_bytes(student):
    image = np.array([[8, 24], [3, 250]], np.uint8)
    out = student.correlate2d(image, np.array([[1, -1]]), stride=1, pad=0)
    assert_close(out, np.array([[-16.0], [-247]]), what="map of a uint8 image")


@question("flip180")
def test_flip180_of_numbers(student):
    out = student.flip180(np.array([[1, 2, 3], [4, 5, 6]]))
    assert_close(out, np.array([[6, 5, 4], [3, 2, 1]]), what="turned kernel")


@question("flip180")
def test_flip180_leaves_channels_alone(student):
    kernel = np.array([[1, 10], [2, 20]]).reshape(2, 1, 2, 1)
    expected = np.array([[2, 20], [1, 10]]).reshape(2, 1, 2, 1)
    assert_close(student.flip180(kernel), expected, what="turned kernel, 2 channels")


@question("convolve2d")
@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_convolve2d_spreads_a_single_one(student, mode):
    """A 1 in the image becomes a copy of the kernel."""
    image, kernel = np.zeros((3, 4)), np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    image[1, 1] = 1
    full = np.pad(kernel, ((1, 1), (1, 2)))
    expected = {"full": full, "same": full[1:4, 1:5], "valid": full[2:3, 2:4]}[mode]
    assert_close(student.convolve2d(image, kernel, mode=mode), expected, what=mode)


@question("convolve2d")
def test_convolve2d_with_an_even_kernel(student):
    out = student.convolve2d(IMAGE, KERNEL, mode="same")
    expected = np.array([[2.0, 8, 17, 19], [-6, 3, -2, 71], [-7, 13, -5, 25]])
    assert_close(out, expected, what="same, 2x2 kernel")


@question("blur_kernel")
def test_blur_kernel_of_radius_one(student):
    assert_close(9 * np.asarray(student.blur_kernel(1)), np.ones((3, 3)), what="9 blur")


@question("blur_kernel")
def test_blur_kernel_of_radius_zero(student):
    assert_close(student.blur_kernel(0), np.array([[1.0]]), what="blur of radius 0")


@question("match_feature")
def test_match_feature_finds_itself(student):
    feature = np.array([[1, 1, -1], [-1, 1, -1]])
    image = np.full((3, 5), -1)
    image[1:3, 1:4] = feature
    out = np.asarray(student.match_feature(image, feature))
    assert out.shape == (2, 3), f"expected shape (2, 3), got {out.shape}"
    assert_close(out[1, 1], 1.0, what="match where the feature stands")
    assert_close(out[0, 2], -1 / 3, what="match in the upper right corner")


@question("match_feature")
def test_match_feature_is_a_mean_product(student):
    out = student.match_feature(np.array([[1.0, 2, 4]]), np.array([[3.0, 5]]))
    assert_close(out, np.array([[6.5, 13]]), what="map")


@question("permute_pixels")
def test_permute_pixels_fetches(student):
    images = np.array([[10.0, 11, 12], [13, 14, 15]]).reshape(1, 2, 3, 1)
    out = student.permute_pixels(images, np.array([5, 0, 1, 2, 4, 3]))
    expected = np.array([[15.0, 10, 11], [12, 14, 13]]).reshape(1, 2, 3, 1)
    assert_close(out, expected, what="shuffled image")


@question("permute_pixels")
def test_permute_pixels_keeps_colours_together(student):
    images = np.array([[[1, 2, 3], [4, 5, 6]]] * 2).reshape(2, 1, 2, 3)
    out = student.permute_pixels(images, np.array([1, 0]))
    expected = np.array([[[4, 5, 6], [1, 2, 3]]] * 2).reshape(2, 1, 2, 3)
    assert_close(out, expected, what="two colour images of two pixels")
