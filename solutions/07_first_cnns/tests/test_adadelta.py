"""adadelta takes the paper's steps, times a learning rate that it does not remember."""

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
from solutions.oracles.optimizers import adadelta_rule

NAME = "adadelta"


def settings(steps=6, **changed):
    """Named arguments of each step; a list gives one value per step."""
    usual = {"learning_rate": 1.0, "rho": 0.9, "epsilon": 0.01} | changed
    return [
        {name: v[k] if isinstance(v, list) else v for name, v in usual.items()}
        for k in range(steps)
    ]


def expect(student, rng, shape, chosen, what, dtype=np.float64):
    w = normal(rng, shape).astype(dtype)
    gradient = drawn_gradients(rng, shape, len(chosen), dtype)
    expect_path(student, NAME, adadelta_rule, w, gradient, chosen, what)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_steps(student, rng, shape):
    expect(student, rng, shape, settings(), "lr 1, rho 0.9, epsilon 0.01")


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.95])
def test_other_rho(student, rng, rho):
    expect(student, rng, (4, 3), settings(rho=rho), f"rho {rho:g}")


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 1.0, 10.0])
def test_epsilon_stands_under_both_roots(student, rng, epsilon):
    expect(student, rng, (5,), settings(epsilon=epsilon), f"epsilon {epsilon:g}")


def test_the_rate_is_not_remembered(student, rng):
    chosen = settings(learning_rate=0.1, epsilon=0.1)
    expect(student, rng, (5,), chosen, "learning rate 0.1, epsilon 0.1")


def test_the_rate_changes(student, rng):
    chosen = settings(learning_rate=[2.0, 2.0, 0.1, 0.1, 1.5, 0.0], epsilon=0.1)
    expect(student, rng, (5,), chosen, "learning rate 2, 2, 0.1, 0.1, 1.5, 0")


def test_defaults(student, rng):
    """The first steps from weights of zero, where epsilon and rho show."""
    drawn = normal(rng, (5, 6))
    full = settings(5, rho=0.95, epsilon=1e-7)
    start = np.zeros(6)
    path = walk(student, NAME, start, lambda w, k: drawn[k], [{}] * 5)
    same = walk(student, NAME, start, lambda w, k: drawn[k], full)
    assert np.allclose(path, same, rtol=1e-6, atol=0), (
        "adadelta without further arguments must use those of its first line: "
        "learning_rate=1.0, rho=0.95, epsilon=1e-7"
    )
    what = "lr 1, rho 0.95, epsilon 1e-7"
    expect_path(student, NAME, adadelta_rule, start, lambda w, k: drawn[k], full, what)


def test_the_trap(student):
    """A constant gradient of 1: the first step, and how far a thousandth gets."""
    (first,) = walk(student, NAME, np.zeros(1), lambda w, k: np.ones(1), [{}])
    expected = -np.sqrt(1e-7) / np.sqrt(0.05 + 1e-7)
    assert_close(first, np.array([expected], np.float32), what="w after one step")
    way = {}
    for rate in (1.0, 0.001):
        chosen = [{"learning_rate": rate}] * 60
        path = walk(student, NAME, np.zeros(1), lambda w, k: np.ones(1), chosen)
        way[rate] = path[-1]
    assert_close(
        way[0.001],
        (way[1.0] / 1000).astype(np.float32),
        what="w after 60 steps at rate 0.001, against a thousandth of those at 1",
    )


def test_many_steps(student, rng):
    expect(student, rng, (3,), settings(40, rho=0.8), "40 steps, rho 0.8")


def test_in_a_valley(student, rng):
    steepness = np.array([1.0, 20.0])
    w = normal(rng, (2,)) + 3
    what = "gradient (w_1, 20 w_2)"
    bowl = settings(12, epsilon=0.1)
    expect_path(student, NAME, adadelta_rule, w, lambda w, k: steepness * w, bowl, what)


def test_float32(student, rng):
    expect(student, rng, (4, 3), settings(), "float32", np.float32)


def test_memory_layout_does_not_matter(student, rng):
    w, g = np.asfortranarray(normal(rng, (4, 3))), normal(rng, (5, 8, 3))[:, ::2]
    chosen = settings(5)
    expect_path(student, NAME, adadelta_rule, w, lambda w, k: g[k], chosen, "a view")


def test_inputs_are_unmodified(student, rng):
    expect_untouched(student, NAME, rng, learning_rate=0.1)


def test_every_run_begins_anew(student, rng):
    expect_begins_anew(student, NAME, adadelta_rule, rng, settings(3))
