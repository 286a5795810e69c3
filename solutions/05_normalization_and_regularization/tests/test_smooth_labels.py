"""smooth_labels mixes each label with the uniform distribution."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close

CASES = {  # labels, classes, epsilon
    "ten classes": ([3, 0, 9, 3], 10, 0.1),
    "two classes": ([1, 0, 1], 2, 0.3),
    "no smoothing": ([2, 1, 0, 2], 3, 0.0),
    "nothing but smoothing": ([2, 1], 5, 1.0),
    "one label": ([4], 6, 0.25),
    "as many labels as classes": ([0, 1, 2, 2], 4, 0.2),
    "the last classes do not occur": ([0, 1], 7, 0.1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_the_formula(student, case):
    labels, classes, epsilon = case
    expected = [
        [(1 - epsilon) * (k == label) + epsilon / classes for k in range(classes)]
        for label in labels
    ]
    out = student.smooth_labels(np.array(labels), classes, epsilon)
    assert_close(out, np.array(expected), what="distributions")


def test_rows_add_to_one(student, rng):
    out = np.asarray(student.smooth_labels(rng.integers(0, 8, 20), 8, 0.35))
    assert out.shape == (20, 8), f"expected shape (20, 8), got {out.shape}"
    assert_close(out.sum(axis=1), np.ones(20), what="sum of each row")


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64])
def test_any_kind_of_int(student, kind):
    out = student.smooth_labels(np.array([1, 3], kind), 4, 0.2)
    expected = np.array([[0.05, 0.85, 0.05, 0.05], [0.05, 0.05, 0.05, 0.85]])
    assert_close(out, expected, what=f"distributions for {kind.__name__} labels")


def test_labels_are_unmodified(student, rng):
    labels = rng.integers(0, 5, 6)
    _, after = student.with_inputs("smooth_labels", labels, 5, 0.1)
    assert np.array_equal(labels, after[0]), "smooth_labels changed its argument labels"
