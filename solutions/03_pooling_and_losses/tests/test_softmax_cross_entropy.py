"""softmax_cross_entropy agrees with logarithms that never overflow."""

import numpy as np
import pytest

from shared.testing import assert_close, normal, numeric_gradient
from solutions.expect import several
from solutions.oracles.losses import cross_entropy_loop

SHAPES = [(1, 2), (4, 3), (3, 10), (5, 5), (2, 100), (6, 1)]
NAMES = ("loss", "dlogits")


def run(student, logits, labels):
    value = student.softmax_cross_entropy(logits, labels)
    loss, dlogits = several(value, NAMES, "softmax_cross_entropy")
    if isinstance(loss, float) and np.asarray(dlogits).dtype == np.float32:
        loss = np.float32(loss)  # a Python float hides in which precision it was made
    return loss, dlogits


def check(student, logits, labels, note=""):
    ours = run(student, logits, labels)
    wanted = cross_entropy_loop(logits, labels)
    single = any(np.asarray(a).dtype == np.float32 for a in (logits, *ours))
    # Besides the rounding of a sum, that of the logits themselves: their last digit
    # is all that a loss can be sure of.
    relative, last_digit = (3e-5, 2e-7) if single else (1e-10, 4e-16)
    for name, a, e in zip(NAMES, ours, wanted, strict=True):
        allowed = relative * np.abs(e).max() + 10 * last_digit * np.abs(logits).max()
        assert_close(a, e, atol=allowed, what=name + note)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_matches_logaddexp(student, rng, shape):
    logits, labels = 2 * normal(rng, shape), rng.integers(shape[1], size=shape[0])
    check(student, logits, labels)


def test_equal_logits_know_nothing(student):
    loss, dlogits = run(student, np.full((2, 10), 0.7), np.array([0, 9]))
    assert_close(loss, np.log(10), what="loss of ten equal logits (ln 10)")
    expected = np.full((2, 10), 0.05)
    expected[0, 0] = expected[1, 9] = -0.45
    assert_close(dlogits, expected, what="dlogits of ten equal logits")


def test_matches_central_differences(student, rng):
    logits, labels = 2 * normal(rng, (4, 5)), rng.integers(5, size=4)
    _, dlogits = run(student, logits, labels)
    numeric = numeric_gradient(lambda z: cross_entropy_loop(z, labels)[0], logits)
    atol = 1e-8 if np.asarray(dlogits).dtype == np.float64 else 1e-5
    assert_close(dlogits, numeric, atol=atol, what="dlogits, numeric")


@pytest.mark.parametrize("size", [100.0, 1e4, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_large_logits(student, rng, size, sign):
    """All near one large number: nothing may overflow, nothing may vanish."""
    logits = sign * size + normal(rng, (3, 4))
    check(student, logits, rng.integers(4, size=3), f" of logits near {sign * size:g}")


@pytest.mark.parametrize("size", [40.0, 800.0, 1e6])
def test_surely_wrong(student, size):
    """The truth is far below the best: the loss is the distance."""
    logits = np.array([[size, 0.0, -5.0], [-size, 0.0, -7.0]])
    labels = np.array([1, 0])
    loss, dlogits = run(student, logits, labels)
    tiny = np.exp(-7.0)
    expected = (size + size + np.log1p(tiny)) / 2
    single = np.asarray(loss).dtype == np.float32
    assert_close(
        loss, expected, rtol=1e-6 if single else 1e-12, what="loss, the truth far below"
    )
    wanted = np.array([[1, -1, 0], [-1, 1 / (1 + tiny), tiny / (1 + tiny)]]) / 2
    assert_close(dlogits, wanted, atol=1e-6, what="dlogits, the truth far below")


def test_surely_right(student):
    loss, dlogits = run(
        student, np.array([[900.0, 0.0], [0.0, 900.0]]), np.array([0, 1])
    )
    assert_close(loss, 0.0, atol=1e-6, what="loss, the truth far above")
    assert_close(dlogits, np.zeros((2, 2)), atol=1e-6, what="dlogits, truth far above")


def test_rows_of_different_size(student, rng):
    """One shift for the whole batch is not enough."""
    logits = normal(rng, (3, 4)) + np.array([[0.0], [5000.0], [-5000.0]])
    labels = rng.integers(4, size=3)
    check(student, logits, labels, " of rows near 0, 5000, -5000")


def test_a_shift_changes_nothing(student, rng):
    logits, labels = normal(rng, (3, 4)), rng.integers(4, size=3)
    loss, dlogits = run(student, logits, labels)
    moved, dmoved = run(student, logits + np.array([[8.0], [-4.0], [2.0]]), labels)
    assert_close(moved, np.asarray(loss), atol=1e-5, what="loss after a shift")
    assert_close(dmoved, np.asarray(dlogits), atol=1e-5, what="dlogits after a shift")


def test_gradient_of_each_example_sums_to_zero(student, rng):
    logits, labels = 3 * normal(rng, (5, 6)), rng.integers(6, size=5)
    _, dlogits = run(student, logits, labels)
    sums = np.asarray(dlogits, np.float64).sum(axis=1)
    assert_close(sums, np.zeros(5), atol=1e-6, what="row sums of dlogits")


def test_is_the_mean_over_the_batch(student, rng):
    logits, labels = normal(rng, (3, 4)), rng.integers(4, size=3)
    loss, dlogits = run(student, logits, labels)
    twice, dtwice = run(student, np.tile(logits, (2, 1)), np.tile(labels, 2))
    assert_close(twice, np.asarray(loss), what="loss of a batch that is repeated")
    half = np.tile(dlogits, (2, 1)) / 2
    assert_close(dtwice, half, what="dlogits of a batch that is repeated")


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint8])
def test_kinds_of_labels(student, rng, kind):
    logits, labels = normal(rng, (4, 3)), rng.integers(3, size=4).astype(kind)
    check(student, logits, labels, f" for {np.dtype(kind)} labels")


@pytest.mark.parametrize("size", [1.0, 300.0, 1e4])
def test_float32(student, rng, size):
    logits = (size * normal(rng, (4, 5))).astype(np.float32)
    check(student, logits, rng.integers(5, size=4), f" of float32 logits to {size:g}")


def test_memory_layout_does_not_matter(student, rng):
    logits, labels = normal(rng, (6, 8)), rng.integers(6, size=8)
    check(student, logits.T, labels, ", transposed layout")
    check(student, logits[::2, ::-1][:, :6], labels[::3], ", strided layout")


def test_inputs_are_unmodified(student, rng):
    logits, labels = normal(rng, (3, 4)), rng.integers(4, size=3)
    _, after = student.with_inputs("softmax_cross_entropy", logits, labels)
    for name, old, new in zip(
        ("logits", "labels"), (logits, labels), after, strict=True
    ):
        assert np.array_equal(old, new), (
            f"softmax_cross_entropy changed its argument {name}"
        )
