"""LocalResponseNormalization, GroupedConv2D, ZeroPadShortcut, StochasticDepth, Fire."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.accounting import multiply_adds, parameters
from shared.layers.fire import Fire
from shared.layers.grouped_conv2d import FORMS, GroupedConv2D
from shared.layers.local_response_normalization import LocalResponseNormalization
from shared.layers.stochastic_depth import StochasticDepth
from shared.layers.zero_pad_shortcut import ZeroPadShortcut
from shared.testing import assert_close, normal, rng
from tests.layers.contract import check_layer


def lrn(x, size, bias, alpha, beta):
    """The paper's sum, channel by channel, in float64."""
    x = x.astype("float64")
    out = np.empty_like(x)
    last = x.shape[-1] - 1
    for i in range(x.shape[-1]):
        low, high = max(0, i - size // 2), min(last, i + size // 2)
        energy = (x[..., low : high + 1] ** 2).sum(axis=-1)
        out[..., i] = x[..., i] / (bias + alpha * energy) ** beta
    return out


@pytest.mark.parametrize(
    ("size", "channels"), [(5, 12), (5, 4), (3, 7), (1, 3), (9, 16)]
)
def test_lrn_formula(size, channels):
    x = 30 * normal(rng(1), (2, 3, 4, channels), dtype=np.float32)
    settings = {"size": size, "bias": 2.0, "alpha": 1e-2, "beta": 0.75}
    out = np.asarray(LocalResponseNormalization(**settings)(x))
    assert_close(out, lrn(x, **settings).astype("float32"))
    theirs = tf.nn.local_response_normalization(x, size // 2, 2.0, 1e-2, 0.75)
    assert_close(out, theirs.numpy())


def test_lrn_defaults_are_the_papers():
    x = 30 * normal(rng(2), (1, 2, 2, 9), dtype=np.float32)
    expected = lrn(x, 5, 2, 1e-4, 0.75).astype("float32")
    assert_close(np.asarray(LocalResponseNormalization()(x)), expected)


def test_lrn_groups_are_towers():
    x = 30 * normal(rng(3), (2, 3, 4, 8), dtype=np.float32)
    whole = np.asarray(LocalResponseNormalization(alpha=0.1, groups=2)(x))
    alone = LocalResponseNormalization(alpha=0.1)
    halves = [np.asarray(alone(half)) for half in (x[..., :4], x[..., 4:])]
    assert_close(whole, np.concatenate(halves, axis=-1))
    assert np.abs(whole - np.asarray(alone(x))).max() > 0.1


def test_lrn_contract():
    check_layer(LocalResponseNormalization, (2, 3, 4, 8))
    with pytest.raises(ValueError, match="groups must divide the 8 channels, got 3"):
        LocalResponseNormalization(groups=3).build((None, 3, 4, 8))


@pytest.mark.parametrize("strides", [1, 2])
def test_three_forms_of_grouped_convolution_agree(strides):
    x = tf.constant(normal(rng(4), (2, 7, 6, 12), dtype=np.float32))
    weights, results = None, []
    for form in FORMS:
        layer = GroupedConv2D(
            8, (3, 2), groups=4, form=form, strides=strides, padding="same"
        )
        layer.build(x.shape)
        weights = weights or [
            normal(rng(i), w.shape, dtype=np.float32)
            for i, w in enumerate(layer.weights)
        ]
        layer.set_weights(weights)
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = layer(x)
            loss = tf.reduce_sum(out**2)
        grads = tape.gradient(loss, [x, *layer.trainable_variables])
        results.append([np.asarray(value) for value in (out, *grads)])
    for other in results[1:]:
        for expected, actual in zip(results[0], other, strict=True):
            assert_close(actual, expected)


def test_grouped_convolution_costs():
    cost = {}
    for form in FORMS:
        layer = GroupedConv2D(8, 3, groups=4, form=form, padding="same")
        inputs = keras.Input((7, 6, 12))
        model = keras.Model(inputs, layer(inputs))
        assert parameters(model)[0] == 3 * 3 * 3 * 8 + 8
        cost[form] = multiply_adds(model)
    one = 7 * 6 * 3 * 3 * 3 * 8
    assert cost == {"grouped": one, "split": one, "block_diagonal": 4 * one}


@pytest.mark.parametrize("form", FORMS)
def test_grouped_convolution_contract(form):
    check_layer(
        lambda **kw: GroupedConv2D(8, 3, groups=2, form=form, **kw), (2, 5, 6, 4)
    )
    with pytest.raises(ValueError, match="form must be one of"):
        GroupedConv2D(8, 3, form="both")


def test_zero_pad_shortcut():
    x = normal(rng(5), (2, 5, 8, 3), dtype=np.float32)
    out = np.asarray(ZeroPadShortcut(7, strides=2)(x))
    assert out.shape == (2, 3, 4, 7)
    assert np.array_equal(out[..., :3], x[:, ::2, ::2])
    assert not out[..., 3:].any()
    assert np.array_equal(np.asarray(ZeroPadShortcut(3)(x)), x)
    check_layer(lambda **kw: ZeroPadShortcut(7, strides=2, **kw), (2, 5, 8, 3))
    with pytest.raises(ValueError, match="filters must be at least the input's 3"):
        ZeroPadShortcut(2)(x)


@pytest.mark.parametrize("inverted", [True, False])
def test_stochastic_depth_keeps_the_expectation(inverted):
    x = np.ones((4000, 2, 3, 1), "float32")
    layer = StochasticDepth(0.3, inverted=inverted, seed=1)
    out = np.asarray(layer(x, training=True))
    kept = out[:, 0, 0, 0] > 0
    # Whole images survive or fall; the share is 0.7 with a deviation of 0.007.
    assert np.array_equal(out, np.broadcast_to(out[:, :1, :1], out.shape))
    assert abs(kept.mean() - 0.7) < 0.03
    value = 1 / 0.7 if inverted else 1.0
    assert_close(out[kept], np.full_like(out[kept], value))
    evaluated = np.asarray(layer(x, training=False))
    assert_close(evaluated, np.full_like(x, 1.0 if inverted else 0.7))


def test_stochastic_depth_per_batch_as_in_the_paper():
    x = np.ones((8, 2, 3, 1), "float32")
    layer = StochasticDepth(0.5, per_image=False, inverted=False, seed=2)
    seen = {tuple(np.unique(layer(x, training=True))) for _ in range(40)}
    assert seen == {(0.0,), (1.0,)}
    again = StochasticDepth(0.5, per_image=False, inverted=False, seed=2)
    assert np.array_equal(
        again(x, training=True),
        StochasticDepth(0.5, False, False, seed=2)(x, training=True),
    )


def test_stochastic_depth_contract():
    check_layer(lambda **kw: StochasticDepth(0.4, inverted=False, **kw), (2, 3, 4, 5))
    with pytest.raises(ValueError, match="rate must be at least 0 and below 1, got 1"):
        StochasticDepth(1.0)


def test_fire_module():
    layer = Fire(3, 5, 6)
    x = normal(rng(6), (2, 5, 6, 8), dtype=np.float32)
    assert layer(x).shape == (2, 5, 6, 11)
    squeeze, one, three = 8 * 3, 3 * 5, 9 * 3 * 6
    assert parameters(layer)[0] == squeeze + one + three + 3 + 5 + 6
    assert multiply_adds(layer, (5, 6, 8)) == 30 * (squeeze + one + three)
    # Zero squeeze weights leave only the biases of the expanding halves.
    weights = [np.zeros(w.shape, "float32") for w in layer.weights]
    weights[3][:], weights[5][:] = 2, -1
    layer.set_weights(weights)
    out = np.asarray(layer(x))
    assert (out[..., :5] == 2).all()
    assert (out[..., 5:] == 0).all()
    check_layer(lambda **kw: Fire(3, 5, 6, **kw), (2, 5, 6, 8))
