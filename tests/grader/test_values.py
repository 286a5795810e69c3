"""What an answer returned comes back to it as what it was."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from grader.protocol import decode, encode
from grader.worker.values import Objects

Memory = namedtuple("Memory", "mean square")


class Attributes(dict):
    __getattr__ = dict.__getitem__


def there_and_back(objects, value, change=lambda plain: plain):
    """As a test hands on what a call returned."""
    sent = decode(encode(objects.portable(value)))
    return objects.resolve(decode(encode(change(sent))))


ARRAYS = np.arange(6.0).reshape(2, 3), np.asfortranarray(np.ones((3, 2)))[::2]
OWN = {
    "a namedtuple": Memory(*ARRAYS),
    "inside a tuple": (ARRAYS[0], Memory(1.5, None)),
    "inside each other": Memory([Memory(1, 2)], {"a": Memory(*ARRAYS)}),
    "a dict with attributes": Attributes(mean=ARRAYS[0], steps=3),
    "an ordered dict": OrderedDict(b=1, a=2),
}


@pytest.mark.parametrize("value", OWN.values(), ids=OWN)
def test_a_class_of_ones_own_comes_back(value):
    back = there_and_back(Objects(), value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_a_test_sees_plain_values():
    sent = Objects().portable((1.0, Memory(2, 3), Attributes(a=4)))
    assert sent == (1.0, (2, 3), {"a": 4})
    assert [type(part) for part in sent] == [float, tuple, dict]


def test_what_a_test_changed_comes_as_it_is():
    back = there_and_back(Objects(), Memory(1, 2), lambda sent: (*sent[:1], 3))
    assert type(back) is tuple
    assert back == (1, 3)


def test_what_a_test_wrote_itself_stays_plain_in_the_next_test():
    objects = Objects()
    objects.portable(Memory(1, 2))
    objects.forget()
    assert type(objects.resolve((1, 2))) is tuple


def test_what_cannot_travel_is_no_mistake_here():
    value = Memory(1 << 9000, 2)
    assert Objects().portable(value) == tuple(value)
