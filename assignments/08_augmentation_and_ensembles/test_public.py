"""Small cases with their numbers: what `check("...")` runs in the notebook.

They catch most mistakes, not all. The grader has other tests, with random numbers and
awkward shapes.
"""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close

question = pytest.mark.question

# Two images of 3 rows and 4 columns, every pixel its own number: 11 is in row 1,
# column 1 of the first image, 134 in row 3, column 4 of the second.
ROWS = 10.0 * np.arange(1, 4)[:, None] + np.arange(1, 5)
X = np.stack([ROWS, ROWS + 100])[..., None]


def grey(*rows):
    """One grey image (1, H, W, 1)."""
    return np.array(rows)[None, :, :, None]


def flipped(value):
    assert isinstance(value, tuple | list), "random_flip returns (images, labels)"
    assert len(value) == 2, f"random_flip returns two values, not {len(value)}"
    return value


@question("random_crop")
def test_crops_are_windows(student):
    out = np.asarray(student.random_crop(X, (2, 3), student.generator(0)))
    assert out.shape == (2, 2, 3, 1), f"expected shape (2, 2, 3, 1), got {out.shape}"
    for image, crop in zip(X, out, strict=True):
        windows = [image[i : i + 2, j : j + 3] for i in (0, 1) for j in (0, 1)]
        fits = any(np.array_equal(crop, window) for window in windows)
        assert fits, "a crop is no window of 2 x 3 pixels of its own image"


@question("random_crop")
def test_a_window_that_fits_in_one_place_only(student):
    out = student.random_crop(X, (3, 4), student.generator(0))
    assert_close(out, X, what="crops of the images' own size")
    out = student.random_crop(X, (5, 6), student.generator(0), pad=1)
    expected = np.zeros((2, 5, 6, 1))
    expected[:, 1:4, 1:5] = X
    assert_close(out, expected, what="crops of the framed images' size")


@question("random_crop")
def test_all_four_places_occur(student):
    many = np.repeat(X[:1], 200, axis=0)
    out = np.asarray(student.random_crop(many, (2, 3), student.generator(0)))
    found = sorted(set(out[:, 0, 0, 0].tolist()))
    assert found == [11, 12, 21, 22], f"200 crops begin only at the pixels {found}"


@question("random_crop")
def test_the_generator_decides_where(student):
    many = np.repeat(X, 20, axis=0)
    one, same = student.generator(7), student.generator(7)
    first = np.asarray(student.random_crop(many, (2, 2), one))
    again = np.asarray(student.random_crop(many, (2, 2), same))
    assert np.array_equal(first, again), "the same seed must give the same crops"
    later = np.asarray(student.random_crop(many, (2, 2), one))
    assert not np.array_equal(first, later), "a second call must draw new places"


@question("random_flip")
def test_arrows_in_the_mirror(student):
    labels, becomes = np.array([0, 2]), np.array([1, 0, 2])
    value = student.random_flip(X, labels, becomes, student.generator(0), p=1.0)
    images, new = flipped(value)
    assert_close(images, X[:, :, ::-1], what="images with p = 1")
    assert_close(new, np.array([1, 2]), what="labels with p = 1")


@question("random_flip")
def test_what_becomes_nothing_stays(student):
    labels, becomes = np.array([2, 1]), np.array([0, 1, -1])
    value = student.random_flip(X, labels, becomes, student.generator(0), p=1.0)
    images, new = flipped(value)
    expected = np.stack([X[0], X[1, :, ::-1]])
    assert_close(images, expected, what="images of classes 2 (becomes -1) and 1")
    assert_close(new, labels, what="labels")


@question("random_flip")
def test_p_0_changes_nothing(student):
    labels, becomes = np.array([0, 1]), np.array([1, 0])
    value = student.random_flip(X, labels, becomes, student.generator(0), p=0.0)
    images, new = flipped(value)
    assert_close(images, X, what="images with p = 0")
    assert_close(new, labels, what="labels with p = 0")


@question("rotate")
def test_a_quarter_turn_to_the_left(student):
    x = grey([1.0, 2, 3], [4, 5, 6], [7, 8, 9])
    expected = grey([3.0, 6, 9], [2, 5, 8], [1, 4, 7])
    assert_close(student.rotate(x, 90), expected, atol=1e-6, what="turned by 90°")


@question("rotate")
def test_half_a_turn(student):
    out = student.rotate(X, 180)
    assert_close(out, X[:, ::-1, ::-1], atol=1e-4, what="turned by 180°")


@question("rotate")
def test_an_eighth_of_a_turn(student):
    x = grey([0.0, 0, 0], [0, 0, 8], [0, 0, 0])
    s = np.sqrt(0.5)
    # The corner comes from sqrt 2 right of the middle, its neighbours from s and s.
    corner, beside = 8 * (2 - np.sqrt(2)), 8 * s * (1 - s)
    expected = grey([0.0, beside, corner], [0, 0, beside], [0, 0, 0])
    assert_close(student.rotate(x, 45), expected, atol=1e-4, what="turned by 45°")


