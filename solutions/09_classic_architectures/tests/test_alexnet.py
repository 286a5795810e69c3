"""alexnet has the paper's stages, in one stream or in two groups."""

import pytest

from solutions.oracles import classics
from solutions.oracles.graph import parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.stages import chains_agree

CASES = {
    "one stream": {"groups": 1, "classes": 7, "units": (12, 5)},
    "two groups, H != W": {
        "groups": 2,
        "input_shape": (99, 131, 1),
        "classes": 3,
        "units": (6,),
    },
    "no hidden dense layer": {
        "groups": 2,
        "input_shape": (67, 83, 2),
        "classes": 4,
        "units": (),
    },
    "three hidden dense layers, sizes that leave a remainder": {
        "groups": 1,
        "input_shape": (102, 70, 3),
        "classes": 2,
        "units": (4, 3, 5),
    },
}


def compare(student, reference, **arguments):
    called = f"alexnet({', '.join(f'{k}={v}' for k, v in arguments.items())})"
    model = reference.rebuild(student.alexnet(**arguments))
    wanted = classics.alexnet(**arguments)
    chains_agree(read(model.layers()), wanted, called)
    counted, expected = model.count_params(), parameters(wanted)
    assert counted == (expected, 0), (
        f"{called} must have {expected:,} parameters, all trainable; "
        f"it has {counted[0]:,} and {counted[1]:,} that are not"
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_stages(student, reference, case):
    compare(student, reference, **case)


def test_dense_layers_by_default(student, reference):
    compare(student, reference, groups=2, input_shape=(67, 67, 3))


def test_groups_and_input_by_default(student, reference):
    compare(student, reference, units=(3,), classes=2)


def test_the_parts_add_up_to_what_was_published():
    assert parameters(classics.alexnet(groups=2)) == 60_965_224
    assert parameters(classics.alexnet()) == 62_378_344
