"""vgg has the columns of the paper's table, and any other number of convolutions."""

import pytest

from solutions.oracles import classics
from solutions.oracles.graph import parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.stages import chains_agree

SMALL = {"input_shape": (64, 96, 3), "classes": 7, "units": (9, 8)}


def compare(student, reference, config, **arguments):
    told = [repr(config), *(f"{k}={v}" for k, v in arguments.items())]
    called = f"vgg({', '.join(told)})"
    model = reference.rebuild(student.vgg(config, **arguments))
    wanted = classics.vgg(config, **arguments)
    chains_agree(read(model.layers()), wanted, called)
    counted, expected = model.count_params(), parameters(wanted)
    assert counted == (expected, 0), (
        f"{called} must have {expected:,} parameters, all trainable; "
        f"it has {counted[0]:,} and {counted[1]:,} that are not"
    )


@pytest.mark.parametrize("config", "CADBE")
def test_columns(student, reference, config):
    compare(student, reference, config, **SMALL)


def test_depths_of_ones_own(student, reference):
    """Stages as many as asked for, each with 3x3 convolutions alone."""
    compare(student, reference, (1, 3), input_shape=(9, 14, 2), classes=2, units=())
    shape = (75, 70, 1)
    compare(
        student, reference, (1, 2, 1, 1, 1, 2), input_shape=shape, classes=3, units=(4,)
    )


def test_input_by_default(student, reference):
    compare(student, reference, "A", units=(2,), classes=3)


def test_dense_layers_by_default(student, reference):
    compare(student, reference, "A", input_shape=(32, 32, 3))
