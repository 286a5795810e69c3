"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close

question = pytest.mark.question

# Two images of one row and two pixels, two channels. The first channel holds 0, 2, 4,
# 6: mean 3, variance 5. The second holds 10, 10, 20, 20: mean 15, variance 25.
X = np.array([[[[0.0, 10], [2, 10]]], [[[4, 20], [6, 20]]]])
GAMMA, BETA = np.array([3.0, 10.0]), np.array([1.0, -1.0])
# With epsilon 4 the first root is 3; with 0 the second is 5.
STATE = np.array([100.0, 200.0]), np.array([10.0, 20.0])


def parts(value, names, called):
    wanted = f"{called} returns ({', '.join(names)})"
    assert isinstance(value, tuple | list), wanted
    assert len(value) == len(names), f"{wanted}, {len(names)} values"
    return value


def forward(student, x, *args, **options):
    value = student.batchnorm_forward(x, *args, **options)
    names = ("out", "cache", "running_mean", "running_var")
    return parts(value, names, "batchnorm_forward")


def backward(student, x, gamma, dout, epsilon):
    zero, one = np.zeros_like(gamma), np.ones_like(gamma)
    _, cache, *_ = forward(student, x, gamma, zero, zero, one, epsilon=epsilon)
    value = student.batchnorm_backward(dout, cache)
    return parts(value, ("dx", "dgamma", "dbeta"), "batchnorm_backward")


@question("he_init")
def test_he_init_of_a_convolution(student):
    weights = student.he_init(np.ones((3, 3, 2, 5)))
    expected = np.full((3, 3, 2, 5), 1 / 3)
    assert_close(weights, expected, what="weights, fan_in 18")


@question("he_init")
def test_he_init_of_a_dense_layer(student):
    weights = student.he_init(np.array([[1.0, -2, 3]] * 8))
    assert_close(weights, np.array([[0.5, -1, 1.5]] * 8), what="weights, fan_in 8")


@question("batchnorm_forward")
def test_forward_by_hand(student):
    out, *_ = forward(student, X, GAMMA, BETA, *STATE, momentum=0.9, epsilon=4.0)
    first = np.array([-2.0, 0, 2, 4])
    second = -1 + 50 / np.sqrt(29) * np.array([-1, -1, 1, 1])
    expected = np.stack([first, second], axis=-1).reshape(X.shape)
    assert_close(out, expected, what="out")


@question("batchnorm_forward")
def test_forward_gives_mean_beta_and_deviation_gamma(student, rng):
    x = 5 + 3 * rng.standard_normal((4, 3, 5, 2))
    out, *_ = forward(student, x, GAMMA, BETA, *STATE, epsilon=1e-12)
    out = np.asarray(out)
    assert_close(out.mean((0, 1, 2)), BETA, rtol=1e-5, what="mean of each channel")
    assert_close(out.std((0, 1, 2)), GAMMA, rtol=1e-5, what="deviation of each channel")


@question("batchnorm_forward")
def test_forward_of_a_dense_layer(student):
    x, one, zero = np.array([[1.0], [3], [5], [7]]), np.ones(1), np.zeros(1)
    out, *_ = forward(student, x, one, zero, zero, one, epsilon=4.0)
    assert_close(out, np.array([[-1.0], [-1 / 3], [1 / 3], [1]]), what="out")


@question("batchnorm_forward")
def test_forward_updates_the_running_state(student):
    _, _, mean, var = forward(student, X, GAMMA, BETA, *STATE, momentum=0.8)
    assert_close(mean, np.array([80.6, 163.0]), what="new running_mean")
    assert_close(var, np.array([9.0, 21.0]), what="new running_var")


@question("batchnorm_backward")
def test_backward_by_hand(student):
    x = np.array([[-1.0], [1], [-1], [1]])
    dout = np.array([[4.0], [0], [0], [0]])
    dx, dgamma, dbeta = backward(student, x, np.array([6.0]), dout, epsilon=3.0)
    wanted = [[8.25], [-2.25], [-3.75], [-2.25]]
    assert_close(dx, np.array(wanted), what="dx")
    assert_close(dgamma, np.array([-2.0]), what="dgamma")
    assert_close(dbeta, np.array([4.0]), what="dbeta")


