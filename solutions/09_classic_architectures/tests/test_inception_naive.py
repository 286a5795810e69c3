"""inception_naive has four branches side by side."""

import pytest

from solutions.oracles import classics
from solutions.oracles.graph import agree, multiply_adds
from solutions.oracles.graph_reading import read
from solutions.oracles.sketch import Sketch

CASES = {
    "small, H != W": ((7, 5, 4), {"c1": 2, "c3": 3, "c5": 5}),
    "one channel": ((6, 8, 1), {"c1": 1, "c3": 1, "c5": 2}),
    "the lecture's": ((28, 28, 256), {"c1": 128, "c3": 192, "c5": 96}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_branches(student, reference, case):
    shape, widths = case
    model = reference.rebuild(student.as_model("inception_naive", shape, **widths))
    net = Sketch(shape)
    wanted = net.graph(classics.naive(net, "input", **widths))
    told = ", ".join(f"{k}={v}" for k, v in widths.items())
    called = f"inception_naive(x, {told}) for x {shape}"
    agree(read(model.layers()), wanted, called)


def test_its_cost_is_the_lectures():
    """854M multiply-adds, depth 672."""
    net = Sketch((28, 28, 256))
    graph = net.graph(classics.naive(net, "input", 128, 192, 96))
    assert multiply_adds(graph) == 854_196_224
    assert graph.nodes[graph.outputs[0]].shape == (28, 28, 672)
