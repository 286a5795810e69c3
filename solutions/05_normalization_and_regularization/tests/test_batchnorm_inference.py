"""batchnorm_inference uses the running state, and each image stands for itself."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.oracles.normalization import normalize_with

SHAPES = {
    "convolution, H != W": (3, 4, 5, 2),
    "one image": (1, 3, 4, 3),
    "one number": (1, 1, 1, 1),
    "N = H = W = C": (3, 3, 3, 3),
    "dense": (6, 4),
    "dense, one example": (1, 3),
}


def draw(rng, shape, dtype=np.float64):
    c = shape[-1:]
    x, var = normal(rng, shape), rng.uniform(0.2, 4, c)
    parts = (x, normal(rng, c), normal(rng, c), normal(rng, c), var)
    return tuple(part.astype(dtype) for part in parts)


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_matches_loop(student, rng, shape, epsilon):
    args = draw(rng, shape)
    out = student.batchnorm_inference(*args, epsilon=epsilon)
    assert_close(out, normalize_with(*args, epsilon), what="out")


def test_default_epsilon(student, rng):
    args = draw(rng, (2, 3, 2, 2))
    args = (*args[:4], np.array([0.001, 0.01]))
    out = student.batchnorm_inference(*args)
    assert_close(out, normalize_with(*args, 1e-3), what="out with default epsilon")


def test_company_does_not_matter(student, rng):
    x, *others = draw(rng, (4, 2, 3, 2))
    together = np.asarray(student.batchnorm_inference(x, *others))
    alone = student.batchnorm_inference(x[2:3], *others)
    assert_close(alone, together[2:3], what="the third image alone")


def test_float32(student, rng):
    args = draw(rng, (2, 3, 4, 2), np.float32)
    expected = normalize_with(*args, 0.01).astype(np.float32)
    out = student.batchnorm_inference(*args, epsilon=0.01)
    assert_close(out, expected, what="out for float32 arrays")


def test_memory_layout_does_not_matter(student, rng):
    x, *others = draw(rng, (4, 6, 5, 3))
    for view in (np.asfortranarray(x), x[:, ::-2]):
        out = student.batchnorm_inference(view, *others, epsilon=0.01)
        expected = normalize_with(view, *others, 0.01)
        assert_close(out, expected, what="out for x in another memory layout")


def test_inputs_are_unmodified(student, rng):
    args = draw(rng, (2, 3, 4, 2))
    _, after = student.with_inputs("batchnorm_inference", *args)
    names = ("x", "gamma", "beta", "running_mean", "running_var")
    for name, old, new in zip(names, args, after, strict=True):
        assert np.array_equal(old, new), (
            f"batchnorm_inference changed its argument {name}"
        )
