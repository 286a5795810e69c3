"""random_crop: windows of the framed images, each place as likely as any other.

No test knows how an answer draws: only what is true of any draws.
"""

import numpy as np
import pytest

from solutions.oracles.augmentation import windows

CASES = {  # images, size, pad
    "no frame": ((6, 5, 7, 3), (3, 4), 0),
    "one column": ((4, 6, 3, 1), (2, 1), 0),
    "a frame": ((5, 4, 6, 2), (4, 6), 1),
    "a wide frame, larger crops": ((3, 3, 4, 1), (5, 6), 2),
    "one image": ((1, 6, 5, 3), (5, 3), 1),
    "one place down, many across": ((7, 4, 9, 2), (4, 3), 0),
    "one place across, many down": ((7, 9, 4, 2), (3, 4), 0),
}


def pictures(shape, dtype=np.float64):
    """Every number occurs once, none is zero: a window can stand in one place only."""
    numbers = np.arange(1, 1 + np.prod(shape))
    return numbers.astype(dtype).reshape(shape)


def places(out, x, size, pad):
    """Where each crop begins; fails if one is no window of its own image."""
    out = np.asarray(out)
    wanted = (len(x), *size, x.shape[-1])
    assert out.shape == wanted, f"the crops must have shape {wanted}, not {out.shape}"
    found = []
    for n, (crop, image) in enumerate(zip(out, x, strict=True)):
        fits = [
            place
            for place, window in windows(image, size, pad).items()
            if np.array_equal(window, crop)
        ]
        assert fits, f"crop {n} is no window of {size} pixels of image {n}" + (
            f" in a frame of {pad} zeros" if pad else ""
        )
        found += fits
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_crops_are_windows_of_their_own_image(student, rng, case):
    shape, size, pad = case
    x = pictures(shape)
    generator = student.generator(int(rng.integers(2**31)))
    places(student.random_crop(x, size, generator, pad=pad), x, size, pad)


def test_the_only_window(student):
    """Where there is one place, nothing is left to chance."""
    x = pictures((2, 4, 3, 2))
    places(student.random_crop(x, (4, 3), student.generator(1)), x, (4, 3), 0)
    places(student.random_crop(x, (6, 5), student.generator(1), pad=1), x, (6, 5), 1)


@pytest.mark.parametrize(
    ("shape", "size", "pad"),
    [((3, 5), (2, 3), 0), ((3, 2), (3, 2), 1), ((1, 4), (2, 3), 1)],
    ids=["no frame", "a frame", "a frame, H != W"],
)
def test_every_place_is_as_likely_as_any_other(student, rng, shape, size, pad):
    """A count eight deviations from its mean is no chance: less than 1 in 10^14."""
    across = [n + 2 * pad - s + 1 for n, s in zip(shape, size, strict=True)]
    count = across[0] * across[1]
    x = np.broadcast_to(pictures((1, *shape, 1)), (400 * count, *shape, 1))
    generator = student.generator(int(rng.integers(2**31)))
    out = student.random_crop(np.array(x, np.float32), size, generator, pad=pad)
    all_windows = windows(x[0], size, pad)
    beginnings = {window.tobytes(): place for place, window in all_windows.items()}
    tally = dict.fromkeys(all_windows, 0)
    for crop in np.asarray(out, np.float64):
        assert crop.tobytes() in beginnings, f"a crop is no window of {size} pixels"
        tally[beginnings[crop.tobytes()]] += 1
    away = 8 * np.sqrt(400 * (1 - 1 / count))
    for place, times in tally.items():
        assert abs(times - 400) < away, (
            f"of {len(x)} crops with {count} possible places, {times} begin at row "
            f"{place[0]}, column {place[1]} of the framed image; about 400 should"
        )


def test_two_neighbours_have_nothing_in_common(student, rng):
    """All 16 pairs of places of images 2n and 2n + 1 occur, each about as often."""
    x = np.broadcast_to(pictures((1, 3, 3, 1)), (6400, 3, 3, 1))
    generator = student.generator(int(rng.integers(2**31)))
    out = np.asarray(student.random_crop(np.array(x, np.uint8), (2, 2), generator))
    assert out.shape == (6400, 2, 2, 1), f"got crops of shape {out.shape}"
    corners = out[:, 0, 0, 0].reshape(-1, 2)
    for one in (1, 2, 4, 5):
        for other in (1, 2, 4, 5):
            times = np.sum((corners == (one, other)).all(axis=1))
            assert 60 < times < 340, (
                "each image must have its own place: of 3200 pairs of neighbours, "
                f"{times} have one of the 16 pairs of places, not about 200"
            )


def test_the_generator_decides(student, rng):
    """The same start gives the same crops; the same generator goes on."""
    x = pictures((40, 6, 7, 1))
    seed = int(rng.integers(2**31))
    one, same = student.generator(seed), student.generator(seed)
    other = student.generator(seed + 1)
    first = np.asarray(student.random_crop(x, (3, 3), one))
    second = np.asarray(student.random_crop(x, (3, 3), one))
    again = np.asarray(student.random_crop(x, (3, 3), same))
    elsewhere = np.asarray(student.random_crop(x, (3, 3), other))
    assert np.array_equal(first, again), (
        "two generators with the same seed must give the same crops: draw from rng "
        "and from nothing else"
    )
    assert not np.array_equal(first, second), (
        "a second call with the same generator must go on drawing; it gave the same "
        "crops again"
    )
    assert not np.array_equal(first, elsewhere), "another seed gave the same crops"


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_the_dtype_stays(student, dtype):
    """With both calls made before either is judged, hints are about the dtype alone."""
    x, size = pictures((4, 4, 5, 2), dtype), (3, 2)
    generator = student.generator(4)
    crops = [student.random_crop(x, size, generator, pad=pad) for pad in (0, 1)]
    for pad, out in enumerate(crops):
        places(out, x, size, pad)
        kind = np.asarray(out).dtype.kind
        assert kind == np.dtype(dtype).kind, (
            f"{np.dtype(dtype).name} images must give {np.dtype(dtype).name} crops, "
            f"not {np.asarray(out).dtype.name}"
        )


def test_memory_layout_does_not_matter(student):
    x = pictures((3, 5, 8, 2))
    for view in (np.asfortranarray(x), x[:, ::-1, ::2]):
        out = student.random_crop(view, (3, 2), student.generator(3), pad=1)
        places(out, view, (3, 2), 1)


def test_a_size_may_be_a_list(student):
    x = pictures((3, 5, 8, 2))
    places(student.random_crop(x, [2, 6], student.generator(3)), x, (2, 6), 0)


@pytest.mark.parametrize("pad", [0, 2])
def test_images_are_unmodified(student, pad):
    x = pictures((3, 5, 6, 1))
    arguments = x, (4, 2), student.generator(2)
    _, after = student.with_inputs("random_crop", *arguments, pad=pad)
    assert np.array_equal(x, after[0]), "random_crop changed its argument x"
