"""dense_forward flattens every example in its own order, multiplies, adds b."""

import numpy as np
import pytest

from shared.datasets import digits_arrays
from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

CASES = {  # x (N, ...), number of outputs M
    "vectors": ((3, 4), 5),
    "one example": ((1, 6), 2),
    "one output": ((4, 3), 1),
    "one number each": ((3, 1), 4),
    "maps": ((2, 3, 4, 5), 6),
    "rows": ((4, 2, 3), 2),
    "as many examples as numbers": ((4, 4), 4),
    "pooled to one pixel": ((2, 1, 1, 7), 3),
}


def draw(rng, shape, outputs):
    size = int(np.prod(shape[1:]))
    return normal(rng, shape), normal(rng, (size, outputs)), normal(rng, (outputs,))


def expected_of(x, w, b):
    """Each output by itself: numbers in the order of their indices, times weights."""
    out = np.empty((len(x), w.shape[1]))
    for n, m in np.ndindex(*out.shape):
        numbers = (x[n][index] for index in np.ndindex(*x.shape[1:]))
        out[n, m] = b[m] + sum(
            float(a) * float(c) for a, c in zip(numbers, w[:, m], strict=True)
        )
    return out


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_sums(student, rng, case):
    x, w, b = draw(rng, *case)
    assert_close(student.dense_forward(x, w, b), expected_of(x, w, b), what="out")


def test_order_of_the_numbers(student):
    """The weights are powers of ten, so that out shows the digits in their order."""
    x = np.arange(1.0, 9).reshape(1, 2, 2, 2)
    w = 10.0 ** np.arange(7, -1, -1)[:, None]
    out = student.dense_forward(x, w, np.zeros(1))
    assert_close(out, np.array([[12345678.0]]), what="out")


def test_float32(student, rng):
    x, w, b = (a.astype(np.float32) for a in draw(rng, (3, 2, 3, 2), 4))
    expected = expected_of(x, w, b).astype(np.float32)
    assert_close(student.dense_forward(x, w, b), expected, what="out for float32")


@pytest.mark.parametrize("layout", ["Fortran order", "every second row", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x = normal(rng, (3, 4, 3, 2))
    if layout == "Fortran order":
        x = np.asfortranarray(x)
    else:
        x = x[:, ::2] if layout == "every second row" else x[:, :, ::-1]
    _, w, b = draw(rng, x.shape, 5)
    out = student.dense_forward(x, np.asfortranarray(w), b)
    assert_close(out, expected_of(x, w, b), what=f"out ({layout})")


def test_inputs_are_unmodified(student, rng):
    x, w, b = draw(rng, (2, 3, 2), 4)
    _, after = student.with_inputs("dense_forward", x, w, b)
    for name, old, new in zip("xwb", (x, w, b), after, strict=True):
        assert old.shape == new.shape, f"dense_forward reshaped its argument {name}"
        assert np.array_equal(old, new), f"dense_forward changed its argument {name}"


def test_without_weights_only_the_bias_is_left(student, rng):
    b = normal(rng, (4,))
    out = student.dense_forward(normal(rng, (3, 5)), np.zeros((5, 4)), b)
    assert_close(out, np.stack([b, b, b]), what="out for w = 0")


def test_real_digits(student, rng):
    images = digits_arrays("train[:3]")[0] / 255.0
    _, w, b = draw(rng, images.shape, 10)
    out = student.dense_forward(images, w, b)
    assert_close(out, expected_of(images, w, b), what="out of three digits")
