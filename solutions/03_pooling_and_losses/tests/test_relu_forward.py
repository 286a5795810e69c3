"""relu_forward is max(x, 0) for arrays of any shape."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal

SHAPES = [(7,), (3, 5), (2, 4, 3, 2), (1, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matches_where(student, rng, shape, dtype):
    x = np.asarray(3 * normal(rng, shape), dtype)
    out = student.relu_forward(x)
    assert_close(out, np.where(x > 0, x, np.zeros_like(x)), what="out")


def test_zero_small_and_large(student):
    x = np.array([-1e30, -1.0, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 1.5, 1e30])
    out = np.asarray(student.relu_forward(x))
    expected = [0.0, 0, 0, 0, 0, 1e-30, 0.5, 1, 1.5, 1e30]
    # Each by itself: beside 1e30 all others would be rounding errors.
    rtol = 1e-6
    assert_close(out, np.array(expected), rtol=rtol, what="out")


def test_parts_add_up(student, rng):
    """x = relu(x) - relu(-x), |x| = relu(x) + relu(-x)."""
    x = normal(rng, (3, 4, 5))
    up, down = (np.asarray(student.relu_forward(v)) for v in (x, -x))
    assert_close(up - down, x, what="relu(x) - relu(-x)")
    assert_close(up + down, np.abs(x), what="relu(x) + relu(-x)")


@pytest.mark.parametrize("layout", ["Fortran order", "transposed", "mirrored"])
def test_memory_layout_does_not_matter(student, rng, layout):
    x = normal(rng, (4, 3, 5))
    if layout == "Fortran order":
        x = np.asfortranarray(x)
    else:
        x = x.T if layout == "transposed" else x[:, ::-1]
    assert_close(student.relu_forward(x), np.fmax(x, 0), what=f"out ({layout})")


def test_input_is_unmodified(student, rng):
    x = normal(rng, (3, 4))
    _, after = student.with_inputs("relu_forward", x)
    assert np.array_equal(x, after[0]), "relu_forward changed its argument x"
