"""random_flip mirrors images by chance, and only where a label says what they become.

No test knows how an answer draws: only what is true of any draws.
"""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.expect import several

# Arrows that point left, right, up and down: a mirror exchanges the first two.
ARROWS = np.array([1, 0, 2, 3])
DIGITS = np.array([0, 1, -1, -1, -1, -1, -1, -1, 8, -1])
# The last class has a partner: becomes[-1] is no mark.
SIGNS = np.array([0, -1, 4, -1, 2])


def flipped(value):
    return several(value, ("images", "labels"), "random_flip")


def generator_of(student, rng):
    return student.generator(int(rng.integers(2**31)))


def mirrored(image):
    """Column by column, from the last."""
    width = image.shape[1]
    return np.stack([image[:, width - 1 - j] for j in range(width)], axis=1)


def judge(value, x, labels, becomes):
    """Which images were mirrored; fails if an image and its label do not agree."""
    out, new = (np.asarray(part) for part in flipped(value))
    assert out.shape == x.shape, f"images must keep shape {x.shape}, not {out.shape}"
    assert new.shape == labels.shape, (
        f"labels must have shape {labels.shape}, not {new.shape}"
    )
    turned = np.zeros(len(x), bool)
    for n, (image, label) in enumerate(zip(x, labels, strict=True)):
        turned[n] = not np.array_equal(out[n], image)
        if not turned[n]:
            assert new[n] == label, (
                f"image {n} was left as it is, but its label {label} became {new[n]}"
            )
            continue
        assert np.array_equal(out[n], mirrored(image)), (
            f"image {n} of the result is neither image {n} nor its mirror image, left "
            "and right exchanged"
        )
        assert becomes[label] >= 0, (
            f"image {n} has label {label}, whose mirror image is of no class (becomes "
            f"has {becomes[label]}): it must never be mirrored"
        )
        assert new[n] == becomes[label], (
            f"image {n}, of class {label}, was mirrored; its label must become "
            f"{becomes[label]}, not {new[n]}"
        )
    return turned


def test_p_1_mirrors_all_that_may_be(student, rng):
    x, labels = normal(rng, (4, 3, 5, 2)), np.array([0, 1, 2, 3])
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng), p=1.0)
    assert judge(value, x, labels, ARROWS).all(), "p = 1 must mirror every image"
    out, new = flipped(value)
    assert_close(new, np.array([1, 0, 2, 3]), what="labels of mirrored arrows")
    assert_close(out, x[:, :, ::-1], what="images with p = 1")


def test_p_0_mirrors_nothing(student, rng):
    x, labels = normal(rng, (5, 4, 3, 1)), np.array([3, 1, 0, 2, 1])
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng), p=0.0)
    assert not judge(value, x, labels, ARROWS).any(), "p = 0 must mirror no image"


@pytest.mark.parametrize("becomes", [DIGITS, SIGNS], ids=["digits", "signs"])
def test_what_may_not_be_mirrored_is_not(student, rng, becomes):
    x, labels = normal(rng, (30, 4, 6, 2)), np.arange(30) % len(becomes)
    value = student.random_flip(x, labels, becomes, generator_of(student, rng), p=1.0)
    turned = judge(value, x, labels, becomes)
    allowed = np.flatnonzero(becomes >= 0)
    assert np.array_equal(turned, np.isin(labels, allowed)), (
        f"with p = 1 and becomes {becomes.tolist()} exactly the classes "
        f"{allowed.tolist()} must be mirrored"
    )


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_about_p_of_the_images_are_mirrored(student, rng, p):
    """A count nine deviations from its mean is no chance: less than 1 in 10^17."""
    count = 2000
    x, labels = normal(rng, (count, 2, 3, 1), np.float32), rng.integers(0, 4, count)
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng), p=p)
    times = int(judge(value, x, labels, ARROWS).sum())
    assert abs(times - count * p) < 9 * np.sqrt(count * p * (1 - p)), (
        f"with p = {p}, about {count * p:.0f} of {count} images should be mirrored, "
        f"not {times}"
    )


