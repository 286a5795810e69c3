"""tta_predict is the mean of the predictions over the views, and nothing else."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

SHAPE = (3, 2, 4, 1)  # images
CLASSES = 5
PIXELS, SCORES = 24, 15


class Views:
    """Views as numbers, for the student and for us.

    Views are linear; `predict` cuts off what is negative, so that a prediction of a
    mean is not the mean of predictions.
    """

    def __init__(self, student, rng, count, shape=SHAPE):
        self.x = normal(rng, SHAPE)
        self._maps = [
            (normal(rng, (PIXELS, PIXELS)), normal(rng, PIXELS)) for _ in range(count)
        ]
        self._last = normal(rng, (SCORES, PIXELS)), normal(rng, SCORES)
        self.views = [student.affine_map(m, b, shape) for m, b in self._maps]
        scores = (SHAPE[0], CLASSES)
        self.predict = student.affine_map(*self._last, scores, relu=True)

    def expected(self, chosen=None):
        matrix, bias = self._last
        total = np.zeros(SCORES)
        chosen = range(len(self._maps)) if chosen is None else chosen
        for index in chosen:
            view, shift = self._maps[index]
            seen = view @ self.x.ravel() + shift
            total += np.maximum(matrix @ seen + bias, 0)
        return (total / len(chosen)).reshape(SHAPE[0], CLASSES)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_is_the_mean_over_the_views(student, rng, count):
    given = Views(student, rng, count)
    out = student.tta_predict(given.predict, given.x, given.views)
    assert_close(out, given.expected(), what=f"mean over {count} views")


def test_one_view_is_one_prediction(student, rng):
    """The images as they are do not count, unless they are among the views."""
    given = Views(student, rng, 1)
    out = student.tta_predict(given.predict, given.x, given.views)
    assert_close(out, given.expected(), what="a single view")


def test_a_view_counts_as_often_as_it_is_listed(student, rng):
    given = Views(student, rng, 2)
    first, second = given.views
    out = student.tta_predict(given.predict, given.x, [first, second, first])
    assert_close(out, given.expected([0, 1, 0]), what="mean with one view twice")


def test_the_order_of_the_views_does_not_matter(student, rng):
    given = Views(student, rng, 4)
    out = student.tta_predict(given.predict, given.x, given.views[::-1])
    assert_close(out, given.expected(), what="mean over the views, backwards")


def test_views_may_be_a_tuple(student, rng):
    given = Views(student, rng, 3)
    out = student.tta_predict(given.predict, given.x, tuple(given.views))
    assert_close(out, given.expected(), what="mean over a tuple of views")


def test_a_view_may_have_another_shape(student, rng):
    """A quarter turn of a wide image is a tall one; its prediction counts the same."""
    given = Views(student, rng, 2)
    tall = Views(student, rng, 1, shape=(3, 4, 2, 1))
    tall.x, tall._last = given.x, given._last
    out = student.tta_predict(given.predict, given.x, [*given.views, *tall.views])
    expected = (2 * given.expected() + tall.expected()) / 3
    assert_close(out, expected, what="mean over wide and tall views")


def test_uint8_images(student, rng):
    given = Views(student, rng, 3)
    given.x = rng.integers(0, 256, SHAPE).astype(np.uint8)
    out = student.tta_predict(given.predict, given.x, given.views)
    assert_close(out, given.expected(), what="mean over views of uint8 images")


def test_images_are_unmodified(student, rng):
    given = Views(student, rng, 2)
    arguments = given.predict, given.x, given.views
    _, after = student.with_inputs("tta_predict", *arguments)
    assert np.array_equal(given.x, after[1]), "tta_predict changed its argument x"
