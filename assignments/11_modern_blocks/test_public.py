"""Small cases with their numbers: what `check("...")` runs in the notebook.

They look at parameters and at the output's size, which catches most mistakes, not all.
The grader compares your block layer by layer.
"""

import numpy as np
import pytest

question = pytest.mark.question


def block(student, name, shape, out, parameters, **arguments):
    """The block as a model, if its output and its trained parameters are right."""
    model = student.as_model(name, shape, **arguments)
    told = "".join(f", {key}={value!r}" for key, value in arguments.items())
    called = f"{name}(x{told}) for x {shape}"
    found = tuple(model.shapes()[1][1:])
    assert found == out, f"{called} must give {out}, not {found}"
    trained, _ = model.count_params()
    assert trained == parameters, (
        f"{called} must have {parameters:,} trained parameters; it has {trained:,}"
    )
    return model


@question("factorized_conv")
@pytest.mark.parametrize(
    ("how", "size", "parameters"),
    [("stack", 5, 268), ("stack", 7, 420), ("asymmetric", 5, 156)],
)
def test_factorized(student, how, size, parameters):
    arguments = {"filters": 4, "kernel_size": size, "how": how}
    block(student, "factorized_conv", (8, 6, 3), (8, 6, 4), parameters, **arguments)


@question("inception_v2_block")
def test_inception_v2(student):
    widths = {"c1": 3, "r3": 2, "c3": 5, "r5": 1, "c5": 2, "pool": 6}
    block(student, "inception_v2_block", (8, 6, 4), (8, 6, 16), 234, **widths)


@question("inception_resnet_block")
def test_inception_resnet(student):
    widths = {"c1": 2, "reduce": 3, "row": 4, "column": 5}
    block(student, "inception_resnet_block", (8, 9, 6), (8, 9, 6), 330, **widths)


@question("inception_resnet_block")
def test_a_scale_of_zero_leaves_what_is_not_negative(student, rng):
    widths = {"c1": 2, "reduce": 3, "row": 4, "column": 5}
    model = student.as_model("inception_resnet_block", (3, 4, 2), **widths, scale=0.0)
    x = rng.uniform(0, 1, (1, 3, 4, 2)).astype("float32")
    assert np.allclose(model(x), x), "with scale=0 nothing is added to x"


@question("separable_conv")
def test_separable(student):
    arguments = {"filters": 6, "kernel_size": 3, "strides": 2}
    block(student, "separable_conv", (7, 6, 4), (4, 3, 6), 60, **arguments)


@question("wide_block")
@pytest.mark.parametrize(
    ("arguments", "out", "parameters"),
    [
        ({"filters": 2, "width": 3}, (7, 6, 6), 672),
        ({"filters": 2, "width": 3, "strides": 2}, (4, 3, 6), 708),
        ({"filters": 4, "width": 2, "rate": 0.3}, (7, 6, 8), 1084),
    ],
)
def test_wide(student, arguments, out, parameters):
    block(student, "wide_block", (7, 6, 6), out, parameters, **arguments)


@question("resnext_block")
@pytest.mark.parametrize(
    ("form", "parameters"), [("paths", 230), ("concat", 230), ("grouped", 230)]
)
def test_resnext(student, form, parameters):
    arguments = {"cardinality": 3, "width": 2, "form": form}
    block(student, "resnext_block", (5, 6, 7), (5, 6, 7), parameters, **arguments)


@question("dense_block")
@pytest.mark.parametrize(("bottleneck", "parameters"), [(False, 360), (True, 660)])
def test_dense(student, bottleneck, parameters):
    arguments = {"depth": 3, "growth": 2, "bottleneck": bottleneck}
    block(student, "dense_block", (5, 6, 4), (5, 6, 10), parameters, **arguments)


@question("squeeze_excite")
def test_squeeze_excite(student):
    block(student, "squeeze_excite", (5, 6, 12), (5, 6, 12), 87, ratio=4)


@question("squeeze_excite")
def test_gates_lie_between_0_and_1_and_are_one_number_per_channel(student, rng):
    model = student.as_model("squeeze_excite", (5, 6, 8), ratio=2)
    x = rng.uniform(1, 2, (2, 5, 6, 8)).astype("float32")
    gates = model(x) / x
    assert np.allclose(gates, gates[:, :1, :1], atol=1e-5), (
        "all places of a channel are multiplied by the same number"
    )
    assert ((gates > 0) & (gates < 1)).all(), "the numbers lie between 0 and 1"
