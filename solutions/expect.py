"""Checks of what a student's function returned, said in the student's terms."""

import numbers

import numpy as np


def several(value, names, called):
    """The parts of a returned tuple, or a failure that says what was expected.

    Args:
        value: what the student's function returned.
        names: what it should return, such as ``("dx", "dw", "db")``.
        called: the function's name.
    """
    wanted = f"{called} must return ({', '.join(names)})"
    if isinstance(value, np.ndarray) and value.shape == (len(names),):
        value = list(value)  # as many numbers
    assert isinstance(value, tuple | list), f"{wanted}; it returned {_one(value)}"
    assert len(value) == len(names), f"{wanted}; it returned {len(value)} values"
    return value


def _one(value):
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    return "nothing" if value is None else "one value"


def whole(value, expected, what):
    """Fails unless `value` is the number `expected`, as an int or a float.

    Args:
        value: what the student's function returned.
        expected: an int.
        what: the call, or the part of its result, for the message.
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    number = isinstance(value, numbers.Real | np.number)
    assert number, f"{what} must be {expected}, not {in_words(value)}"
    assert value == expected, f"{what} must be {expected}, not {value:g}"


def wholes(value, expected, what):
    """Fails unless `value` holds the numbers `expected`, as tuple, list or array."""
    several = isinstance(value, tuple | list | np.ndarray)
    assert several, f"{what} must be {expected}, not {in_words(value)}"
    found = tuple(np.asarray(item).tolist() for item in value)
    assert found == tuple(expected), f"{what} must be {expected}, not {found}"


def in_words(value):
    """A value that is no number, or no sequence of numbers."""
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, numbers.Number | str):
        return repr(value)
    return f"a {type(value).__name__}"
