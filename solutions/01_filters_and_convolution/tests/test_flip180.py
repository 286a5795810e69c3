"""flip180 turns a kernel in the plane, and leaves channels and filters alone."""

import numpy as np
import pytest

from shared.testing import assert_close, normal

SHAPES = {
    "square": (3, 3),
    "wide": (2, 5),
    "tall": (4, 1),
    "one number": (1, 1),
    "with channels and filters": (3, 2, 4, 5),
    "one place, many channels": (1, 1, 3, 2),
}


def turned(k):
    out = np.empty_like(k)
    kh, kw = k.shape[:2]
    for a, b in np.ndindex(kh, kw):
        out[kh - 1 - a, kw - 1 - b] = k[a, b]
    return out


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_number_moves_to_the_opposite_place(student, rng, shape):
    k = normal(rng, shape)
    assert_close(student.flip180(k), turned(k), what="turned kernel")


def test_numbered_kernel(student):
    k = np.arange(1, 7).reshape(2, 3)
    expected = np.array([[6, 5, 4], [3, 2, 1]])
    assert_close(student.flip180(k), expected, what="turned kernel")


def test_bytes_stay_what_they_are(student, rng):
    k = rng.integers(0, 256, size=(3, 4)).astype(np.uint8)
    assert_close(student.flip180(k), turned(k), what="turned uint8 kernel")


def test_twice_is_nothing(student, rng):
    k = normal(rng, (3, 4, 2, 3))
    twice = student.flip180(np.asarray(student.flip180(k)))
    assert_close(twice, k, what="flip180(flip180(k)), which is k")


def test_memory_layout_does_not_matter(student, rng):
    k = normal(rng, (8, 6))
    for name, view in {
        "Fortran order": np.asfortranarray(k),
        "view": k[::2, 1::3],
    }.items():
        assert_close(
            student.flip180(view), turned(view), what=f"turned kernel ({name})"
        )


def test_input_is_unmodified(student, rng):
    k = normal(rng, (3, 4))
    _, after = student.with_inputs("flip180", k)
    assert np.array_equal(k, after[0]), "flip180 changed its argument k"
