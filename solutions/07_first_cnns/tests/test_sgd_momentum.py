"""sgd_momentum adds up gradients, each at the rate of its step."""

import numpy as np
import pytest

from shared.testing import assert_close, normal
from solutions.optimizing import (
    SHAPES,
    drawn_gradients,
    expect_begins_anew,
    expect_path,
    expect_untouched,
    walk,
)
from solutions.oracles.optimizers import momentum_rule, trajectory

NAME = "sgd_momentum"


def settings(steps=6, **changed):
    """Named arguments of each step; a list gives one value per step."""
    usual = {"learning_rate": 0.1, "momentum": 0.9, "nesterov": False}
    usual |= {"weight_decay": 0.0} | changed
    return [
        {name: v[k] if isinstance(v, list) else v for name, v in usual.items()}
        for k in range(steps)
    ]


def expect(student, rng, shape, chosen, what, dtype=np.float64):
    w = normal(rng, shape).astype(dtype)
    gradient = drawn_gradients(rng, shape, len(chosen), dtype)
    expect_path(student, NAME, momentum_rule, w, gradient, chosen, what)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_momentum(student, rng, shape):
    expect(student, rng, shape, settings(), "momentum 0.9")


@pytest.mark.parametrize("momentum", [0.0, 0.5, 1.0])
def test_other_momentum(student, rng, momentum):
    chosen = settings(momentum=momentum, learning_rate=0.2)
    expect(student, rng, (4, 3), chosen, f"momentum {momentum:g}")


def test_the_rate_changes(student, rng):
    chosen = settings(learning_rate=[0.5, 0.5, 0.05, 0.05, 0.4, 0.0])
    expect(student, rng, (5,), chosen, "learning rate 0.5, 0.5, 0.05, 0.05, 0.4, 0")


def test_the_momentum_changes(student, rng):
    chosen = settings(4, momentum=[0.5, 0.5, 0.9, 0.2])
    expect(student, rng, (5,), chosen, "momentum 0.5, 0.5, 0.9, 0.2")


@pytest.mark.parametrize("shape", [(5,), (2, 3)], ids=str)
def test_nesterov(student, rng, shape):
    chosen = settings(nesterov=True, momentum=0.7)
    expect(student, rng, shape, chosen, "nesterov, momentum 0.7")


def test_nesterov_while_the_rate_changes(student, rng):
    chosen = settings(4, nesterov=True, learning_rate=[0.5, 0.1, 0.1, 0.3])
    expect(student, rng, (5,), chosen, "nesterov, learning rate 0.5, 0.1, 0.1, 0.3")


@pytest.mark.parametrize("nesterov", [False, True])
def test_weight_decay(student, rng, nesterov):
    chosen = settings(weight_decay=0.25, nesterov=nesterov, momentum=0.8)
    expect(student, rng, (3, 4), chosen, "weight_decay 0.25, momentum 0.8")


def test_decay_alone(student, rng):
    """Without a gradient the weights shrink, and by momentum ever faster."""
    chosen = settings(12, learning_rate=0.1, weight_decay=0.1)
    w = normal(rng, (3,))
    what = "gradient 0, weight_decay 0.1"
    expect_path(student, NAME, momentum_rule, w, lambda w, k: np.zeros(3), chosen, what)


def test_defaults(student, rng):
    full = settings(4, learning_rate=0.01)
    drawn = 10 * normal(rng, (4, 6))
    path = walk(student, NAME, np.zeros(6), lambda w, k: drawn[k], [{}] * 4)
    wanted = trajectory(momentum_rule, np.zeros(6), lambda w, k: drawn[k], full)
    what = "w after each step, without further arguments"
    assert_close(np.array(path), wanted.astype(np.float32), what=what)


def test_in_a_valley(student, rng):
    """The gradient follows from where the steps have led."""
    steepness = np.array([1.0, 20.0])
    bowl = settings(12, learning_rate=0.05, momentum=0.8)
    w = normal(rng, (2,)) + 3
    what = "gradient (w_1, 20 w_2)"
    expect_path(student, NAME, momentum_rule, w, lambda w, k: steepness * w, bowl, what)


def test_float32(student, rng):
    expect(student, rng, (4, 3), settings(), "float32", np.float32)


def test_memory_layout_does_not_matter(student, rng):
    w, g = np.asfortranarray(normal(rng, (4, 3))), normal(rng, (5, 8, 3))[:, ::2]
    chosen = settings(5, nesterov=True)
    expect_path(student, NAME, momentum_rule, w, lambda w, k: g[k], chosen, "a view")


def test_inputs_are_unmodified(student, rng):
    expect_untouched(student, NAME, rng, learning_rate=0.1, weight_decay=0.1)


def test_every_run_begins_anew(student, rng):
    expect_begins_anew(student, NAME, momentum_rule, rng, settings(3))
