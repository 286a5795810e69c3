"""plain_block: two convolutions, each with its normalisation and ReLU."""

import pytest

from solutions.oracles.residual_checks import assert_computes, assert_recipe, built

CASES = {  # shape, filters, strides
    "stride 2, H != W": ((8, 5, 3), 6, 2),
    "stride 1": ((4, 3, 2), 3, 1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_made_of_the_right_layers(student, reference, rng, case):
    model = built(student, reference, "plain_block", *case)
    assert_recipe(model)
    assert_computes(model, rng, "plain_block", *case)


def test_the_stride_has_a_default(student, reference):
    model = reference.rebuild(student.as_model("plain_block", (4, 3, 2), filters=2))
    _, shape = model.shapes()
    assert shape == (None, 4, 3, 2), f"without strides the size stays; got {shape}"
