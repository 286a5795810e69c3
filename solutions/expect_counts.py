"""Checks of counts and sizes that a student's function returned."""

import numbers

import numpy as np


def whole(value, expected, called):
    """Fails unless `value` is the number `expected`, as an int or a float.

    Args:
        value: what the student's function returned.
        expected: an int.
        called: the call, for the message.
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    assert isinstance(value, numbers.Real | np.number), (
        f"{called} must return a number; it returned {described(value)}"
    )
    assert value == expected, f"{called} must return {expected}, not {value:g}"


def wholes(value, expected, called):
    """Fails unless `value` holds the numbers `expected`, as tuple, list or array."""
    assert isinstance(value, tuple | list | np.ndarray), (
        f"{called} must return {expected}; it returned {described(value)}"
    )
    found = tuple(np.asarray(item).tolist() for item in value)
    assert found == tuple(expected), f"{called} must return {expected}, not {found}"


def described(value):
    """A value in a few words."""
    if value is None:
        return "nothing"
    return (
        f"{value!r}"
        if isinstance(value, numbers.Number | str)
        else (f"a {type(value).__name__}")
    )