@question("rotate")
def test_uint8_is_rounded(student):
    x = np.full((1, 3, 3, 1), 200, np.uint8)
    out = np.asarray(student.rotate(x, 45))
    assert out.dtype == np.uint8, f"uint8 images must stay uint8, not {out.dtype}"
    # The corners come from (1 - sqrt 2) beyond the edge's middle.
    expected = 200 * (2 - np.sqrt(2))
    assert_close(out[0, 0, 0, 0], expected, atol=0.51, what="a corner")


@question("contrast_stretch")
def test_stretch_by_hand(student):
    x = grey([0.2, 0.4], [0.6, 0.3])
    expected = grey([0.0, 0.5], [1.0, 0.25])
    out = student.contrast_stretch(x, low=0, high=100)
    assert_close(out, expected, atol=1e-6, what="from 0.2 to 0.6")


@question("contrast_stretch")
def test_stretch_cuts_off(student):
    x = np.array([10, 20, 30, 40, 60], np.uint8).reshape(1, 1, 5, 1)
    out = student.contrast_stretch(x, low=25, high=75)
    expected = np.array([0, 0, 127.5, 255, 255]).reshape(x.shape)
    assert_close(out, expected, atol=0.51, what="from 20 to 40")
    assert np.asarray(out).dtype == np.uint8, "uint8 images must stay uint8"


@question("contrast_stretch")
def test_stretch_leaves_flat_images(student):
    x = np.full((1, 2, 3, 1), 0.3)
    assert_close(student.contrast_stretch(x), x, what="a flat image")


@question("equalize")
def test_equalize_by_hand(student):
    x = np.array([10, 10, 20, 200], np.uint8).reshape(1, 2, 2, 1)
    out = student.equalize(x)
    expected = np.array([0, 0, 127.5, 255]).reshape(x.shape)
    assert_close(out, expected, atol=0.51, what="equalised")
    assert np.asarray(out).dtype == np.uint8, "the result must be uint8"


@question("equalize")
def test_equalize_leaves_flat_channels(student):
    x = np.full((1, 2, 3, 2), 7, np.uint8)
    x[..., 1] = [[1, 2, 3], [4, 5, 6]]
    expected = x.astype(float)
    expected[..., 1] = [[0, 51, 102], [153, 204, 255]]
    assert_close(student.equalize(x), expected, atol=0.51, what="two channels")


@question("tta_predict")
def test_mean_over_two_views(student):
    x = np.array([3.0, 5]).reshape(1, 1, 2, 1)
    as_it_is = student.affine_map(np.eye(2), np.zeros(2), x.shape)
    mirrored = student.affine_map(np.eye(2)[::-1], np.zeros(2), x.shape)
    # Scores: the difference of the two pixels, if positive, and their sum.
    predict = student.affine_map(
        np.array([[1.0, -1], [1, 1]]), np.zeros(2), (1, 2), relu=True
    )
    out = student.tta_predict(predict, x, [as_it_is, mirrored])
    assert_close(out, np.array([[1.0, 8]]), what="mean over two views")
    out = student.tta_predict(predict, x, [mirrored])
    assert_close(out, np.array([[2.0, 8]]), what="a single view")


def saying(student, *tables):
    """Models that say the same whatever they see: (N, K) each."""
    return [
        student.affine_map(np.zeros((np.size(t), 2)), np.ravel(t), np.shape(t))
        for t in tables
    ]


@question("ensemble_predict")
def test_the_mean_and_the_vote(student):
    x = np.zeros((1, 1, 2, 1))
    sure, leaning = np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]])
    models = saying(student, sure, leaning, leaning)
    out = student.ensemble_predict(models, x)
    assert_close(out, np.array([[1.7, 1.3]]) / 3, what="mean of three models")
    out = student.ensemble_predict(models, x, vote=True)
    assert_close(out, np.array([[1.0, 2]]) / 3, what="shares of three votes")


@question("ensemble_predict")
def test_a_tie_inside_a_model(student):
    x = np.zeros((2, 1, 1, 1))
    models = saying(student, np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5]]))
    out = student.ensemble_predict(models, x, vote=True)
    expected = np.array([[0.0, 1, 0], [1, 0, 0]])
    assert_close(out, expected, what="the vote of one model with ties")


@question("topk_error")
def test_topk_by_hand(student):
    scores = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.1, 0.7]])
    labels = np.array([1, 2, 1])
    for k, expected in ((1, 2 / 3), (2, 1 / 3), (3, 0.0), (4, 0.0)):
        out = student.topk_error(scores, labels, k=k)
        assert_close(out, expected, atol=1e-6, what=f"top-{k} error")


@question("topk_error")
def test_ties(student):
    scores, labels = np.full((4, 4), 0.25), np.arange(4)
    out = student.topk_error(scores, labels, k=1)
    assert_close(out, 0.75, atol=1e-6, what="top-1 error of equal scores")
