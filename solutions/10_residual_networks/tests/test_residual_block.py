"""residual_block: the sum of a branch and a shortcut, then ReLU."""

import pytest

from solutions.oracles.residual_checks import (
    assert_computes,
    assert_recipe,
    assert_zero_branch_is_the_identity,
    built,
)

PROJECTED = {  # shape, filters, strides
    "stride 2 and more channels": ((8, 5, 3), 6, 2),
    "more channels": ((4, 3, 2), 4, 1),
    "stride 3, as many channels": ((7, 5, 4), 4, 3),
    "fewer channels": ((3, 4, 5), 3, 1),
}


def test_the_shape_stays(student, reference, rng):
    case = (5, 4, 3), 3, 1
    model = built(student, reference, "residual_block", *case)
    assert_recipe(model)
    assert_zero_branch_is_the_identity(model, rng, case[0])
    assert_computes(model, rng, "residual_block", *case)


@pytest.mark.parametrize("case", PROJECTED.values(), ids=PROJECTED)
def test_the_shape_changes(student, reference, rng, case):
    model = built(student, reference, "residual_block", *case)
    assert_recipe(model)
    assert_computes(model, rng, "residual_block", *case)


def test_the_stride_has_a_default(student, reference):
    model = reference.rebuild(student.as_model("residual_block", (4, 3, 2), filters=2))
    _, shape = model.shapes()
    assert shape == (None, 4, 3, 2), f"without strides the size stays; got {shape}"
