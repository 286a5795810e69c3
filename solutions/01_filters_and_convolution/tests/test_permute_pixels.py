"""permute_pixels moves whole pixels, and every image in the same way."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.oracles.filters import permute_loop

SHAPES = {
    "one image, one channel": (1, 3, 3, 1),
    "H != W": (2, 4, 3, 1),
    "a row of pixels": (2, 1, 6, 1),
    "colour": (3, 3, 5, 3),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_loop(student, rng, shape):
    images = normal(rng, shape)
    permutation = rng.permutation(shape[1] * shape[2])
    out = student.permute_pixels(images, permutation)
    assert_close(out, permute_loop(images, permutation), what="shuffled images")


def test_takes_from_the_place_that_the_permutation_names(student):
    images = np.array([[10.0, 11, 12], [13, 14, 15]])[None, :, :, None]
    permutation = np.array([1, 2, 3, 4, 5, 0])
    expected = np.array([[11.0, 12, 13], [14, 15, 10]])[None, :, :, None]
    out = student.permute_pixels(images, permutation)
    assert_close(out, expected, what="shuffled image")


def test_the_unit_permutation_changes_nothing(student, rng):
    images = rng.integers(0, 256, size=(2, 4, 5, 3)).astype(np.uint8)
    out = student.permute_pixels(images, np.arange(20))
    assert_close(out, images, what="images under the permutation 0, 1, 2, ...")


def test_the_inverse_permutation_undoes_it(student, rng):
    images, permutation = normal(rng, (2, 3, 4, 2)), rng.permutation(12)
    there = np.asarray(student.permute_pixels(images, permutation))
    back = student.permute_pixels(there, np.argsort(permutation))
    assert_close(back, images, what="images shuffled, then shuffled back")


def test_channels_stay_together(student, rng):
    images = np.repeat(normal(rng, (2, 3, 4, 1)), 3, axis=3) * [1.0, 10, 100]
    out = np.asarray(student.permute_pixels(images, rng.permutation(12)))
    assert out.shape == images.shape, f"expected shape {images.shape}, got {out.shape}"
    assert_close(
        out[..., 2], 100 * out[..., 0], what="third channel, 100 times the first"
    )


def test_memory_layout_does_not_matter(student, rng):
    permutation = rng.permutation(12)
    images = np.asfortranarray(normal(rng, (3, 3, 4, 2)))
    out = student.permute_pixels(images, permutation)
    assert_close(out, permute_loop(images, permutation), what="images in Fortran order")
    view = normal(rng, (2, 6, 4, 1))[:, ::-2]
    out = student.permute_pixels(view, permutation)
    assert_close(out, permute_loop(view, permutation), what="images that are a view")


def test_inputs_are_unmodified(student, rng):
    images, permutation = normal(rng, (2, 3, 4, 1)), rng.permutation(12)
    _, after = student.with_inputs("permute_pixels", images, permutation)
    for name, old, new in zip(
        ("images", "permutation"), (images, permutation), after, strict=True
    ):
        assert np.array_equal(old, new), f"permute_pixels changed its argument {name}"
