"""What an oracle has computed is kept, and is what it would compute again."""

import numpy as np
import pytest

from solutions.oracles.remembered import remembered


@pytest.fixture
def oracle():
    """Adds up, and counts how often it was asked in ``oracle.asked``."""

    @remembered
    def total(x, pads=(0,), *, scale=1.0):
        total.asked += 1
        x *= 1.0  # what it is given is its own
        return {"sum": x * scale + pads[0]}, x.dtype

    total.asked = 0
    return total


def test_each_case_is_computed_once(oracle):
    x = np.arange(6.0).reshape(2, 3)
    first = oracle(x, [np.full(3, 6.0), 2], scale=2.0)
    again = oracle(x.copy(), (np.full(3, 6.0), 2), scale=2.0)
    assert oracle.asked == 1
    np.testing.assert_array_equal(first[0]["sum"], x * 2 + 6)
    np.testing.assert_array_equal(again[0]["sum"], first[0]["sum"])


@pytest.mark.parametrize(
    "other",
    [
        np.arange(6.0).reshape(3, 2),
        np.arange(6.0, dtype=np.float32).reshape(2, 3),
        np.arange(6.0).reshape(2, 3)[::-1],
        np.zeros((2, 3)),
        -np.zeros((2, 3)),
    ],
    ids=["shape", "dtype", "order", "zeros", "sign of zero"],
)
def test_other_arrays_are_other_cases(oracle, other):
    before = [np.arange(6.0).reshape(2, 3), np.zeros((4, 5))]
    for x in before:
        oracle(x)
    (result, dtype) = oracle(other)
    assert oracle.asked == 3
    assert dtype == other.dtype
    np.testing.assert_array_equal(result["sum"], other)


def test_other_settings_are_other_cases(oracle):
    x = np.ones((2, 3))
    assert oracle(x, scale=2.0)[0]["sum"][0, 0] == 2
    assert oracle(x, scale=3.0)[0]["sum"][0, 0] == 3
    assert oracle(x, (1,))[0]["sum"][0, 0] == 2
    assert oracle(x, (4,))[0]["sum"][0, 0] == 5
    assert oracle.asked == 4


def test_every_caller_has_a_copy(oracle):
    x = np.ones((2, 3))
    oracle(x)[0]["sum"][:] = 7
    np.testing.assert_array_equal(oracle(x)[0]["sum"], x)
    assert oracle.asked == 1


@pytest.mark.parametrize(
    "x",
    [np.ones(10_000), np.array([1, 2.5, None])[:2], len],
    ids=["large", "objects", "a function"],
)
def test_what_makes_no_key_is_computed_every_time(x):
    @remembered
    def length(value):
        length.asked += 1
        return np.size(value)

    length.asked = 0
    assert length(x) == length(x) == np.size(x)
    assert length([x]) == np.size([x])
    assert length.asked == 3
