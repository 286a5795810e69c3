"""dense_backward agrees with sums over the pairs that the forward pass multiplies."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal, numeric_gradient
from solutions.expect import several

CASES = {  # x (N, ...), number of outputs M
    "vectors": ((3, 4), 5),
    "one example": ((1, 6), 2),
    "one output": ((4, 3), 1),
    "maps": ((2, 3, 4, 5), 6),
    "rows": ((4, 2, 3), 2),
    "all sizes equal": ((4, 4), 4),
    "pooled to one pixel": ((2, 1, 1, 7), 3),
}
NAMES = ("dx", "dw", "db")


def draw(rng, shape, outputs):
    """dout, x, w."""
    size = int(np.prod(shape[1:]))
    return (
        normal(rng, (shape[0], outputs)),
        normal(rng, shape),
        normal(rng, (size, outputs)),
    )


def expected_of(dout, x, w):
    dout, x, w = (np.asarray(a, np.float64) for a in (dout, x, w))
    folded = w.reshape(*x.shape[1:], -1)
    dx = np.einsum("nm,...m->n...", dout, folded)
    dw = sum(np.multiply.outer(a, d) for a, d in zip(x, dout, strict=True))
    return dx, dw.reshape(w.shape), dout.sum(axis=0)


def gradients(student, dout, x, w):
    value = student.dense_backward(dout, x, w)
    return several(value, NAMES, "dense_backward")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_sums(student, rng, case):
    drawn = draw(rng, *case)
    ours = gradients(student, *drawn)
    for name, a, e in zip(NAMES, ours, expected_of(*drawn), strict=True):
        assert_close(a, e, what=name)


def test_matches_central_differences(student, rng):
    dout, x, w = draw(rng, (3, 2, 3), 4)

    def out(x=x, w=w, b=0.0):
        return np.stack([row.ravel() @ w for row in x]) + b

    numeric = (
        numeric_gradient(lambda v: out(x=v), x, dout),
        numeric_gradient(lambda v: out(w=v), w, dout),
        numeric_gradient(lambda v: out(b=v), np.zeros(4), dout),
    )
    ours = gradients(student, dout, x, w)
    for name, a, e in zip(NAMES, ours, numeric, strict=True):
        # Differences with h = 1e-5 keep about ten digits; float32 answers fewer.
        rtol = 1e-5
        assert_close(a, e, atol=rtol * np.abs(e).max(), what=f"{name}, numeric")


def test_sums_over_the_batch(student, rng):
    """The same batch twice: dw and db double, dx repeats."""
    dout, x, w = draw(rng, (3, 4), 2)
    once = gradients(student, dout, x, w)
    twice = gradients(student, np.tile(dout, (2, 1)), np.tile(x, (2, 1)), w)
    factors = (1, 2, 2)
    for name, a, e, factor in zip(NAMES, twice, once, factors, strict=True):
        e = np.tile(e, (2, 1)) if name == "dx" else factor * np.asarray(e)
        assert_close(a, e, what=f"{name} of a batch that is repeated")


def test_float32(student, rng):
    drawn = [a.astype(np.float32) for a in draw(rng, (3, 2, 3, 2), 4)]
    ours = gradients(student, *drawn)
    for name, a, e in zip(NAMES, ours, expected_of(*drawn), strict=True):
        assert_close(a, e.astype(np.float32), what=f"{name} for float32")


@pytest.mark.parametrize("layout", ["Fortran order", "every second row", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x = normal(rng, (3, 4, 3, 2))
    if layout == "Fortran order":
        x = np.asfortranarray(x)
    else:
        x = x[:, ::2] if layout == "every second row" else x[:, :, ::-1]
    dout, _, w = draw(rng, x.shape, 5)
    dout, w = np.asfortranarray(dout), np.asfortranarray(w)
    ours = gradients(student, dout, x, w)
    for name, a, e in zip(NAMES, ours, expected_of(dout, x, w), strict=True):
        assert_close(a, e, what=f"{name} ({layout})")


def test_inputs_are_unmodified(student, rng):
    drawn = draw(rng, (2, 3, 2), 4)
    _, after = student.with_inputs("dense_backward", *drawn)
    for name, old, new in zip(("dout", "x", "w"), drawn, after, strict=True):
        assert np.array_equal(old, new), f"dense_backward changed its argument {name}"
