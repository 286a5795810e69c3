"""inception_v1 has its bottlenecks before the large kernels and after the pooling."""

import pytest

from solutions.oracles import classics
from solutions.oracles.graph import agree
from solutions.oracles.graph_reading import read
from solutions.oracles.sketch import Sketch

NAMES = ("c1", "r3", "c3", "r5", "c5", "pool")
CASES = {
    "small, H != W": ((7, 5, 4), (2, 3, 5, 1, 4, 6)),
    "one channel": ((6, 8, 1), (1, 2, 3, 4, 5, 2)),
    "module 3a": ((28, 28, 192), classics.MODULES["3a"]),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_branches(student, reference, case):
    shape, widths = case
    named = dict(zip(NAMES, widths, strict=True))
    model = reference.rebuild(student.as_model("inception_v1", shape, **named))
    net = Sketch(shape)
    wanted = net.graph(classics.inception(net, "input", *widths))
    told = ", ".join(f"{k}={v}" for k, v in named.items())
    agree(read(model.layers()), wanted, f"inception_v1(x, {told}) for x {shape}")
