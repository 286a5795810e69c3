"""SqueezeExcite against its formula, and the contract of every layer."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from shared.accounting import multiply_adds, parameters
from shared.layers.squeeze_excite import SqueezeExcite
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer


def test_contract():
    check_layer(functools.partial(SqueezeExcite, ratio=4), (2, 5, 7, 12))


def test_formula():
    x = normal(rng(1), (3, 5, 7, 12), dtype=np.float64)
    layer = SqueezeExcite(ratio=4, dtype="float64")
    layer.build(x.shape)
    w1, b1, w2, b2 = weights = [
        normal(rng(seed), w.shape) for seed, w in enumerate(layer.weights)
    ]
    layer.set_weights(weights)
    hidden = np.maximum(x.mean(axis=(1, 2)) @ w1 + b1, 0)
    gates = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
    assert_close(np.asarray(layer(x)), x * gates[:, None, None, :])


def test_cost():
    layer = SqueezeExcite(ratio=4)
    layer.build((None, 5, 7, 12))
    assert parameters(layer) == (2 * 12 * 3 + 3 + 12,) * 2
    assert multiply_adds(layer, (5, 7, 12)) == 2 * 12 * 3


def test_ratio_must_leave_a_channel():
    with pytest.raises(ValueError, match=r"ratio.*8 channels, got 16"):
        SqueezeExcite().build((None, 5, 5, 8))
