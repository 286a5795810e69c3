"""conv2d_gradient makes the operation differentiable, in graphs too."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv_cases import Case

CASES = {
    "valid": Case((2, 5, 6, 3), (3, 2, 3, 4)),
    "same, strides differ": Case((1, 6, 5, 2), (3, 2, 2, 1), (2, 1), "SAME"),
    "dilations differ": Case((1, 9, 6, 2), (3, 2, 2, 2), dilations=(2, 3)),
}


def check(student, rng, case, dtype=np.float64, **how):
    x, kernel = case.draw(rng, dtype)
    d_y = case.draw_d_y(rng, dtype)
    found = student.gradients_in_tensorflow(x, kernel, d_y, **case.how, **how)
    wanted = case.gradients(x, kernel, d_y)
    for name, one, other in zip(("d_x", "d_kernel"), found, wanted, strict=True):
        assert one is not None, f"{name} is None: conv2d_gradient returns both"
        assert one.dtype == dtype, f"{name} is {one.dtype}, the input {dtype.__name__}"
        assert_close(one, other.astype(dtype), what=name)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_eagerly(student, rng, case):
    check(student, rng, case)


@pytest.mark.parametrize("unknown", ["batch", "sizes"])
def test_in_a_graph(student, rng, unknown):
    check(student, rng, CASES["same, strides differ"], unknown=unknown)


def test_float32(student, rng):
    check(student, rng, CASES["valid"], np.float32)
