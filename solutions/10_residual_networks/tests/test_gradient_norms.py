"""gradient_norms: one number for each convolution, measured without leaving a trace."""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.conv import conv2d_gradients_loop, conv2d_loop
from solutions.oracles.normalization import batchnorm_loop

CHAIN = [
    ("Conv2D", {"filters": 3, "kernel_size": (3, 2), "activation": "relu"}),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "strides": 2, "use_bias": False}),
    ("GlobalAveragePooling2D", {}),
    ("Dense", {"units": 5}),
]
BRANCHES = [
    ("a", "Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same"}, ["input"]),
    ("b", "Conv2D", {"filters": 3, "kernel_size": 1}, ["input"]),
    ("c", "Conv2D", {"filters": 3, "kernel_size": 3, "padding": "same"}, ["a"]),
    ("sum", "Add", {}, ["c", "b"]),
    ("pool", "GlobalAveragePooling2D", {}, ["sum"]),
    ("logits", "Dense", {"units": 4}, ["pool"]),
]
NORMALISED = [
    ("BatchNormalization", {"epsilon": 1e-3}),
    ("Conv2D", {"filters": 3, "kernel_size": 2}),
    ("GlobalAveragePooling2D", {}),
    ("Dense", {"units": 4}),
]
CASES = {"a chain": ((6, 5, 2), CHAIN, 5), "branches": ((4, 5, 2), BRANCHES, 4)}


def pull(logits, y):
    """Gradient of the mean cross-entropy with respect to the logits."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True).astype(np.float64))
    share = odds / odds.sum(axis=1, keepdims=True)
    share[np.arange(len(y)), y] -= 1
    return share / len(y)


def drawn(rng, shape, classes, images=4):
    x = rng.normal(size=(images, *shape)).astype(np.float32)
    return x, rng.integers(classes, size=images)


def assert_norms(found, expected):
    assert isinstance(found, list | tuple | np.ndarray), (
        "gradient_norms must return a list of numbers"
    )
    assert len(found) == len(expected), (
        f"one norm for each of the {len(expected)} convolutions is wanted, "
        f"not {len(found)}"
    )
    for index, (one, right) in enumerate(zip(found, expected, strict=True)):
        assert_close(
            np.float32(one), np.float32(right), what=f"norm of convolution {index}"
        )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_norms(student, reference, rng, case):
    shape, rows, classes = case
    model = reference.model(shape, rows, seed=int(rng.integers(1000)))
    x, y = drawn(rng, shape, classes)
    upstream = pull(model(x), y).astype(np.float32)
    _, gradients = model.gradients(x, upstream)
    expected = [np.linalg.norm(g.astype(float)) for g in gradients if g.ndim == 4]
    assert_norms(student.gradient_norms(student.copy_of(model), x, y), expected)


def test_batch_normalisation_uses_the_batch(student, reference, rng):
    shape, images = (4, 3, 2), 3
    model = reference.model(shape, NORMALISED, seed=5)
    handed = student.copy_of(model)
    gamma, beta, *_, kernel, bias, dense, dense_bias = _roles(model.weights())
    x, y = drawn(rng, shape, 4, images)
    normal = batchnorm_loop(x, gamma, beta, 1e-3)
    maps = conv2d_loop(normal, kernel, bias)
    logits = maps.mean(axis=(1, 2)) @ dense + dense_bias
    back = pull(logits, y) @ dense.astype(float).T / maps[0, :, :, 0].size
    dmaps = np.broadcast_to(back[:, None, None], maps.shape)
    _, dkernel, _ = conv2d_gradients_loop(normal, kernel, dmaps)
    assert_norms(
        student.gradient_norms(handed, x, y), [np.linalg.norm(dkernel.ravel())]
    )
    for before, after in zip(model.weights(), handed.weights(), strict=True):
        assert_close(
            after, before, what="weights and running statistics after measuring"
        )


def _roles(weights):
    """The normalisation's four vectors, kernel, bias, dense weights, their bias."""
    assert [w.ndim for w in weights] == [1, 1, 1, 1, 4, 1, 2, 1]
    return weights