def test_not_always_as_many(student, rng):
    """That 24 draws of 10 coins each show as many heads happens once in 10^14."""
    x, labels = normal(rng, (10, 1, 2, 1)), np.full(10, 3)
    generator = generator_of(student, rng)
    times = [
        int(
            judge(
                student.random_flip(x, labels, ARROWS, generator), x, labels, ARROWS
            ).sum()
        )
        for _ in range(24)
    ]
    assert len(set(times)) > 1, (
        f"in each of 24 calls {times[0]} of 10 images were mirrored: each image must "
        "be drawn for by itself, so that their number varies"
    )


def test_half_of_them_if_p_is_not_given(student, rng):
    x, labels = normal(rng, (2000, 1, 2, 1), np.float32), rng.integers(0, 4, 2000)
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng))
    times = int(judge(value, x, labels, ARROWS).sum())
    assert 799 < times < 1201, f"p is 0.5: about 1000 of 2000 images, not {times}"


def test_each_image_has_its_own_chance(student, rng):
    """Of pairs of neighbours, all four kinds occur, each about as often."""
    x, labels = normal(rng, (2000, 1, 2, 1), np.float32), np.full(2000, 2)
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng), p=0.5)
    pairs = judge(value, x, labels, ARROWS).reshape(-1, 2)
    kinds = np.bincount(2 * pairs[:, 0] + pairs[:, 1], minlength=4)
    assert kinds.min() > 125, (
        "each image must be drawn for by itself: of 1000 pairs of neighbours, about "
        "250 each should be both as they were, one mirrored, the other, both; they are "
        f"{kinds.tolist()}"
    )


def test_the_generator_decides(student, rng):
    """The same start gives the same flips; the same generator goes on."""
    x, labels = normal(rng, (100, 2, 3, 1)), rng.integers(0, 4, 100)
    seed = int(rng.integers(2**31))
    one, same = student.generator(seed), student.generator(seed)
    found = [
        np.asarray(flipped(student.random_flip(x, labels, ARROWS, generator))[0])
        for generator in (one, one, same, student.generator(seed + 1))
    ]
    assert np.array_equal(found[0], found[2]), (
        "two generators with the same seed must give the same flips: draw from rng "
        "and from nothing else"
    )
    assert not np.array_equal(found[0], found[1]), (
        "a second call with the same generator must go on drawing; it gave the same "
        "flips again"
    )
    assert not np.array_equal(found[0], found[3]), "another seed gave the same flips"


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_the_dtype_stays(student, rng, dtype):
    x = rng.integers(0, 256, (6, 3, 4, 3)).astype(dtype)
    labels = np.array([0, 1, 2, 3, 0, 1], np.uint8)
    value = student.random_flip(x, labels, ARROWS, generator_of(student, rng), p=1.0)
    judge(value, x, labels, ARROWS)
    kind = np.asarray(flipped(value)[0]).dtype.kind
    assert kind == np.dtype(dtype).kind, (
        f"{np.dtype(dtype).name} images must stay {np.dtype(dtype).name}"
    )


def test_memory_layout_does_not_matter(student, rng):
    x, labels = normal(rng, (8, 6, 5, 2)), np.array([0, 1, 2, 3] * 2)
    for view in (np.asfortranarray(x), x[:, ::2, ::-1]):
        generator = generator_of(student, rng)
        value = student.random_flip(view, labels, ARROWS, generator, p=1.0)
        assert judge(value, view, labels, ARROWS).all(), "p = 1 must mirror every image"


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_inputs_are_unmodified(student, rng, p):
    x, labels = normal(rng, (6, 3, 4, 1)), np.array([0, 1, 2, 3, 0, 1])
    arguments = x, labels, ARROWS, generator_of(student, rng)
    _, after = student.with_inputs("random_flip", *arguments, p=p)
    for name, old, new in zip(
        ("x", "labels", "becomes"), arguments, after, strict=False
    ):
        assert np.array_equal(old, new), f"random_flip changed its argument {name}"
