"""two_tower_alexnet has two towers that meet where they should and nowhere else."""

import pytest

from solutions.networks import expect_shapes
from solutions.oracles.graph import agree, parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.sketch import Sketch

CASES = {
    "small, H != W": (3, 5, 4, (99, 67, 2)),
    "other numbers": (6, 4, 3, (67, 83, 1)),
}


def towers(width, units, classes, shape):
    """The network, written down tower by tower."""
    net = Sketch(shape)
    wide = width // 3 * 8
    ends = []
    for _ in range(2):
        x = net.max_pool(net.conv("input", width, 11, 4, "valid"), 3, 2)
        ends.append(net.max_pool(net.conv(x, wide, 5), 3, 2))
    met, ends = net.concat(*ends), []
    for _ in range(2):
        x = net.conv(net.conv(met, 4 * width, 3), 4 * width, 3)
        ends.append(net.flatten(net.max_pool(net.conv(x, wide, 3), 3, 2)))
    for _ in range(2):
        met = net.concat(*ends)
        ends = [net.dropout(net.dense(met, units), 0.5) for _ in range(2)]
    return net.graph(net.dense(net.concat(*ends), classes, "softmax"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_wiring_and_parameters(student, reference, case):
    called = f"two_tower_alexnet{case}"
    model = reference.rebuild(student.two_tower_alexnet(*case))
    expect_shapes(model, case[-1], case[2])
    wanted = towers(*case)
    agree(read(model.layers()), wanted, called)
    found, fixed = model.count_params()
    expected = parameters(wanted)
    assert (found, fixed) == (expected, 0), (
        f"{called} must have {expected:,} parameters, and has {found + fixed:,}"
    )


def test_the_published_count():
    assert parameters(towers(48, 2048, 1000, (227, 227, 3))) == 60_965_224
