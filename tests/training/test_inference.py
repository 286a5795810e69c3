"""Test-time augmentation, ensembles and the top-k error, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
from sklearn.metrics import top_k_accuracy_score

from shared.testing import normal, rng
from shared.training.augmentation import AugmentationError
from shared.training.inference import (
    cropped,
    flipped,
    predict_ensemble,
    predict_tta,
    shifted,
    ten_crops,
    topk_error,
    turned,
    unchanged,
)

X = rng(0).random((7, 6, 5, 2)).astype(np.float32)
WEIGHTS = normal(rng(1), (6 * 5 * 2, 4))


class Linear:
    """A model as simple as can be, which records the batches it is given."""

    def __init__(self, weights=WEIGHTS, softmax=False):
        self.weights, self.softmax, self.batches = weights, softmax, []

    def __call__(self, x, training):
        assert training is False
        self.batches.append(len(x))
        out = x.reshape(len(x), -1) @ self.weights
        return softmax(out) if self.softmax else out


def softmax(scores):
    powers = np.exp(scores)
    return powers / powers.sum(1, keepdims=True)


def test_tta_is_the_mean_over_views():
    model = Linear()
    views = (unchanged, flipped(), shifted(1, -2))
    scores = predict_tta(model, X, views, batch_size=3)
    moved = np.stack([scipy.ndimage.shift(x, (1, -2, 0), order=0) for x in X])
    expected = sum(
        v.reshape(7, -1).astype(float) @ WEIGHTS for v in (X, X[:, :, ::-1], moved)
    )
    np.testing.assert_allclose(scores, expected / 3, rtol=1e-6)
    assert model.batches == [3, 3, 1] * 3


def test_tta_of_a_function_that_ignores_mirroring_changes_nothing():
    def model(x, training):
        return x.sum((1, 2))

    np.testing.assert_allclose(
        predict_tta(model, X, (unchanged, flipped())), X.sum((1, 2)), rtol=1e-6
    )


def test_probabilities_are_averaged_not_logits():
    models = [Linear(WEIGHTS), Linear(-2 * WEIGHTS)]
    out = predict_ensemble(models, X, from_logits=True)
    flat = X.reshape(7, -1)
    expected = (softmax(flat @ WEIGHTS) + softmax(flat @ (-2 * WEIGHTS))) / 2
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    np.testing.assert_allclose(out.sum(1), 1)
    # The mean of the logits would have another winner somewhere.
    assert (out.argmax(1) != (flat @ (-0.5 * WEIGHTS)).argmax(1)).any()


def test_the_first_output_counts_where_there_are_several():
    scores = predict_ensemble([lambda x, training: [x[:, 0, 0], x[:, 1, 1]]], X)
    np.testing.assert_allclose(scores, X[:, 0, 0])


def test_ten_crops_are_the_corners_the_centre_and_their_mirrors():
    x = rng(2).random((3, 8, 9, 1))
    crops = [view(x) for view in ten_crops(4)]
    starts = ((0, 0), (0, 5), (4, 0), (4, 5), (2, 2))
    for crop, mirror, (top, left) in zip(crops[:5], crops[5:], starts, strict=True):
        expected = x[:, top : top + 4, left : left + 4]
        np.testing.assert_array_equal(crop, expected)
        np.testing.assert_array_equal(mirror, expected[:, :, ::-1])


def test_turned_is_counter_clockwise():
    np.testing.assert_allclose(turned(90)(X[:, :5]), np.rot90(X[:, :5], 1, (1, 2)))


def test_unsafe_views_are_refused():
    with pytest.raises(AugmentationError, match="flip left-right makes labels of 'dig"):
        predict_tta(Linear(), X, (unchanged, flipped()), dataset="digits")
    with pytest.raises(AugmentationError, match="flip left-right"):
        predict_tta(Linear(), X, ten_crops(4), dataset="mnist")
    with pytest.raises(AugmentationError, match="rotate by 90"):
        predict_tta(Linear(), X, (turned(90),), dataset="mnist")
    assert predict_tta(Linear(), X, (shifted(1, 0),), dataset="mnist").shape == (7, 4)


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_topk_error_is_scikit_learns_where_nothing_ties(k):
    scores, y = normal(rng(3), (200, 7)), rng(4).integers(0, 7, 200)
    accuracy = top_k_accuracy_score(y, scores, k=k, labels=np.arange(7))
    assert topk_error(scores, y, k) == pytest.approx(1 - accuracy)


def test_ties_count_against_the_model():
    y = np.array([0, 1, 2])
    assert topk_error(np.full((3, 4), 0.25), y, 3) == 1
    assert topk_error(np.full((3, 4), 0.25), y, 4) == 0
    scores = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])
    assert topk_error(scores, np.array([0, 1, 2]), 1) == 1
    assert topk_error(scores, np.array([0, 1, 2]), 2) == pytest.approx(1 / 3)
    # In whatever order the classes come.
    order = [2, 0, 1]
    relabelled = np.argsort(order)[[0, 1, 2]]
    assert topk_error(scores[:, order], relabelled, 2) == pytest.approx(1 / 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_an_error(bad):
    scores = np.array([[1.0, bad, 0.0], [1.0, 0.0, 0.0]])
    assert topk_error(scores, np.array([0, 0]), 3) == 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: topk_error(np.zeros((3, 4)), np.zeros(3, int), 5), "1 to 4.*got 5"),
        (lambda: topk_error(np.zeros((3, 4)), np.zeros(3, int), 0), "got 0"),
        (lambda: topk_error(np.zeros((3, 4)), np.full(3, 4)), "run from 4 to 4"),
        (lambda: topk_error(np.zeros((3, 4)), np.full(3, -1)), "run from -1"),
        (lambda: topk_error(np.zeros((3, 4)), np.zeros(2, int)), r"\(2,\)"),
        (lambda: topk_error(np.zeros((0, 4)), np.zeros(0, int)), r"\(0, 4\)"),
        (lambda: topk_error(np.zeros((3, 4)), np.zeros(3)), "integers, got float64"),
        (lambda: predict_tta(Linear(), X, ()), "views: none"),
        (lambda: predict_ensemble([], X), "models: none"),
        (lambda: predict_ensemble([Linear()], X[:0]), "x: none"),
        (
            lambda: predict_ensemble([Linear(), Linear(WEIGHTS[:, :3])], X),
            r"\(7, 4\) and \(7, 3\)",
        ),
        (lambda: cropped(7, "centre")(X), "crop of 7 does not fit 6x5"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
