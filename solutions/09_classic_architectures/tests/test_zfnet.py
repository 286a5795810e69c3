"""zfnet has the stages and the sizes of the paper's Figure 3."""

import pytest

from solutions.oracles import classics
from solutions.oracles.graph import parameters
from solutions.oracles.graph_reading import read
from solutions.oracles.stages import chains_agree

CASES = {
    "224 to 6": {"classes": 7, "units": (12, 5)},
    "wide, H != W": {
        "late": (20, 30, 10),
        "input_shape": (128, 150, 1),
        "classes": 3,
        "units": (6,),
    },
    "odd sizes, no hidden dense layer": {
        "late": (4, 5, 6),
        "input_shape": (139, 97, 3),
        "classes": 4,
        "units": (),
    },
}


def compare(student, reference, **arguments):
    called = f"zfnet({', '.join(f'{k}={v}' for k, v in arguments.items())})"
    model = reference.rebuild(student.zfnet(**arguments))
    wanted = classics.zfnet(**arguments)
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
    compare(student, reference, input_shape=(96, 96, 3))
