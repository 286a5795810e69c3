"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close

question = pytest.mark.question

IMAGE = np.array([[2.0, 2, 7, 3], [9, 4, 6, 1], [8, 5, 2, 4], [3, 1, 2, 6]])
# One row and one column more than whole windows of 2x2 with stride 2 fill.
NEGATIVE = -np.array([[6.0, 2, 4], [3, 8, 1], [5, 9, 7]])
COUNTED = np.arange(1.0, 13).reshape(1, 3, 4, 1)


def as_image(matrix):
    return np.array(matrix, dtype=float)[None, :, :, None]


@question("maxpool_forward")
def test_maximum_of_windows_side_by_side(student):
    out = student.maxpool_forward(as_image(IMAGE), (2, 2), stride=2, padding="valid")
    assert_close(out, as_image([[9, 7], [8, 6]]), what="out")


@question("maxpool_forward")
def test_maximum_of_overlapping_windows(student):
    out = student.maxpool_forward(as_image(IMAGE), (3, 2), stride=1, padding="valid")
    assert_close(out, as_image([[9, 7, 7], [9, 6, 6]]), what="out")


@question("maxpool_forward")
@pytest.mark.parametrize(
    ("padding", "expected"), [("valid", [[-2]]), ("same", [[-2, -1], [-5, -7]])]
)
def test_maximum_of_negative_pixels(student, padding, expected):
    out = student.maxpool_forward(as_image(NEGATIVE), (2, 2), 2, padding)
    assert_close(out, as_image(expected), what="out of a negative image")


@question("maxpool_forward")
def test_maximum_of_each_channel(student):
    x = np.stack([IMAGE, -IMAGE], axis=-1)[None]
    out = student.maxpool_forward(x, (4, 4), stride=1, padding="valid")
    assert_close(out, np.array([[[[9.0, -1]]]]), what="out of two channels")


@question("maxpool_backward")
def test_winners_get_the_gradient(student):
    dout = as_image([[1, 2], [3, 4]])
    dx = student.maxpool_backward(dout, as_image(IMAGE), (2, 2), 2, "valid")
    wanted = [[0, 0, 2, 0], [1, 0, 0, 0], [3, 0, 0, 0], [0, 0, 0, 4]]
    assert_close(dx, as_image(wanted), what="dx")


@question("maxpool_backward")
def test_a_winner_of_two_windows_collects_from_both(student):
    dout = as_image([[1, 10, 100], [1000, 10000, 100000]])
    dx = student.maxpool_backward(dout, as_image(IMAGE), (3, 2), 1, "valid")
    wanted = [[0, 0, 110, 0], [1001, 0, 110000, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert_close(dx, as_image(wanted), what="dx")


@question("maxpool_backward")
def test_the_first_of_equals_wins(student):
    x = as_image([[0, 5, 5], [5, 5, 0]])
    dx = student.maxpool_backward(as_image([[1, 10]]), x, (2, 2), 1, "valid")
    assert_close(
        dx, as_image([[0, 11, 0], [0, 0, 0]]), what="dx where pixels are equal"
    )


@question("maxpool_backward")
def test_windows_that_stick_out_lose_nothing(student):
    dout = as_image([[1, 2], [3, 4]])
    dx = student.maxpool_backward(dout, as_image(NEGATIVE), (2, 2), 2, "same")
    assert_close(dx, as_image([[0, 1, 0], [0, 0, 2], [3, 0, 4]]), what="dx")


@question("avgpool_forward")
def test_mean_of_windows(student):
    out = student.avgpool_forward(COUNTED, (2, 3), stride=1, padding="valid")
    assert_close(out, as_image([[4, 5], [8, 9]]), what="out")


@question("avgpool_forward")
def test_mean_divides_by_true_pixels(student):
    out = student.avgpool_forward(COUNTED, (2, 3), stride=2, padding="same")
    assert_close(out, as_image([[4, 5.5], [10, 11.5]]), what="out")


@question("avgpool_backward")
def test_equal_shares(student):
    dout = as_image([[6, 60]])
    dx = student.avgpool_backward(dout, (1, 2, 4, 1), (2, 3), 1, "valid")
    assert_close(dx, as_image([[1, 11, 11, 10], [1, 11, 11, 10]]), what="dx")


@question("avgpool_backward")
def test_shares_of_windows_that_stick_out(student):
    dout = as_image([[6, 60], [600, 6000]])
    dx = student.avgpool_backward(dout, (1, 3, 4, 1), (2, 3), 2, "same")
    wanted = [[1, 1, 16, 15], [1, 1, 16, 15], [200, 200, 3200, 3000]]
    assert_close(dx, as_image(wanted), what="dx")


@question("relu_forward")
def test_negative_numbers_become_zero(student):
    x = np.array([[-2.0, -0.5, 0], [0.5, 1, 3]])
    kept = x.copy()
    out = student.relu_forward(x)
    assert_close(out, np.array([[0.0, 0, 0], [0.5, 1, 3]]), what="out")
    assert np.array_equal(x, kept), "relu_forward changed its argument x"


@question("relu_backward")
def test_gradient_passes_where_x_is_positive(student):
    x, dout = np.array([-2.0, -0.5, 0.5, 3]), np.array([5.0, -6, 7, -8])
    assert_close(student.relu_backward(dout, x), np.array([0.0, 0, 7, -8]), what="dx")


@question("relu_backward")
def test_slope_at_zero(student):
    dx = student.relu_backward(np.array([5.0, -6]), np.zeros(2))
    assert_close(dx, np.zeros(2), what="dx where x is 0")


@question("dense_forward")
def test_vectors(student):
    x, w = np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 10, 0], [1, 0, 10]])
    out = student.dense_forward(x, w, np.array([0.5, 0, -0.5]))
    assert_close(out, np.array([[3.5, 10, 19.5], [7.5, 30, 39.5]]), what="out")


