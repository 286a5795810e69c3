"""match_feature is the mean product at every place; all 147 numbers of the lecture."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single, normal
from solutions.oracles.filters import match_loop

CASES = {  # image, feature
    "one window": ((3, 3), (3, 3)),
    "one pixel": ((4, 3), (1, 1)),
    "H != W": ((6, 9), (3, 3)),
    "a wide feature": ((5, 7), (2, 4)),
    "a tall feature": ((7, 5), (4, 1)),
}

DIAGONAL = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
CROSS = np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]])
# In hundredths, cut off after two decimals as the lecture prints them.
PRINTED = {
    "diagonal": (
        DIAGONAL,
        """
         77 -11  11  33  55 -11  33
        -11 100 -11  33 -11  11 -11
         11 -11 100 -33  11 -11  55
         33  33 -33  55 -33  33  33
         55 -11  11 -33 100 -11  11
        -11  11 -11  33 -11 100 -11
         33 -11  55  33  11 -11  77
        """,
    ),
    "cross": (
        CROSS,
        """
         33 -55  11 -11  11 -55  33
        -55  55 -55  33 -55  55 -55
         11 -55  55 -77  55 -55  11
        -11  33 -77 100 -77  33 -11
         11 -55  55 -77  55 -55  11
        -55  55 -55  33 -55  55 -55
         33 -55  11 -11  11 -55  33
        """,
    ),
    "anti-diagonal": (
        DIAGONAL[:, ::-1],
        """
         33 -11  55  33  11 -11  77
        -11  11 -11  33 -11 100 -11
         55 -11  11 -33 100 -11  11
         33  33 -33  55 -33  33  33
         11 -11 100 -33  11 -11  55
        -11 100 -11  33 -11  11 -11
         77 -11  11  33  55 -11  33
        """,
    ),
}


def the_x():
    x = np.full((9, 9), -1)
    for i in range(1, 8):
        x[i, i] = x[i, 8 - i] = 1
    return x


def cut_off(values):
    """Hundredths without what follows; rounding errors are smoothed out before."""
    return np.trunc(np.round(100 * np.asarray(values, float), 3))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_matches_loop(student, rng, case):
    x, f = (normal(rng, shape) for shape in case)
    assert_close_in_single(
        student.match_feature(x, f), match_loop(x, f), what="map of matches"
    )


@pytest.mark.parametrize("name", PRINTED)
def test_lectures_maps(student, name):
    feature, text = PRINTED[name]
    out = student.match_feature(the_x(), feature)
    assert_close_in_single(out, match_loop(the_x(), feature), what=f"map of the {name}")
    printed = np.array(text.split(), float).reshape(7, 7)
    assert_close_in_single(
        cut_off(out), printed, what=f"hundredths of the {name}'s map, cut off"
    )


def test_a_perfect_match_is_one_and_its_negative_minus_one(student, rng):
    x = rng.choice([-1, 1], size=(8, 7))
    feature = x[2:6, 3:6]
    same, opposite = (
        np.asarray(student.match_feature(x, sign * feature)) for sign in (1, -1)
    )
    assert_close_in_single(
        same[2, 3], 1.0, what="match of a piece of the image where it stands"
    )
    assert_close_in_single(opposite[2, 3], -1.0, what="match of its negative")


def test_bytes_do_not_wrap_around(student, rng):
    x = rng.integers(0, 256, size=(5, 6)).astype(np.uint8)
    f = np.array([[1, -1, 0], [2, 1, -3]])
    out = student.match_feature(x, f)
    assert_close_in_single(out, match_loop(x, f), what="map of a uint8 image")


def test_float32(student, rng):
    x, f = normal(rng, (6, 5), np.float32), normal(rng, (3, 2), np.float32)
    expected = match_loop(x, f).astype(np.float32)
    assert_close_in_single(
        student.match_feature(x, f), expected, what="map for float32 arrays"
    )


def test_inputs_are_unmodified(student, rng):
    x, f = normal(rng, (5, 4)), normal(rng, (3, 2))
    _, after = student.with_inputs("match_feature", x, f)
    for name, old, new in zip("xf", (x, f), after, strict=True):
        assert np.array_equal(old, new), f"match_feature changed its argument {name}"
