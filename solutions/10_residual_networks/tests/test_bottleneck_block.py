"""bottleneck_block: 1x1, 3x3, 1x1 and a shortcut, then ReLU."""

import pytest

from solutions.oracles.residual_checks import (
    assert_computes,
    assert_recipe,
    assert_zero_branch_is_the_identity,
    built,
)

PROJECTED = {  # shape, filters, strides
    "stride 2 and more channels": ((8, 5, 3), 8, 2),
    "stride 2, as many channels": ((5, 6, 12), 12, 2),
    "more channels": ((3, 4, 5), 8, 1),
}


def test_the_shape_stays(student, reference, rng):
    case = (5, 4, 8), 8, 1
    model = built(student, reference, "bottleneck_block", *case)
    assert_recipe(model)
    assert_zero_branch_is_the_identity(model, rng, case[0])
    assert_computes(model, rng, "bottleneck_block", *case)


@pytest.mark.parametrize("case", PROJECTED.values(), ids=PROJECTED)
def test_the_shape_changes(student, reference, rng, case):
    model = built(student, reference, "bottleneck_block", *case)
    assert_recipe(model)
    assert_computes(model, rng, "bottleneck_block", *case)


def test_the_stride_has_a_default(student, reference):
    model = student.as_model("bottleneck_block", (4, 3, 4), filters=4)
    _, shape = reference.rebuild(model).shapes()
    assert shape == (None, 4, 3, 4), f"without strides the size stays; got {shape}"
