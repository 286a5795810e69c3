"""What hidden tests ask of a residual block, in the student's terms."""

import numpy as np

from shared.testing import assert_close
from solutions.oracles.graph import agree
from solutions.oracles.graph_reading import read
from solutions.oracles.residual import (
    block_graph,
    block_loop,
    block_weights,
    in_order,
)

#: Initialisers that keep a ReLU network's signals alive, as He and others found.
_HE = ("HeNormal", "HeUniform")


def call(name, shape, filters, strides):
    """The call in words."""
    return f"{name}(x, {filters}, strides={strides}) for x of shape (N, {shape})"


def built(student, reference, name, shape, filters, strides):
    """The student's block, rebuilt in the clean process; its graph is the right one."""
    model = student.as_model(name, shape, filters=filters, strides=strides)
    model = reference.rebuild(model)
    kind = name.removesuffix("_block")
    what = call(name, "x".join(map(str, shape)), filters, strides)
    agree(read(model.layers()), block_graph(shape, kind, filters, strides), what)
    return model


def assert_recipe(model):
    """He's weights, and as many parameters as there are weights and statistics."""
    assert_he(model)
    shapes = [shape for layer in model.layers() for shape in layer.weight_shapes]
    kernels = sum(int(np.prod(shape)) for shape in shapes if len(shape) == 4)
    vectors = sum(shape[0] for shape in shapes if len(shape) == 1)
    assert model.count_params() == (kernels + vectors // 2, vectors // 2), (
        f"{kernels + vectors // 2} trained parameters and {vectors // 2} running "
        f"statistics are wanted, not {model.count_params()}: is a layer used twice, or "
        "frozen?"
    )


def assert_he(model):
    """Every convolution starts as He and others found."""
    for layer in model.layers():
        if layer.kind == "Conv2D":
            found = layer.config["kernel_initializer"]
            he = found["kind"] in _HE
            he |= found["kind"] == "VarianceScaling" and found["scale"] == 2
            assert he, (
                f"convolution {layer.name!r} starts with {found['kind']}; every "
                'convolution here has kernel_initializer="he_normal"'
            )


def assert_computes(model, rng, name, shape, filters, strides):
    """With drawn weights the block gives what plain arithmetic gives."""
    kind = name.removesuffix("_block")
    drawn = block_weights(rng, shape[-1], kind, filters, strides)
    model.set_weights(in_order(model.weights(), *drawn))
    x = rng.normal(size=(2, *shape)).astype(np.float32)
    expected = block_loop(x, kind, strides, *drawn)
    what = call(name, "x".join(map(str, shape)), filters, strides)
    assert_close(model(x), expected.astype(np.float32), what=f"output of {what}")


def assert_zero_branch_is_the_identity(model, rng, shape):
    """Nothing in the branch: what came in comes out, unless it is negative."""
    silent = [np.zeros_like(w) if w.ndim == 4 else w for w in model.weights()]
    model.set_weights(silent)
    x = rng.normal(size=(2, *shape)).astype(np.float32)
    x[0] = np.abs(x[0])
    assert_close(
        model(x), np.maximum(x, 0), what="output when the branch's weights are all zero"
    )
