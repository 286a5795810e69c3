"""The augmentation oracles against SciPy, NumPy and scikit-learn."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.augmentation import (
    equalize_loop,
    percentile,
    rotate_loop,
    stretch_loop,
    topk_loop,
    windows,
)


@pytest.mark.parametrize("degrees", [0, 17, 90, -90, 180, 230.5])
@pytest.mark.parametrize("size", [(5, 5), (4, 7)])
def test_rotation_agrees_with_scipy(size, degrees):
    from scipy.ndimage import affine_transform

    image = normal(np.random.default_rng(0), size)
    angle, middle = np.radians(degrees), (np.array(size) - 1) / 2
    # Rows run down, so this matrix takes a place back by a turn to the left.
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    theirs = affine_transform(
        image, back, middle - back @ middle, order=1, mode="grid-constant"
    )
    assert_close(rotate_loop(image[None, :, :, None], degrees)[0, :, :, 0], theirs)


def test_a_quarter_turn_goes_to_the_left():
    x = normal(np.random.default_rng(1), (2, 5, 5, 3))
    assert_close(rotate_loop(x, 90), np.rot90(x, axes=(1, 2)))


def test_windows_are_all_there_are():
    image = np.arange(1.0, 25).reshape(4, 6, 1)
    found = windows(image, (3, 2), pad=1)
    assert set(found) == {(i, j) for i in range(4) for j in range(7)}
    assert_close(found[1, 1], image[:3, :2])
    assert_close(found[0, 6][:, 0], np.array([[0.0], [6], [12]]))
    assert not found[0, 6][:, 1].any()


def test_percentiles_agree_with_numpy():
    rng = np.random.default_rng(2)
    for length in (1, 2, 7, 30):
        values = rng.normal(size=length)
        for share in (0, 2, 33, 50, 100):
            assert_close(percentile(values, share), np.percentile(values, share))


def test_stretching_is_a_straight_line_between_its_ends():
    x = np.random.default_rng(3).random((2, 4, 5, 3))
    out = stretch_loop(x, 10, 80, 255)
    for image, stretched in zip(x, out, strict=True):
        ends = np.percentile(image, [10, 80])
        assert_close(stretched, np.interp(image, ends, [0.0, 255]))


def test_equalising_is_a_rank():
    """Without ties: all levels from 0 to 255, evenly spread, in the old order."""
    values = np.random.default_rng(4).permutation(20).astype(np.uint8)
    out = equalize_loop(values.reshape(1, 4, 5, 1))
    assert_close(out.ravel(), values.astype(float) * 255 / 19)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_topk_agrees_with_scikit_learn(k):
    from sklearn.metrics import top_k_accuracy_score

    rng = np.random.default_rng(5)
    scores, labels = rng.random((40, 7)), rng.integers(0, 7, 40)
    theirs = top_k_accuracy_score(labels, scores, k=k, labels=range(7))
    assert_close(topk_loop(scores, labels, k), 1 - theirs)
