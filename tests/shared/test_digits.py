"""The digits without TensorFlow: scikit-learn's images, enlarged exactly, in order."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from shared.datasets import DatasetError, digits, digits_arrays, info


@pytest.fixture(scope="module")
def originals():
    bunch = load_digits()
    return bunch.images.astype(int), bunch.target


def test_every_digit_is_in_exactly_one_split(originals):
    images, labels = originals
    expected = sorted(
        (int(label), image.tobytes())
        for image, label in zip(digits.enlarge(images), labels, strict=True)
    )
    found = []
    for split in ("train", "test"):
        x, y = digits_arrays(split)
        assert x.dtype == np.uint8
        assert y.dtype == np.int64
        assert x.shape == (getattr(info("digits"), f"{split}_size"), 28, 28, 1)
        found += [(int(b), a.tobytes()) for a, b in zip(x, y, strict=True)]
    assert sorted(found) == expected


def test_both_splits_hold_each_class_in_proportion(originals):
    whole = np.bincount(originals[1])
    test = np.bincount(digits_arrays("test")[1])
    np.testing.assert_array_equal(test, np.ceil(whole / 5))


def test_enlarging_is_bilinear_with_centred_pixels(originals):
    """TensorFlow's resize is the oracle; ours rounds to whole levels."""
    import tensorflow as tf

    images = originals[0][:100]
    resized = tf.image.resize(images[..., None] * (255 / 16), (28, 28))[..., 0].numpy()
    enlarged = digits.enlarge(images).astype(float)
    assert np.abs(enlarged - resized).max() <= 0.5 + 1e-3
    # A direction mixed up would pass on symmetric digits only.
    assert np.abs(digits.enlarge(images.swapaxes(1, 2)) - resized).max() > 100


def test_the_same_images_on_every_machine():
    x, y = digits_arrays("train+test")
    digest = hashlib.sha256(x.tobytes() + y.astype("<i8").tobytes()).hexdigest()
    assert digest[:16] == "e7d99a24c8d694d2"


def test_subsets():
    x, y = digits_arrays("train")
    first, labels = digits_arrays("train[:6000]")
    np.testing.assert_array_equal(first, x)
    half, labels = digits_arrays("test[:3]+train[50%:]")
    np.testing.assert_array_equal(half[3:], x[716:])
    np.testing.assert_array_equal(labels[3:], y[716:])
    np.testing.assert_array_equal(labels[:3], digits_arrays("test")[1][:3])


def test_nothing_heavy_is_imported():
    code = (
        "import sys, shared.datasets as d; d.digits_arrays(); d.load_arrays('digits');"
        "print({'tensorflow', 'keras', 'sklearn', 'scipy', 'tensorflow_datasets'}"
        " & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"
    assert run.stderr == ""


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="pip install scikit-learn"):
        digits_arrays()
