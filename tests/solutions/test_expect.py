"""What a student reads who returned something else than asked for."""

import numpy as np
import pytest

from solutions.expect import several

NAMES = ("new_w", "new_state")
WRONG = {
    "nothing": (None, r"it returned nothing$"),
    "a vector": (np.zeros(5), r"it returned one array of shape \(5,\)$"),
    "a matrix": (np.zeros((2, 3)), r"it returned one array of shape \(2, 3\)$"),
    "a number": (3.0, r"it returned one value$"),
    "three": ((1, 2, 3), r"it returned 3 values$"),
}


@pytest.mark.parametrize(("value", "message"), WRONG.values(), ids=WRONG)
def test_what_came_is_told(value, message):
    with pytest.raises(AssertionError, match=message) as raised:
        several(value, NAMES, "adam")
    assert str(raised.value).startswith("adam must return (new_w, new_state); ")


@pytest.mark.parametrize("value", [(1.0, 2.0), [1.0, 2.0], np.array([1.0, 2.0])])
def test_as_many_numbers_in_any_sequence(value):
    assert list(several(value, NAMES, "adam")) == [1.0, 2.0]
