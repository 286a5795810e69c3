"""topk_error counts labels that k classes are ahead of, ties by class number."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from solutions.oracles.augmentation import topk_loop

SIZES = {  # examples, classes
    "ten classes": (30, 10),
    "two classes": (17, 2),
    "more classes than examples": (5, 40),
    "one example": (1, 6),
    "as many as classes": (7, 7),
}


def number(value):
    """The result as a number, or a failure in the student's terms."""
    value = np.asarray(value)
    assert value.shape == (), f"the error must be one number, not shape {value.shape}"
    return value


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_matches_counting(student, rng, size, k):
    scores, labels = rng.random(size), rng.integers(0, size[1], size[0])
    out = number(student.topk_error(scores, labels, k=k))
    assert_close(out, topk_loop(scores, labels, k), atol=1e-6, what=f"top-{k} error")


def test_k_is_1_if_not_given(student, rng):
    scores, labels = rng.random((20, 5)), rng.integers(0, 5, 20)
    out = number(student.topk_error(scores, labels))
    assert_close(out, topk_loop(scores, labels, 1), atol=1e-6, what="top-1 error")


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_ties_go_to_the_smaller_class(student, k):
    """All classes equal: only the first k are among the first k."""
    scores, labels = np.full((6, 6), 0.25), np.arange(6)
    out = number(student.topk_error(scores, labels, k=k))
    assert_close(out, (6 - k) / 6, atol=1e-6, what=f"top-{k} error of equal scores")


@pytest.mark.parametrize("k", [1, 4, 16])
def test_many_ties_among_many_classes(student, rng, k):
    """Enough classes for a sort that is not stable to mix equal ones up."""
    scores = rng.integers(0, 3, (40, 80)) / 2
    labels = rng.integers(0, 80, 40)
    out = number(student.topk_error(scores, labels, k=k))
    expected = topk_loop(scores, labels, k)
    assert_close(out, expected, atol=1e-6, what=f"top-{k} error with ties")


def test_a_tie_on_the_border(student):
    scores = np.array([[0.5, 0.25, 0.25, 0.0], [0.5, 0.25, 0.25, 0.0]])
    out = number(student.topk_error(scores, np.array([1, 2]), k=2))
    assert_close(out, 0.5, atol=1e-6, what="top-2 error: class 1 is in, class 2 is out")


def test_nobody_and_everybody(student):
    scores = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]])
    assert_close(number(student.topk_error(scores, np.array([1, 0]))), 0.0, atol=1e-9)
    assert_close(number(student.topk_error(scores, np.array([0, 2]))), 1.0, atol=1e-6)


@pytest.mark.parametrize("k", [3, 4, 10])
def test_k_as_large_as_the_classes_or_larger(student, rng, k):
    scores, labels = rng.random((8, 3)), rng.integers(0, 3, 8)
    out = number(student.topk_error(scores, labels, k=k))
    assert_close(out, 0.0, atol=1e-9, what=f"top-{k} error among 3 classes")


def test_scores_of_any_sign(student, rng):
    """Logits: negative ones, and large ones."""
    scores, labels = 100 * rng.normal(size=(25, 6)), rng.integers(0, 6, 25)
    for k in (1, 3):
        out = number(student.topk_error(scores - 300, labels, k=k))
        expected = topk_loop(scores - 300, labels, k)
        assert_close(out, expected, atol=1e-6, what=f"top-{k} error of logits")


def test_float32_and_other_kinds_of_int(student, rng):
    scores = rng.random((9, 5)).astype(np.float32)
    for kind in (np.uint8, np.int32):
        labels = rng.integers(0, 5, 9).astype(kind)
        out = number(student.topk_error(scores, labels, k=2))
        assert_close(out, topk_loop(scores, labels, 2), atol=1e-6, what="top-2 error")


def test_memory_layout_does_not_matter(student, rng):
    scores, labels = rng.random((12, 8)), rng.integers(0, 4, 12)
    for view in (np.asfortranarray(scores)[:, :4], scores[::-1, ::2]):
        out = number(student.topk_error(view, labels, k=2))
        assert_close(out, topk_loop(view, labels, 2), atol=1e-6, what="top-2 error")


def test_inputs_are_unmodified(student, rng):
    scores, labels = rng.random((5, 4)), rng.integers(0, 4, 5)
    _, after = student.with_inputs("topk_error", scores, labels, k=2)
    for name, old, new in (("scores", scores, after[0]), ("labels", labels, after[1])):
        assert np.array_equal(old, new), f"topk_error changed its argument {name}"
