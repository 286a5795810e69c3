"""Augmentation against NumPy and SciPy, and what must hold for every transform."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from shared.datasets import DATASETS
from shared.testing import rng
from shared.training.augmentation import (
    LABEL_SAFE,
    AdaptiveEqualisation,
    AugmentationError,
    ContrastStretch,
    Crop,
    Cutout,
    Flip,
    Rotate,
    Shift,
    augmentation,
)

ALL = (
    Crop(padding=3),
    Shift(2),
    Flip(),
    Flip(vertical=True),
    Rotate(25),
    ContrastStretch(5),
    AdaptiveEqualisation(tiles=3),
    Cutout(4),
)
SHAPE = (6, 13, 10, 3)  # odd and unequal sides, remainders in every tile


def photos(shape=SHAPE, dtype=np.float32):
    """Smooth images with some noise, in [0, 1]."""
    generator = rng(3)
    x = generator.random(shape)
    x = scipy.ndimage.gaussian_filter(x, (0, 2, 2, 0)) + 0.02 * generator.random(shape)
    x -= x.min()
    return (x / x.max()).astype(dtype)


def draws(columns, rows=SHAPE[0], seed=5):
    return rng(seed).random((rows, columns)).astype(np.float32)


def seeds(count=SHAPE[0], seed=1):
    return rng(seed).integers(-(2**31), 2**31, (count, 2)).astype(np.int32)


def apply(transform, x, u):
    return transform.apply(tf.constant(x), tf.constant(u)).numpy()


def test_crop_cuts_the_window_that_the_draws_name():
    x, u = photos(), draws(2)
    out = apply(Crop(size=8, padding=2), x, u)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for i in range(len(x)):
        top, left = int(u[i, 0] * (17 - 8 + 1)), int(u[i, 1] * (14 - 8 + 1))
        np.testing.assert_array_equal(out[i], padded[i, top : top + 8, left : left + 8])


def test_crop_reaches_every_window_and_no_other():
    x = np.arange(4 * 3, dtype=np.float32).reshape(1, 4, 3, 1).repeat(500, 0)
    corners = apply(Crop(size=2), x, draws(2, 500))[:, 0, 0, 0]
    assert set(corners) == {0, 1, 3, 4, 6, 7}


def test_shift_is_scipys_shift():
    x, u = photos(), draws(2)
    out = apply(Shift(2), x, u)
    for i in range(len(x)):
        by = 2 - np.floor(u[i] * 5).astype(int)
        expected = scipy.ndimage.shift(x[i], (*by, 0), order=0)
        np.testing.assert_allclose(out[i], expected, atol=1e-6)


@pytest.mark.parametrize("vertical", [False, True])
def test_flip_mirrors_the_chosen_images_only(vertical):
    x, u = photos(), draws(1)
    out = apply(Flip(vertical=vertical), x, u)
    mirror = np.flipud if vertical else np.fliplr
    assert 0 < (u < 0.5).sum() < len(u)
    for i in range(len(x)):
        expected = mirror(x[i]) if u[i, 0] < 0.5 else x[i]
        np.testing.assert_array_equal(out[i], expected)


def test_rotate_is_scipys_rotation():
    x, u = photos((5, 21, 16, 2)), draws(1, 5)
    out = apply(Rotate(40), x, u)
    for i in range(len(x)):
        angle = np.deg2rad((2 * u[i, 0] - 1) * 40)
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, s], [-s, c]])  # on (row, column)
        middle = np.array([10.0, 7.5])
        for channel in range(2):
            expected = scipy.ndimage.affine_transform(
                x[i, ..., channel], turn, middle - turn @ middle, order=1
            )
            # At the very border the two fade to zero differently: compare inside.
            inside = scipy.ndimage.affine_transform(
                np.ones((21, 16)), turn, middle - turn @ middle, order=0
            )
            inside = scipy.ndimage.binary_erosion(inside > 0, iterations=2)
            assert inside.sum() > 100
            np.testing.assert_allclose(
                out[i, ..., channel][inside], expected[inside], atol=2e-5
            )


def test_half_a_turn_is_exact():
    x = photos((2, 9, 6, 1))
    # A draw of 0 is the greatest angle clockwise.
    out = apply(Rotate(180), x, np.zeros((2, 1), np.float32))
    np.testing.assert_allclose(out, x[:, ::-1, ::-1], atol=1e-5)


def test_rotation_is_counter_clockwise_by_a_positive_angle():
    x = np.zeros((1, 9, 9, 1), np.float32)
    x[0, 4, 8] = 1  # east of the centre
    out = apply(Rotate(90), x, np.full((1, 1), 1 - 1e-7, np.float32))
    assert np.unravel_index(out.argmax(), (9, 9)) == (0, 4)  # north


def test_contrast_stretch_is_numpys_percentiles():
    x, u = 0.3 + 0.2 * photos(), draws(3)
    out = apply(ContrastStretch(percent=20), x, u)
    for i in range(len(x)):
        low, high = np.percentile(x[i], (20 * u[i, 0], 100 - 20 * u[i, 1]))
        expected = np.clip((x[i] - low) / (high - low), 0, 1)
        np.testing.assert_allclose(out[i], expected, atol=1e-4)


def test_contrast_stretch_leaves_a_flat_image_alone():
    x = np.full((2, 5, 4, 1), 0.25, np.float32)
    np.testing.assert_array_equal(apply(ContrastStretch(), x, draws(3, 2)), x)


def clahe(image, tiles, bins, clip_limit):
    """CLAHE of one grey image by loops over tiles and pixels."""
    height, width = image.shape
    tall, wide = -(-height // tiles), -(-width // tiles)
    spare = ((0, tall * tiles - height), (0, wide * tiles - width))
    level = np.pad(np.minimum((image * bins).astype(int), bins - 1), spare, "symmetric")
    table = np.zeros((tiles, tiles, bins))
    for r in range(tiles):
        for c in range(tiles):
            tile = level[r * tall : (r + 1) * tall, c * wide : (c + 1) * wide]
            histogram = np.bincount(tile.ravel(), minlength=bins).astype(float)
            limit = max(1.0, clip_limit * tile.size / bins)
            surplus = np.maximum(histogram - limit, 0).sum()
            histogram = np.minimum(histogram, limit) + surplus / bins
            table[r, c] = np.cumsum(histogram) / tile.size
    centres_y = (np.arange(tiles) + 0.5) * tall - 0.5
    centres_x = (np.arange(tiles) + 0.5) * wide - 0.5
    out = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            by_row = [
                np.interp(x, centres_x, table[r, :, level[y, x]]) for r in range(tiles)
            ]
            out[y, x] = np.interp(y, centres_y, by_row)
    return out


@pytest.mark.parametrize(("tiles", "clip_limit"), [(1, 2.0), (2, 1.5), (3, 40.0)])
def test_adaptive_equalisation_is_clahe_by_loops(tiles, clip_limit):
    x = photos((3, 13, 10, 1)) ** 2
    transform = AdaptiveEqualisation(tiles, 16, clip_limit, probability=1)
    out = apply(transform, x, draws(1, 3))
    for i in range(3):
        expected = clahe(x[i, ..., 0], tiles, 16, clip_limit)
        np.testing.assert_allclose(out[i, ..., 0], expected, atol=1e-5)


def test_adaptive_equalisation_keeps_hue_and_saturation():
    x = 0.05 + 0.6 * photos()
    out = apply(AdaptiveEqualisation(2, probability=1), x, draws(1))
    assert np.abs(out - x).max() > 0.1
    before, after = x / x.max(-1, keepdims=True), out / out.max(-1, keepdims=True)
    np.testing.assert_allclose(after, before, atol=1e-5)
    assert out.min() >= 0
    assert out.max() <= 1 + 1e-6


@pytest.mark.parametrize("size", [3, 4])
def test_cutout_hides_the_square_around_its_centre(size):
    x, u = photos(), draws(2)
    u[0] = 0  # the corner: part of the square lies outside
    out = apply(Cutout(size), x, u)
    for i in range(len(x)):
        expected = x[i].copy()
        top = int(u[i, 0] * 13) - size // 2
        left = int(u[i, 1] * 10) - size // 2
        window = expected[max(top, 0) : top + size, max(left, 0) : left + size]
        window[:] = x[i].mean((0, 1))
        np.testing.assert_allclose(out[i], expected, atol=1e-6)


@pytest.mark.parametrize("transform", ALL, ids=lambda t: t.name)
def test_an_image_depends_on_its_seed_alone(transform):
    x, s = photos(), seeds()
    augment = augmentation(transform, dataset=None)
    whole = augment(x, s).numpy()
    np.testing.assert_array_equal(augment(x, s).numpy(), whole)
    # Alone, and in another order: as on any number of replicas.
    np.testing.assert_array_equal(augment(x[4:5], s[4:5]).numpy(), whole[4:5])
    np.testing.assert_array_equal(augment(x[::-1], s[::-1]).numpy(), whole[::-1])
    others = augment(np.repeat(x[:1], 20, 0), seeds(20)).numpy()
    assert len(np.unique(others.reshape(20, -1), axis=0)) > 1


@pytest.mark.parametrize("transform", ALL, ids=lambda t: t.name)
def test_uint8_images_stay_uint8_and_agree_with_floats(transform):
    x = np.round(photos() * 255).astype(np.uint8)
    augment = augmentation(transform, dataset=None)
    out = augment(x, seeds()).numpy()
    assert out.dtype == np.uint8
    floats = augment((x / 255).astype(np.float32), seeds()).numpy()
    assert np.abs(out / 255 - floats).max() <= 0.5 / 255 + 1e-5


def test_transforms_in_a_row_draw_independently():
    x = np.arange(25, dtype=np.float32).reshape(1, 5, 5, 1).repeat(400, 0) / 25
    both = augmentation(Flip(), Flip(vertical=True), dataset=None)
    out = both(x, seeds(400)).numpy()[:, 0, 0, 0] * 25
    values, counts = np.unique(np.round(out), return_counts=True)
    np.testing.assert_array_equal(values, [0, 4, 20, 24])
    assert counts.min() > 60  # of 100 expected: 4.6 standard deviations


@pytest.mark.parametrize("batched", [False, True])
def test_a_dataset_changes_by_epoch_and_not_by_run(batched):
    x, y = np.round(photos() * 255).astype(np.uint8), np.arange(6)
    dataset = tf.data.Dataset.from_tensor_slices((x, y))
    if batched:
        dataset = dataset.batch(4)
    augment = augmentation(Shift(3), Flip(), dataset="cifar10")

    def epochs(seed):
        changed = augment.on(dataset, seed)
        assert changed.element_spec[0].dtype == tf.uint8
        rows = []
        for _ in range(2):
            images, labels = zip(*changed.as_numpy_iterator(), strict=True)
            join = np.concatenate if batched else np.stack
            rows.append(join(images))
            np.testing.assert_array_equal(join(labels), y)
        return rows

    first, second = epochs(7)
    again, after = epochs(7)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, after)
    assert (first != second).any()
    assert (epochs(8)[0] != first).any()


def test_a_mirrored_digit_is_refused_in_one_line_and_allowed_on_request():
    with pytest.raises(AugmentationError) as caught:
        augmentation(Shift(2), Flip(), dataset="digits")
    assert str(caught.value) == (
        "transforms: flip left-right makes labels of 'digits' false; leave it out, or "
        "pass allow_unsafe=True to do it all the same"
    )
    assert augmentation(Flip(), dataset="digits", allow_unsafe=True).transforms


@pytest.mark.parametrize(
    ("dataset", "transforms", "words"),
    [
        ("mnist", (Rotate(180),), "rotate by 180 makes labels of 'mnist' false; at m"),
        ("cifar10", (Flip(vertical=True),), "flip up-down makes labels of 'cifar10'"),
        ("svhn", (Shift(2),), "nothing is known of 'svhn', only of \"digits\""),
        ("cifar10", (), "none given"),
    ],
)
def test_what_is_unsafe_or_unknown_is_refused(dataset, transforms, words):
    with pytest.raises(AugmentationError, match=words) as caught:
        augmentation(*transforms, dataset=dataset)
    assert "\n" not in str(caught.value)


def test_a_window_that_does_not_fit_is_refused():
    with pytest.raises(AugmentationError, match="14x14 does not fit 13x10"):
        augmentation(Crop(14), dataset=None)(photos(), seeds())


def test_the_table_agrees_with_the_data_sets():
    layers = {
        "RandomTranslation": "shift",
        "RandomRotation": "rotate",
        "RandomFlip": "flip left-right",
    }
    assert LABEL_SAFE.keys() == DATASETS.keys()
    for name, facts in DATASETS.items():
        for layer, transform in layers.items():
            assert (layer in facts.label_safe) == (transform in LABEL_SAFE[name])
