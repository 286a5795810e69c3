"""resnet: three stages of n blocks between a convolution and the logits."""

import pytest

from solutions.oracles.graph import agree, parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.residual import resnet_graph
from solutions.oracles.residual_checks import assert_he

CASES = {  # arguments; n, shape, classes, kind
    "two blocks a stage": ((2, (9, 6, 1), 7), {}, (2, (9, 6, 1), 7, "residual")),
    "plain": (
        (1, (8, 8, 3)),
        {"classes": 4, "residual": False},
        (1, (8, 8, 3), 4, "plain"),
    ),
    "CIFAR by default": ((1,), {}, (1, (32, 32, 3), 10, "residual")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_made_of_the_right_layers(student, reference, case):
    args, kwargs, wanted = case
    model = reference.rebuild(student.resnet(*args, **kwargs))
    told = [repr(a) for a in args] + [f"{k}={v}" for k, v in kwargs.items()]
    what = f"resnet({', '.join(told)})"
    graph = resnet_graph(*wanted)
    agree(read(model.layers()), graph, what)
    assert_he(model)
    trainable, _ = model.count_params()
    assert trainable == parameters(graph), (
        f"{what} must have {parameters(graph)} trained parameters, not {trainable}: "
        "is a layer used twice, or frozen?"
    )