@question("batchnorm_backward")
def test_backward_sums_to_zero(student, rng):
    x, dout = rng.standard_normal((2, 2, 3, 4, 2))
    dx, dgamma, dbeta = backward(student, x, GAMMA, dout, epsilon=0.1)
    assert np.shape(dx) == x.shape, f"dx must have x's shape, {x.shape}"
    sums = np.asarray(dx).sum((0, 1, 2))
    assert_close(sums, np.zeros(2), atol=1e-4, what="sum of dx per channel")
    assert_close(dbeta, dout.sum((0, 1, 2)), what="dbeta")
    assert np.shape(dgamma) == (2,), "dgamma must have shape (C,)"


@question("batchnorm_inference")
def test_inference_by_hand(student):
    mean, var = np.array([1.0, 10]), np.array([5.0, 21])
    out = student.batchnorm_inference(X, GAMMA, BETA, mean, var, epsilon=4.0)
    expected = np.array([[[[0.0, -1], [2, -1]]], [[[4, 19], [6, 19]]]])
    assert_close(out, expected, what="out")


@question("batchnorm_inference")
def test_inference_of_one_dense_example(student):
    one = np.ones(1)
    out = student.batchnorm_inference(
        np.array([[7.0]]), 2 * one, one, 3 * one, one, epsilon=3.0
    )
    assert_close(out, np.array([[5.0]]), what="out")


@question("fold_batchnorm")
def test_fold_by_hand(student):
    w = np.array([[1.0, 2], [3, 4], [5, 6]])[None, None]
    b, gamma, beta = np.array([1.0, 2]), np.array([4.0, 9]), np.array([10.0, 20])
    mean, var = np.array([3.0, -1]), np.array([1.0, 6])
    value = student.fold_batchnorm(w, b, gamma, beta, mean, var, epsilon=3.0)
    new_w, new_b = parts(value, ("w", "b"), "fold_batchnorm")
    expected = np.array([[2.0, 6], [6, 12], [10, 18]])[None, None]
    assert_close(new_w, expected, what="w")
    assert_close(new_b, np.array([6.0, 29]), what="b")


@question("lrn")
def test_lrn_of_one_channel(student):
    out = student.lrn(np.full((1, 1, 1, 1), 3.0), n=5, k=1.0, alpha=1.0, beta=0.5)
    assert_close(out, np.full((1, 1, 1, 1), 3 / np.sqrt(10)), what="out")


@question("lrn")
def test_lrn_neighbours(student):
    x = np.array([1.0, 2, 3, 4]).reshape(1, 1, 1, 4)
    out = student.lrn(x, n=3, k=1.0, alpha=1.0, beta=1.0)
    expected = np.array([1 / 6, 2 / 15, 3 / 30, 4 / 26]).reshape(x.shape)
    assert_close(out, expected, what="out with n 3")
    even = student.lrn(x, n=2, k=1.0, alpha=1.0, beta=1.0)
    assert_close(even, expected, what="out with n 2, which reaches as far")


@question("dropout")
def test_dropout_by_hand(student):
    x, noise = np.array([1.0, 2, 3, 4]), np.array([0.1, 0.75, 0.74, 0.9])
    out = student.dropout(x, 0.75, noise)
    assert_close(out, np.array([0.0, 8, 0, 16]), what="out in training")


@question("dropout")
def test_dropout_in_evaluation(student):
    x, noise = np.array([[1.0, 2], [3, 4]]), np.zeros((2, 2))
    out = student.dropout(x, 0.5, noise, training=False)
    assert_close(out, x, what="out with training=False")


@question("smooth_labels")
def test_smooth_labels_by_hand(student):
    out = student.smooth_labels(np.array([2, 0]), 4, 0.2)
    expected = np.array([[0.05, 0.05, 0.85, 0.05], [0.85, 0.05, 0.05, 0.05]])
    assert_close(out, expected, what="distributions")


@question("smooth_labels")
def test_smooth_labels_without_smoothing(student):
    out = student.smooth_labels(np.array([1]), 3, 0.0)
    assert_close(out, np.array([[0.0, 1, 0]]), what="distributions, epsilon 0")
