"""inception_resnet_block: an inception module as a small correction."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "the usual scale": (
        (8, 9, 5),
        {"c1": 2, "reduce": 3, "row": 4, "column": 6},
    ),
    "another scale": (
        (9, 7, 3),
        {"c1": 4, "reduce": 1, "row": 2, "column": 5, "scale": 0.3},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "inception_resnet_block", shape, **arguments)
