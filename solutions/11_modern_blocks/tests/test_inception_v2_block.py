"""inception_v2_block: four normalised branches, without a 5x5."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "small, H != W": (
        (7, 5, 4),
        {"c1": 2, "r3": 3, "c3": 5, "r5": 1, "c5": 4, "pool": 6},
    ),
    "one channel": (
        (6, 9, 1),
        {"c1": 1, "r3": 2, "c3": 3, "r5": 4, "c5": 5, "pool": 2},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "inception_v2_block", shape, **arguments)
