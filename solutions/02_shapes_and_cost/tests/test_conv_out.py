"""conv_out counts the windows that fit, and refuses what does not."""

import pytest

from solutions.expect import whole
from solutions.oracles.shapes import window_starts

CASES = {  # n, f, s, p, outputs
    "7 pixels, stride 1": (7, 3, 1, 0, 5),
    "7 pixels, stride 2": (7, 3, 2, 0, 3),
    "7 pixels, stride 3, remainder dropped": (7, 3, 3, 0, 2),
    "7 pixels, padded": (7, 3, 1, 1, 7),
    "6 pixels to 8 to 6": (6, 3, 1, 1, 6),
    "28 of 32": (32, 5, 1, 0, 28),
    "33 pixels, stride 2": (33, 3, 2, 0, 16),
    "pad 2 keeps 32": (32, 5, 1, 2, 32),
    "full": (7, 3, 1, 2, 9),
    "one window": (3, 3, 2, 0, 1),
    "remainder larger than the window": (9, 1, 4, 0, 3),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_lecture_sizes(student, case):
    n, f, s, p, expected = case
    out = student.conv_out(n, f, s, p, mode="floor")
    whole(out, expected, f"conv_out({n}, {f}, {s}, {p})")


def test_defaults(student):
    whole(student.conv_out(7, 3), 5, "conv_out(7, 3)")
    whole(student.conv_out(7, 3, 3), 2, "conv_out(7, 3, 3)")


def test_counts_windows(student, rng):
    for _ in range(30):
        f, s, p = (int(rng.integers(low, 7)) for low in (1, 1, 0))
        n = int(rng.integers(max(f - 2 * p, 1), 20))
        out = student.conv_out(n, f, s, p, mode="floor")
        starts = window_starts(n, f, s, p, p)
        whole(out, len(starts), f"conv_out({n}, {f}, {s}, {p})")


@pytest.mark.parametrize("kind", [tuple, list])
def test_padding_as_a_pair(student, rng, kind):
    for _ in range(10):
        f, s, before, after = (int(rng.integers(low, 6)) for low in (1, 1, 0, 0))
        n = int(rng.integers(f, 15))
        p = kind((before, after))
        out = student.conv_out(n, f, s, p, mode="floor")
        starts = window_starts(n, f, s, before, after)
        whole(out, len(starts), f"conv_out({n}, {f}, {s}, {p})")


def test_exact_refuses_a_remainder(student, rng):
    for n, f, s, p in [(7, 3, 3, 0), (224, 11, 4, 0), (32, 5, 2, 2), (6, 3, 2, (1, 1))]:
        with student.raises(ValueError):
            student.conv_out(n, f, s, p, mode="exact")
    for _ in range(10):
        count, f, s = (int(value) for value in rng.integers(1, 7, size=3))
        before, after = (int(value) for value in rng.integers(0, f, size=2))
        n = max((count - 1) * s + f - before - after, 1)
        count = len(window_starts(n, f, s, before, after))
        if not count or window_starts(n, f, s, before, after)[-1] + f != n + after:
            continue
        out = student.conv_out(n, f, s, (before, after), mode="exact")
        called = f'conv_out({n}, {f}, {s}, {(before, after)}, mode="exact")'
        whole(out, count, called)


def test_exact_takes_what_fits(student):
    for n, f, s, p, expected in [(7, 3, 2, 0, 3), (227, 11, 4, 0, 55), (5, 7, 3, 1, 1)]:
        out = student.conv_out(n, f, s, p, mode="exact")
        whole(out, expected, f'conv_out({n}, {f}, {s}, {p}, mode="exact")')


@pytest.mark.parametrize("mode", ["floor", "exact"])
@pytest.mark.parametrize("case", [(2, 3, 1, 0), (4, 7, 2, 1), (3, 8, 4, 1)])
def test_a_window_without_a_place_is_refused(student, mode, case):
    with student.raises(ValueError):
        student.conv_out(*case, mode=mode)


def test_other_modes_are_refused(student):
    for mode in ("ceil", "same", "Floor", ""):
        with student.raises(ValueError):
            student.conv_out(7, 3, 2, 0, mode=mode)
