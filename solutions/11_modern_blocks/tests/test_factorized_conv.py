"""factorized_conv: small kernels that see as far as a large one."""

import pytest

from solutions.oracles.modern import compare

CASES = {  # shape, arguments
    "five by three": ((7, 5, 3), {"filters": 4, "kernel_size": 5, "how": "stack"}),
    "in strips": ((5, 8, 3), {"filters": 2, "kernel_size": 5, "how": "asymmetric"}),
    "nine by three": ((9, 6, 2), {"filters": 3, "kernel_size": 9, "how": "stack"}),
    "three": ((4, 3, 2), {"filters": 3, "kernel_size": 3, "how": "stack"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_graph(student, reference, case):
    shape, arguments = case
    compare(student, reference, "factorized_conv", shape, **arguments)
