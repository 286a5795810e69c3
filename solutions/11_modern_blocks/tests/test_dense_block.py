"""dense_block: every layer reads everything before it."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "three layers": ((5, 6, 4), {"depth": 3, "growth": 2}),
    "bottlenecks": ((6, 5, 3), {"depth": 3, "growth": 2, "bottleneck": True}),
    "one layer": ((4, 3, 5), {"depth": 1, "growth": 3}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "dense_block", shape, **arguments)
