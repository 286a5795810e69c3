"""receptive_field agrees with following outputs back to their pixels."""

import copy

import pytest

from solutions.expect import wholes
from solutions.oracles.shapes import field

CASES = {  # layers as (f, s, d)
    "no layer": [],
    "one layer": [(3, 1, 1)],
    "two 3x3 see 5": [(3, 1, 1)] * 2,
    "three 3x3 see 7": [(3, 1, 1)] * 3,
    "1x1 sees no more": [(3, 1, 1), (1, 1, 1), (3, 1, 1)],
    "a stride acts on the layers behind it": [(3, 2, 1), (3, 1, 1)],
    "a last stride widens nothing": [(3, 1, 1), (3, 2, 1)],
    "pooling between": [(3, 1, 1), (2, 2, 1), (3, 1, 1), (2, 2, 1), (3, 1, 1)],
    "overlapping pooling": [(11, 4, 1), (3, 2, 1), (5, 1, 1), (3, 2, 1)],
    "dilation": [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    "dilation after a stride": [(2, 3, 1), (3, 1, 4)],
    "stride larger than the window": [(1, 3, 1), (2, 4, 1), (2, 1, 1)],
}


@pytest.mark.parametrize("layers", CASES.values(), ids=CASES)
def test_stacks(student, layers):
    found = student.receptive_field(layers)
    wholes(found, field(layers), f"receptive_field({layers})")


def test_random_stacks(student, rng):
    for _ in range(20):
        depth = int(rng.integers(1, 5))
        layers = [tuple(map(int, row)) for row in rng.integers(1, 5, size=(depth, 3))]
        found = student.receptive_field(layers)
        wholes(found, field(layers), f"receptive_field({layers})")


def test_layers_are_unmodified(student):
    layers = [(3, 2, 1), (5, 1, 1), (2, 2, 1)]
    _, (after,) = student.with_inputs("receptive_field", copy.copy(layers))
    assert list(after) == layers, "receptive_field changed its argument"