@question("dense_forward")
def test_maps_are_flattened_in_their_own_order(student):
    x = np.arange(1.0, 9).reshape(2, 1, 2, 2)
    w = np.array([[1000.0], [100], [10], [1]])
    out = student.dense_forward(x, w, np.zeros(1))
    assert_close(out, np.array([[1234.0], [5678]]), what="out")


@question("dense_backward")
def test_gradients(student):
    x, w = np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 10, 0], [1, 0, 10]])
    dout = np.array([[1.0, 0, 0], [0, 1, 100]])
    parts = student.dense_backward(dout, x, w)
    assert isinstance(parts, tuple | list), "dense_backward returns (dx, dw, db)"
    assert len(parts) == 3, "dense_backward returns (dx, dw, db), three values"
    dx, dw, db = parts
    assert_close(dx, np.array([[1.0, 1], [10, 1000]]), what="dx")
    assert_close(dw, np.array([[1.0, 3, 300], [2, 4, 400]]), what="dw")
    assert_close(db, np.array([1.0, 1, 100]), what="db")


@question("dense_backward")
def test_dx_has_the_shape_of_x(student):
    x, w = np.ones((2, 1, 2, 2)), np.arange(1.0, 5)[:, None]
    dx, dw, db = student.dense_backward(np.array([[1.0], [10]]), x, w)
    wanted = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40]]).reshape(2, 1, 2, 2)
    assert_close(dx, wanted, what="dx")
    assert_close(dw, np.full((4, 1), 11.0), what="dw")
    assert_close(db, np.array([11.0]), what="db")


def loss_of(student, logits, labels):
    value = student.softmax_cross_entropy(np.array(logits), np.array(labels))
    name = "softmax_cross_entropy returns (loss, dlogits)"
    assert isinstance(value, tuple | list), name
    assert len(value) == 2, f"{name}, two values"
    return value


@question("softmax_cross_entropy")
def test_equal_logits(student):
    loss, dlogits = loss_of(student, np.zeros((2, 4)), [1, 3])
    assert_close(loss, np.log(4), what="loss of four equal logits")
    wanted = [[0.125, -0.375, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]]
    assert_close(dlogits, np.array(wanted), what="dlogits")


@question("softmax_cross_entropy")
def test_known_probabilities(student):
    logits = np.log([[1.0, 2, 5], [6, 1, 1]])  # p = 1/8, 2/8, 5/8 and 6/8, 1/8, 1/8
    loss, dlogits = loss_of(student, logits, [1, 0])
    assert_close(loss, (np.log(8 / 2) + np.log(8 / 6)) / 2, what="loss")
    wanted = np.array([[1.0, -6, 5], [-2, 1, 1]]) / 16
    assert_close(dlogits, wanted, what="dlogits")


@question("softmax_cross_entropy")
def test_large_logits(student):
    loss, dlogits = loss_of(student, [[1000.0, 0.0], [-1000.0, -1000.0]], [1, 0])
    assert_close(loss, (1000 + np.log(2)) / 2, what="loss of large logits")
    assert_close(dlogits, np.array([[0.5, -0.5], [-0.25, 0.25]]), what="dlogits")
