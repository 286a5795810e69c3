"""Each test tells how many cases it ran; ``tests/conftest.py`` prints the table."""

from __future__ import annotations

import gc
import os

import pytest

from tests.fuzz import harness
from tests.fuzz.table import PROPERTY


@pytest.fixture(autouse=True)
def counted_cases(request):
    """Sends the test's count with its report, also from another process."""
    harness.tally = harness.Tally()
    gc.collect()  # so that a case's memory is counted from here
    before = sum(os.times()[:4])
    yield
    done = harness.tally
    if done.cases:
        # What hypothesis and the processes of the case took is part of it.
        told = (done.target, done.cases, sum(os.times()[:4]) - before)
        request.node.user_properties.append((PROPERTY, told))
