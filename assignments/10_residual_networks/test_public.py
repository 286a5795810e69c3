"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader looks at how your models are wired, and
has other tests, with random numbers and awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close

question = pytest.mark.question


def assert_shape(model, expected):
    _, shape = model.shapes()
    assert shape == expected, f"expected an output of shape {expected}, got {shape}"


def assert_trained(model, expected):
    trained, _ = model.count_params()
    assert trained == expected, f"expected {expected} trained parameters, got {trained}"


@question("plain_block")
def test_plain_block(student):
    model = student.as_model("plain_block", (6, 5, 2), filters=3, strides=2)
    assert_shape(model, (None, 3, 3, 3))
    # 9*2*3 and 9*3*3 weights, and two numbers per channel and normalisation.
    assert_trained(model, 54 + 81 + 6 + 6)


@question("residual_block")
def test_residual_block_where_the_shape_stays(student):
    model = student.as_model("residual_block", (4, 3, 2), filters=2)
    assert_shape(model, (None, 4, 3, 2))
    assert_trained(model, 36 + 36 + 4 + 4)


@question("residual_block")
def test_residual_block_with_its_projection(student):
    model = student.as_model("residual_block", (6, 5, 2), filters=3, strides=2)
    assert_shape(model, (None, 3, 3, 3))
    assert_trained(model, 54 + 81 + 6 + 6 + (6 + 6))


@question("residual_block")
def test_a_branch_of_zeros_is_the_identity(student):
    model = student.as_model("residual_block", (4, 3, 2), filters=2)
    model.set_weights([w if w.ndim < 4 else 0 * w for w in model.weights()])
    x = np.arange(24, dtype=np.float32).reshape(1, 4, 3, 2)
    assert_close(model(x), x, what="output when all kernels are zero")


@question("bottleneck_block")
def test_bottleneck_block(student):
    model = student.as_model("bottleneck_block", (6, 5, 4), filters=8, strides=2)
    assert_shape(model, (None, 3, 3, 8))
    # 4 -> 2, 2 -> 2 with 9 taps, 2 -> 8; the projection 4 -> 8.
    assert_trained(model, 8 + 36 + 16 + 2 * (2 + 2 + 8) + (32 + 16))


@question("resnet")
def test_resnet(student):
    model = student.resnet(1, (8, 8, 1), classes=4)
    assert_shape(model, (None, 4))
    convolutions = sum(layer.kind == "Conv2D" for layer in model.layers())
    assert convolutions == 9, (
        f"for n = 1 there are 7 convolutions and 2 projections, not {convolutions}"
    )


@question("resnet")
def test_resnet_without_shortcuts(student):
    model = student.resnet(1, (8, 8, 1), classes=4, residual=False)
    assert_shape(model, (None, 4))
    found = sum(layer.kind in ("Conv2D", "Dense") for layer in model.layers())
    assert found == 8, (
        f"for n = 1 there are 6n + 2 = 8 layers with weights, not {found}"
    )


@question("deepen_by_identity")
def test_deeper_and_the_same(student):
    conv = {"filters": 2, "kernel_size": 2, "activation": "relu"}
    rows = [("Conv2D", conv), ("Flatten", {}), ("Dense", {"units": 3})]
    model = student.given_model((4, 3, 2), rows)
    deeper = student.deepen_by_identity(model)
    found = sum(layer.kind == "Conv2D" for layer in deeper.layers())
    assert found == 2, f"one convolution becomes two; there are {found}"
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(1, 4, 3, 2)
    assert_close(deeper(x), model(x), what="output of the deeper model")


@question("gradient_norms")
def test_a_gradient_that_one_can_work_out(student):
    """Two equal logits, a kernel of zeros: each logit is pulled by a half."""
    rows = [
        ("Conv2D", {"filters": 2, "kernel_size": 1, "use_bias": False}),
        ("GlobalAveragePooling2D", {}),
    ]
    model = student.given_model((1, 1, 1), rows)
    model.set_weights([np.zeros((1, 1, 1, 2), np.float32)])
    x = np.full((3, 1, 1, 1), 4, np.float32)
    norms = student.gradient_norms(model, x, np.array([0, 0, 0]))
    # The gradient is (-2, 2): 4 times minus a half, and 4 times a half.
    assert len(norms) == 1, f"one convolution, one norm; there are {len(norms)}"
    assert_close(np.float32(norms[0]), np.float32(np.sqrt(8)), what="the norm")


@question("drop_blocks")
@pytest.mark.parametrize(
    ("dropped", "expected"),
    [((), [0.0, 17.0]), ((0,), [3.0, 8.0]), ((1,), [0.0, 5.0]), ((0, 1), [1.0, 2.0])],
)
def test_two_blocks(student, dropped, expected):
    shift = student.affine_map(np.zeros((2, 2)), np.array([-5.0, 3.0]), (2,))
    twice = student.affine_map(2 * np.eye(2), np.zeros(2), (2,))
    same = student.affine_map(np.eye(2), np.array([0.0, -1.0]), (2,))
    blocks = [(shift, None), (twice, same)]
    out = student.drop_blocks(np.array([1.0, 3.0]), blocks, dropped)
    assert_close(out, np.array(expected), what=f"without the branches {dropped}")
