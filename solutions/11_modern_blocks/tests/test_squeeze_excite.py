"""squeeze_excite: every channel times a number that all channels decide."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "a quarter": ((8, 6, 12), {"ratio": 4}),
    "rounded down, H != W": ((3, 5, 7), {"ratio": 2}),
    "the usual ratio": ((3, 4, 48), {}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "squeeze_excite", shape, **arguments)
