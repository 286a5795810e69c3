"""wide_block: normalise, activate, convolve, twice; a projection where it is needed."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "the shape changes": ((7, 6, 3), {"filters": 2, "width": 3, "strides": 2}),
    "the shape stays": ((5, 8, 6), {"filters": 3, "width": 2}),
    "with dropout": ((4, 5, 4), {"filters": 3, "width": 2, "rate": 0.3}),
    "only smaller": ((7, 6, 6), {"filters": 3, "width": 2, "strides": 2, "rate": 0.1}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "wide_block", shape, **arguments)
