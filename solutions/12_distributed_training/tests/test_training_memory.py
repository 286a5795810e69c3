"""training_memory counts what the fullest device holds."""

import pytest

from solutions.expect import several, wholes
from solutions.oracles.distribution import sizes

NAMES = ("activations", "parameters", "gradients", "optimizer")
SMALL = [("conv", 700, 30), ("pool", 150, 0), ("dense", 10, 1510)]
CASES = {
    "one device": dict(batch=8, slots=1),
    "plain descent keeps nothing": dict(batch=8, slots=0),
    "adam keeps two": dict(batch=3, slots=2),
    "divides among devices": dict(batch=12, slots=1, replicas=4),
    "a remainder": dict(batch=10, slots=1, replicas=4),
    "fewer images than devices": dict(batch=2, slots=2, replicas=5),
    "half precision": dict(batch=7, slots=1, replicas=2, bytes_each=2),
    "one image": dict(batch=1, slots=3, replicas=1, bytes_each=8),
}


def counted(rows, batch, slots, replicas=1, bytes_each=4):
    """Byte by byte: every number that the fullest device holds."""
    held = dict.fromkeys(NAMES, 0)
    for _, outputs, parameters in rows:
        for _ in range(max(sizes(batch, replicas))):
            held["activations"] += outputs * bytes_each
        held["parameters"] += parameters * bytes_each
        held["gradients"] += parameters * bytes_each
        for _ in range(slots):
            held["optimizer"] += parameters * bytes_each
    return tuple(held.values())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_part(student, case):
    told = ", ".join(f"{k}={v}" for k, v in case.items())
    called = f"training_memory(rows, {told})"
    found = several(student.training_memory(SMALL, **case), NAMES, "training_memory")
    wholes(found, counted(SMALL, **case), called)


def test_other_rows(student, rng):
    rows = [
        (f"l{i}", int(a), int(p))
        for i, (a, p) in enumerate(rng.integers(0, 10_000, (6, 2)))
    ]
    found = student.training_memory(rows, 33, 2, 4, 2)
    wholes(found, counted(rows, 33, 2, 4, 2), "training_memory(rows, 33, 2, 4, 2)")


def test_large_networks_do_not_overflow(student):
    rows = [("vgg", 15_000_000, 138_000_000)]
    found = student.training_memory(rows, 256, 2)
    wanted = (15_360_000_000, 552_000_000, 552_000_000, 1_104_000_000)
    wholes(found, wanted, "training_memory of a network as large as VGG")
