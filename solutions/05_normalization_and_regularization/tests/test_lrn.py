"""lrn agrees with AlexNet's formula, number by number."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.normalization import lrn_loop

CASES = {  # shape, n, k, alpha, beta
    "n 5": ((2, 3, 2, 8), 5, 2.0, 0.5, 0.75),
    "n 3": ((1, 2, 3, 6), 3, 1.0, 0.3, 0.5),
    "n 4 reaches as far as 5": ((1, 2, 2, 7), 4, 1.0, 0.7, 0.75),
    "n 1, each by itself": ((2, 2, 1, 4), 1, 0.5, 1.0, 0.75),
    "n larger than the channels": ((1, 3, 2, 3), 9, 1.0, 0.2, 0.75),
    "one channel": ((2, 2, 3, 1), 5, 2.0, 0.4, 0.9),
    "H = W = C": ((2, 4, 4, 4), 3, 1.5, 0.6, 0.75),
    "more rows than channels": ((1, 9, 2, 4), 5, 2.0, 0.5, 1.5),
    "beta 1": ((1, 2, 2, 6), 5, 3.0, 0.25, 1.0),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    shape, n, k, alpha, beta = case
    x = 2 * normal(rng, shape)
    out = student.lrn(x, n=n, k=k, alpha=alpha, beta=beta)
    assert_close(out, lrn_loop(x, n, k, alpha, beta), what="out")


def test_alexnets_constants(student, rng):
    """Answers in the hundreds, where alpha 1e-4 matters."""
    x = 300 * normal(rng, (1, 2, 3, 9))
    out = student.lrn(x)
    assert_close(out, lrn_loop(x, 5, 2.0, 1e-4, 0.75), what="out with the defaults")


def test_order_of_the_arguments(student, rng):
    x = normal(rng, (1, 2, 2, 5))
    out = student.lrn(x, 3, 1.5, 0.5, 0.25)
    assert_close(out, lrn_loop(x, 3, 1.5, 0.5, 0.25), what="lrn(x, n, k, alpha, beta)")


def test_pixels_do_not_see_each_other(student, rng):
    x = normal(rng, (2, 3, 4, 5))
    whole = np.asarray(student.lrn(x, n=3, k=1.0, alpha=0.5, beta=0.75))
    one = student.lrn(x[1:, 2:, 3:], n=3, k=1.0, alpha=0.5, beta=0.75)
    assert_close(one, whole[1:, 2:, 3:], what="one pixel alone")


def test_float32(student, rng):
    x = normal(rng, (2, 2, 3, 7), np.float32)
    out = student.lrn(x, n=5, k=1.0, alpha=0.5, beta=0.75)
    expected = lrn_loop(x, 5, 1.0, 0.5, 0.75).astype(np.float32)
    assert_close(out, expected, what="out for a float32 array")


def test_memory_layout_does_not_matter(student, rng):
    x = normal(rng, (2, 4, 3, 8))
    for view in (np.asfortranarray(x), x[:, ::2, :, ::-1]):
        out = student.lrn(view, n=3, k=1.0, alpha=0.5, beta=0.75)
        expected = lrn_loop(view, 3, 1.0, 0.5, 0.75)
        assert_close(out, expected, what="out for x in another memory layout")


def test_input_is_unmodified(student, rng):
    x = normal(rng, (1, 2, 3, 6))
    _, after = student.with_inputs("lrn", x)
    assert np.array_equal(x, after[0]), "lrn changed its argument x"
