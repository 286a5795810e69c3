"""resnext_block: each of the three forms is the one of its figure."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "paths": ((6, 5, 7), {"cardinality": 3, "width": 2, "form": "paths"}),
    "concat": ((5, 7, 6), {"cardinality": 2, "width": 4, "form": "concat"}),
    "grouped": ((5, 6, 7), {"cardinality": 3, "width": 2, "form": "grouped"}),
    "grouped, width 1": ((4, 3, 4), {"cardinality": 5, "width": 1, "form": "grouped"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "resnext_block", shape, **arguments)
