"""blur_kernel is a square of equal weights that sum to 1."""

import numpy as np
import pytest

from shared.testing import assert_close


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 7])
def test_size_and_weights(student, radius):
    size = 2 * radius + 1
    expected = np.full((size, size), 1.0) / size**2
    assert_close(student.blur_kernel(radius), expected, what="blur kernel")


def test_radius_two_is_the_lectures(student):
    assert_close(student.blur_kernel(2), np.full((5, 5), 0.04), what="blur kernel")


def test_leaves_an_even_grey_alone(student):
    kernel = np.asarray(student.blur_kernel(4))
    assert_close(np.sum(kernel * 77.0), 77.0, what="sum of kernel times an even grey")
