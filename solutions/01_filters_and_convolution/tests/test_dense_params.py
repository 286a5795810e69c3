"""dense_params counts weights and biases, for any shape, without overflow."""

import numpy as np
import pytest

CASES = {  # input_shape, units, use_bias, parameters
    "two axes": ((7, 5), 3, True, 108),
    "four axes": ((2, 3, 5, 7), 11, False, 2310),
    "one axis": ((784,), 10, True, 7850),
    "one signal, one unit": (1, 1, True, 2),
    "1000 signals to 1000 units": (1000, 1000, True, 1_001_000),
    "1000 to 1000, no biases": (1000, 1000, False, 1_000_000),
    "a small colour image": ((100, 100, 3), 1000, True, 30_001_000),
    "its weights alone": ((100, 100, 3), 1000, False, 30_000_000),
    "a megapixel in colour, one unit": ((1000, 1000, 3), 1, False, 3_000_000),
    "a megapixel in colour, more than 32 bits": (
        (1000, 1000, 3),
        1000,
        True,
        3_000_001_000,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_counts(student, case):
    input_shape, units, use_bias, expected = case
    check(student, input_shape, units, use_bias, expected)


def test_random_shapes(student, rng):
    for _ in range(5):
        shape = tuple(int(n) for n in rng.integers(2, 50, size=rng.integers(1, 5)))
        units = int(rng.integers(2, 500))
        signals = 1
        for n in shape:
            signals *= n
        check(student, shape, units, True, units * (signals + 1))
        check(student, shape, units, False, units * signals)


def test_biases_are_counted_unless_told_otherwise(student):
    value = as_number(student.dense_params(6, 4))
    assert value == 28, (
        f"dense_params(6, 4): 24 weights and 4 biases are 28, got {value}"
    )


def check(student, input_shape, units, use_bias, expected):
    value = as_number(student.dense_params(input_shape, units, use_bias=use_bias))
    assert value == expected, f"expected {expected} parameters, got {value}"


def as_number(value):
    assert isinstance(value, int | float | np.number) or np.shape(value) == (), (
        f"dense_params must return one number, got a {type(value).__name__}"
    )
    assert value is not None, "dense_params returned None; is a `return` missing?"
    return np.asarray(value).item()
