"""googlenet is Table 1 of its paper, with or without the side classifiers."""

import numpy as np

from shared.testing import assert_close
from solutions.oracles import classics
from solutions.oracles.graph import agree, parameters
from solutions.oracles.graph_reading import read


def compare(student, reference, **arguments):
    called = f"googlenet({', '.join(f'{k}={v}' for k, v in arguments.items())})"
    model = reference.rebuild(student.googlenet(**arguments))
    wanted = classics.googlenet(**arguments)
    found = read(model.layers())
    agree(found, wanted, called)
    counted, expected = model.count_params(), parameters(wanted)
    assert counted == (expected, 0), (
        f"{called} must have {expected:,} parameters, all trainable; "
        f"it has {counted[0]:,} and {counted[1]:,} that are not"
    )
    return model, found


def test_small(student, reference):
    compare(student, reference, input_shape=(80, 97, 2), classes=3)


def test_full_size(student, reference):
    """6,998,552 parameters, as published."""
    assert parameters(classics.googlenet()) == 6_998_552
    compare(student, reference)


def test_side_classifiers_come_second_and_third(student, reference):
    arguments = {"input_shape": (80, 130, 2), "classes": 5, "auxiliary": True}
    model, found = compare(student, reference, **arguments)
    x = np.linspace(0, 1, 80 * 130 * 2, dtype=np.float32).reshape(1, 80, 130, 2)
    outputs = model(x)
    depths = {key: depth(found, key) for key in found.outputs}
    order = sorted(depths, key=depths.get)
    names = [found.nodes[key].name for key in (order[2], order[0], order[1])]
    expected = model.activations(x, names)
    for number, (mine, right) in enumerate(zip(outputs, expected, strict=True), 1):
        assert_close(
            mine,
            right,
            what=f"output {number} of 3 (the main one, after 4a, after 4d)",
        )


def depth(graph, key):
    """How many convolutions and dense layers lie on the longest way to a node."""
    known = {}
    for name, node in graph.nodes.items():
        before = max((known[source] for source in node.inputs), default=0)
        known[name] = before + (node.kind in ("conv", "dense"))
    return known[key]
