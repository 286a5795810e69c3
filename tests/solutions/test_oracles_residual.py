"""The oracles of residual blocks against the course's own layers, built in Keras."""

from types import SimpleNamespace

import numpy as np
import pytest

from grader.worker import models
from shared.testing import assert_close
from solutions.oracles.graph import agree, difference
from solutions.oracles.graph_reading import read
from solutions.oracles.residual import (
    block_graph,
    block_loop,
    block_weights,
    in_order,
    resnet_graph,
)

CASES = {  # kind, shape, filters, strides
    "plain": ("plain", (8, 5, 3), 6, 2),
    "identity": ("residual", (5, 4, 3), 3, 1),
    "projection": ("residual", (7, 6, 3), 4, 2),
    "bottleneck": ("bottleneck", (5, 6, 12), 12, 2),
}


def model_of(kind, shape, filters, strides):
    """The block as `shared` has it, but with Keras's "same" where it has a stride.

    And with Keras's own layers only, as every model that is graded.
    """
    import keras

    from shared.layers.residual import BasicBlock, Bottleneck

    shortcut = None if kind == "plain" else "B"
    make = Bottleneck if kind == "bottleneck" else BasicBlock
    block = make(filters, strides, shortcut=shortcut)
    x = inputs = keras.Input(shape)
    model = keras.Model(inputs, block.graph(x))

    def same(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.Conv2D):
            config["padding"] = "same"
        if isinstance(layer, keras.layers.ZeroPadding2D):
            config["padding"] = 0
        if isinstance(layer, keras.layers.BatchNormalization):
            return keras.layers.BatchNormalization.from_config(config)
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=same)


def graph_of(model):
    return read([SimpleNamespace(**record) for record in models.layers(model)])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_block_computes_what_its_graph_says(case):
    kind, shape, filters, strides = case
    model = model_of(*case)
    agree(graph_of(model), block_graph(shape, kind, filters, strides), kind)
    rng = np.random.default_rng(0)
    drawn = block_weights(rng, shape[-1], kind, filters, strides)
    model.set_weights(in_order(model.get_weights(), *drawn))
    x = rng.normal(size=(2, *shape)).astype(np.float32)
    ours = block_loop(x, kind, strides, *drawn).astype(np.float32)
    assert_close(model(x, training=False), ours)


def test_blocks_of_other_kinds_differ():
    for one, other in (("plain", "residual"), ("residual", "bottleneck")):
        graphs = [block_graph((4, 4, 8), kind, 8, 1) for kind in (one, other)]
        assert difference(*graphs)


def test_a_network_is_as_deep_as_its_name():
    for n in (1, 3, 9):
        graph = resnet_graph(n, (32, 32, 3), 10, "plain")
        assert len(graph.of("conv", "dense")) == 6 * n + 2
        assert not graph.of("add")
    assert len(resnet_graph(3, (32, 32, 3), 10, "residual").of("add")) == 9
