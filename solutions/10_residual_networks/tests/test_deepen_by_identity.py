"""deepen_by_identity: more convolutions, the same function, the model left alone."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.graph import agree
from solutions.oracles.graph_reading import read


def conv(filters, kernel, **more):
    config = {"filters": filters, "kernel_size": kernel, "activation": "relu"}
    return "Conv2D", config | more


def extra(filters):
    return conv(filters, 3, padding="same")


FIRST = conv(3, (3, 2), strides=2)
SECOND = conv(5, 3, padding="same", use_bias=False)
LAST = [("GlobalAveragePooling2D", {}), ("Dense", {"units": 4})]
MODELS = {  # shape, rows of the given model, rows of the deeper one
    "two convolutions": (
        (9, 7, 2),
        [FIRST, SECOND, *LAST],
        [FIRST, extra(3), SECOND, extra(5), *LAST],
    ),
    "pooling and dense layers between": (
        (6, 8, 1),
        [
            conv(4, 1),
            ("MaxPooling2D", {"pool_size": 2}),
            ("Flatten", {}),
            ("Dense", {"units": 6, "activation": "tanh"}),
            ("Dense", {"units": 3}),
        ],
        [
            conv(4, 1),
            extra(4),
            ("MaxPooling2D", {"pool_size": 2}),
            ("Flatten", {}),
            ("Dense", {"units": 6, "activation": "tanh"}),
            ("Dense", {"units": 3}),
        ],
    ),
}


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_deeper_and_the_same(student, reference, rng, case):
    shape, rows, wanted = case
    given = reference.model(shape, rows, seed=int(rng.integers(1000)))
    handed = student.copy_of(given)
    handle = student.deepen_by_identity(handed)
    deeper = reference.rebuild(handle)
    wanted_graph = read(reference.model(shape, wanted).layers())
    agree(read(deeper.layers()), wanted_graph, "the deeper model")
    deeper.set_weights(handle.weights())
    x = rng.normal(size=(3, *shape)).astype(np.float32)
    assert_close(deeper(x), given(x), what="output of the deeper model")


def test_the_given_model_is_left_alone(student, reference, rng):
    shape, rows, _ = MODELS["two convolutions"]
    given = reference.model(shape, rows, seed=3)
    handed = student.copy_of(given)
    handle = student.deepen_by_identity(handed)
    if len(handed.weights()) != len(given.weights()):
        raise AssertionError("the given model has got other layers")
    handle.set_weights([w + 1 for w in handle.weights()])
    for before, after in zip(given.weights(), handed.weights(), strict=True):
        assert_close(
            after,
            before,
            what="weights of the given model, after training of the deeper one",
        )
