"""ensemble_predict: the mean of several models, or the shares of their votes."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

SHAPE = (4, 2, 3, 1)  # images
PIXELS = 24


def models_of(student, rng, count, classes):
    """Models for the student, and for us as functions of the images."""
    images, handles, ours = SHAPE[0], [], []
    for _ in range(count):
        matrix = normal(rng, (images * classes, PIXELS))
        bias = normal(rng, images * classes)
        shape = (images, classes)
        handles.append(student.affine_map(matrix, bias, shape))
        ours.append(lambda x, m=matrix, b=bias, s=shape: (m @ x.ravel() + b).reshape(s))
    return handles, ours


def saying(student, tables):
    """Models that say the same whatever they see: (N, K) each."""
    nothing = [np.zeros((np.size(table), PIXELS)) for table in tables]
    return [
        student.affine_map(zeros, np.ravel(table).astype(float), np.shape(table))
        for zeros, table in zip(nothing, tables, strict=True)
    ]


def shares(tables):
    """Votes counted by hand: each model's goes to the first of its best classes."""
    images, classes = np.shape(tables[0])
    votes = np.zeros((images, classes))
    for table in tables:
        for row, scores in enumerate(np.asarray(table).tolist()):
            votes[row, scores.index(max(scores))] += 1
    return votes / len(tables)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_mean(student, rng, count, classes):
    handles, ours = models_of(student, rng, count, classes)
    x = normal(rng, SHAPE)
    expected = sum(model(x) for model in ours) / count
    assert_close(student.ensemble_predict(handles, x), expected, what="mean of models")
    out = student.ensemble_predict(handles, x, vote=False)
    assert_close(out, expected, what="mean of models with vote=False")


@pytest.mark.parametrize("classes", [2, 4, 6])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_votes(student, rng, count, classes):
    handles, ours = models_of(student, rng, count, classes)
    x = normal(rng, SHAPE)
    expected = shares([model(x) for model in ours])
    out = student.ensemble_predict(handles, x, vote=True)
    assert_close(out, expected, what="shares of the votes")


def test_the_sure_one_against_two_others(student):
    """Mean and vote differ: one model is sure, two lean the other way."""
    tables = [[[0.9, 0.1]] * 4, [[0.4, 0.6]] * 4, [[0.4, 0.6]] * 4]
    models = saying(student, tables)
    mean = student.ensemble_predict(models, np.zeros(SHAPE))
    votes = student.ensemble_predict(models, np.zeros(SHAPE), vote=True)
    assert_close(mean, np.array([[1.7 / 3, 1.3 / 3]] * 4), what="mean of models")
    assert_close(votes, np.array([[1 / 3, 2 / 3]] * 4), what="shares of the votes")


def test_a_model_that_cannot_decide_votes_for_the_smallest_class(student):
    tables = [
        [[0.0, 0.5, 0.5], [0.25, 0.25, 0.5], [0.5, 0, 0.5], [0.25, 0.25, 0.25]],
        [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0, 0.5, 0.5], [0.0, 0.0, 0.0]],
    ]
    out = student.ensemble_predict(saying(student, tables), np.zeros(SHAPE), vote=True)
    expected = [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0.5, 0], [1, 0, 0]]
    assert_close(out, np.array(expected), what="shares of the votes with ties")


def test_votes_without_positive_scores(student):
    """Scores need not be probabilities: the largest counts, whatever its sign."""
    tables = [[[-3.0, -1, -2]] * 4, [[-9.0, -8, -7]] * 4]
    out = student.ensemble_predict(saying(student, tables), np.zeros(SHAPE), vote=True)
    assert_close(out, np.array([[0, 0.5, 0.5]] * 4), what="shares of the votes")


def test_a_class_without_votes_keeps_its_column(student):
    tables = [[[0.5, 0.25, 0.25, 0.0]] * 4] * 3
    out = student.ensemble_predict(saying(student, tables), np.zeros(SHAPE), vote=True)
    assert_close(out, np.array([[1.0, 0, 0, 0]] * 4), what="shares of the votes")


def test_models_may_be_a_tuple(student, rng):
    handles, ours = models_of(student, rng, 2, 3)
    x = normal(rng, SHAPE)
    out = student.ensemble_predict(tuple(handles), x)
    assert_close(out, (ours[0](x) + ours[1](x)) / 2, what="mean of a tuple of models")


@pytest.mark.parametrize("vote", [False, True])
def test_images_are_unmodified(student, rng, vote):
    handles, _ = models_of(student, rng, 2, 3)
    x = normal(rng, SHAPE)
    _, after = student.with_inputs("ensemble_predict", handles, x, vote=vote)
    assert np.array_equal(x, after[1]), "ensemble_predict changed its argument x"
