"""fold_batchnorm: one layer does the work of a layer and its normalisation."""

import numpy as np
import pytest

from shared.testing import assert_close_in_single as assert_close
from shared.testing import normal
from solutions.expect import several
from solutions.oracles import conv2d_loop
from solutions.oracles.normalization import normalize_with

KERNELS = {
    "kh != kw, C != F": (3, 2, 2, 4),
    "more channels than filters": (2, 3, 5, 2),
    "as many channels as filters": (3, 3, 3, 3),
    "1x1": (1, 1, 3, 2),
    "one filter": (2, 2, 3, 1),
}


def draw(rng, shape, dtype=np.float64):
    """w, b, gamma, beta, running_mean, running_var."""
    f = shape[-1:]
    parts = [normal(rng, s) for s in (shape, f, f, f, f)] + [rng.uniform(0.2, 4, f)]
    return tuple(part.astype(dtype) for part in parts)


def fold(student, *args, **options):
    value = student.fold_batchnorm(*args, **options)
    return several(value, ("w", "b"), "fold_batchnorm")


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
@pytest.mark.parametrize("shape", KERNELS.values(), ids=KERNELS)
def test_a_convolution_gives_the_same(student, rng, shape, epsilon):
    w, b, *norm = draw(rng, shape)
    new_w, new_b = fold(student, w, b, *norm, epsilon=epsilon)
    x = normal(rng, (2, 4, 5, shape[2]))
    expected = normalize_with(conv2d_loop(x, w, b), *norm, epsilon)
    assert np.shape(new_w) == shape, f"w must keep its shape, {shape}"
    assert np.shape(new_b) == shape[-1:], f"b must have shape {shape[-1:]}"
    out = conv2d_loop(x, np.asarray(new_w, float), np.asarray(new_b, float))
    atol = 1e-4
    atol *= np.abs(expected).max()
    assert_close(
        out,
        expected,
        atol=atol,
        what="convolution with the folded kernel, against convolution and inference",
    )


@pytest.mark.parametrize("shape", [(5, 3), (3, 3)], ids=["5 to 3", "3 to 3"])
def test_dense(student, rng, shape):
    w, b, *norm = draw(rng, shape)
    new_w, new_b = fold(student, w, b, *norm, epsilon=0.1)
    x = np.vstack([np.zeros(shape[0]), np.eye(shape[0])])
    lines = normalize_with(x @ w + b, *norm, 0.1)
    assert_close(new_b, lines[0], what="b of a dense layer")
    assert_close(new_w, lines[1:] - lines[0], what="w of a dense layer")


def test_default_epsilon(student, rng):
    w, b, gamma, beta, mean, _ = draw(rng, (2, 2, 2, 2))
    var = np.array([0.001, 0.01])
    new_w, _ = fold(student, w, b, gamma, beta, mean, var)
    expected = w * (gamma / np.sqrt([0.002, 0.011]))
    assert_close(new_w, expected, what="w with default epsilon")


def test_a_layer_without_bias_gets_one(student, rng):
    w, _, gamma, beta, mean, var = draw(rng, (2, 2, 2, 3))
    zero = np.zeros(3)
    _, new_b = fold(student, w, zero, gamma, beta, mean, var, epsilon=0.1)
    expected = normalize_with(zero[None], gamma, beta, mean, var, 0.1)[0]
    assert_close(new_b, expected, what="b where it was zero")


def test_float32(student, rng):
    args = draw(rng, (2, 3, 2, 4), np.float32)
    w, b, gamma, beta, mean, var = args
    new_w, new_b = fold(student, *args, epsilon=0.01)
    scale = gamma.astype(float) * (var.astype(float) + 0.01) ** -0.5
    assert_close(new_w, (w * scale).astype(np.float32), what="w, float32")
    expected = normalize_with(b[None], gamma, beta, mean, var, 0.01)[0]
    assert_close(new_b, expected.astype(np.float32), what="b, float32")


def test_memory_layout_does_not_matter(student, rng):
    w, b, *norm = draw(rng, (3, 2, 4, 3))
    expected, _ = fold(student, w, b, *norm)
    flipped = np.asfortranarray(w)[::-1]
    new_w, _ = fold(student, flipped, b, *norm)
    assert_close(new_w, np.asarray(expected)[::-1], what="w in another memory layout")


def test_inputs_are_unmodified(student, rng):
    args = draw(rng, (2, 3, 4, 2))
    _, after = student.with_inputs("fold_batchnorm", *args)
    names = ("w", "b", "gamma", "beta", "running_mean", "running_var")
    for name, old, new in zip(names, args, after, strict=True):
        assert np.array_equal(old, new), f"fold_batchnorm changed its argument {name}"
