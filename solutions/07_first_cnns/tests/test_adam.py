"""adam takes the steps of Keras's Adam, from the first one on."""

import numpy as np
import pytest

from shared.testing import normal
from solutions.optimizing import (
    SHAPES,
    drawn_gradients,
    expect_begins_anew,
    expect_path,
    expect_untouched,
    walk,
)
from solutions.oracles.optimizers import adam_rule

NAME = "adam"


def settings(steps=6, **changed):
    """Named arguments of each step; a list gives one value per step."""
    usual = {"learning_rate": 0.1, "beta_1": 0.9, "beta_2": 0.95, "epsilon": 0.01}
    usual |= changed
    return [
        {name: v[k] if isinstance(v, list) else v for name, v in usual.items()}
        for k in range(steps)
    ]


def expect(student, rng, shape, chosen, what, dtype=np.float64):
    w = normal(rng, shape).astype(dtype)
    gradient = drawn_gradients(rng, shape, len(chosen), dtype)
    expect_path(student, NAME, adam_rule, w, gradient, chosen, what)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_steps(student, rng, shape):
    expect(student, rng, shape, settings(), "lr 0.1, betas 0.9 and 0.95, epsilon 0.01")


@pytest.mark.parametrize("betas", [(0.5, 0.8), (0.9, 0.5), (0.0, 0.9), (0.6, 0.0)])
def test_other_betas(student, rng, betas):
    chosen = settings(beta_1=betas[0], beta_2=betas[1])
    expect(student, rng, (4, 3), chosen, f"betas {betas[0]:g} and {betas[1]:g}")


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0])
def test_epsilon_is_added_to_the_uncorrected_root(student, rng, epsilon):
    expect(student, rng, (5,), settings(epsilon=epsilon), f"epsilon {epsilon:g}")


def test_defaults(student, rng):
    """Gradients as small as epsilon, so that the default of epsilon shows."""
    drawn = normal(rng, (5, 6)) * 1e-6
    full = settings(5, learning_rate=0.001, beta_2=0.999, epsilon=1e-7)
    path = walk(student, NAME, np.zeros(6), lambda w, k: drawn[k], [{}] * 5)
    same = walk(student, NAME, np.zeros(6), lambda w, k: drawn[k], full)
    assert np.allclose(path, same, rtol=1e-6, atol=0), (
        "adam without further arguments must use those of its first line: "
        "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7"
    )
    start = np.zeros(6)
    what = "gradients near 1e-6, epsilon 1e-7"
    expect_path(student, NAME, adam_rule, start, lambda w, k: drawn[k], full, what)


def test_the_rate_changes(student, rng):
    chosen = settings(learning_rate=[0.5, 0.5, 0.05, 0.05, 0.4, 0.0])
    expect(student, rng, (5,), chosen, "learning rate 0.5, 0.5, 0.05, 0.05, 0.4, 0")


def test_the_first_step_has_the_length_of_the_rate(student, rng):
    signs = np.where(normal(rng, (4,)) > 0, 1.0, -1.0)
    gradient = signs * np.array([1e-4, 1.0, 1e3, 1e6])
    (w,) = walk(student, NAME, np.zeros(4), lambda w, k: gradient, [{}])
    assert np.allclose(w, -0.001 * signs, rtol=0.05), (
        "the first step must be 0.001 long whether the gradient is 1e-4 or 1e6; w goes "
        f"from 0 to {w}"
    )


def test_a_gradient_of_zero_moves_nothing(student):
    path = walk(student, NAME, np.ones(3), lambda w, k: np.zeros(3), settings(2))
    assert np.array_equal(path, np.ones((2, 3))), (
        f"with gradient 0 from the start w must stay 1; it becomes {path[-1]}"
    )


def test_many_steps(student, rng):
    """The corrections fade as the number of steps grows."""
    chosen = settings(40, beta_1=0.8, beta_2=0.95, epsilon=0.1)
    expect(student, rng, (3,), chosen, "40 steps")


def test_in_a_valley(student, rng):
    steepness = np.array([1.0, 20.0])
    w = normal(rng, (2,)) + 3
    what = "gradient (w_1, 20 w_2)"
    bowl = settings(12, epsilon=0.1)
    expect_path(student, NAME, adam_rule, w, lambda w, k: steepness * w, bowl, what)


def test_float32(student, rng):
    expect(student, rng, (4, 3), settings(), "float32", np.float32)


def test_memory_layout_does_not_matter(student, rng):
    w, g = np.asfortranarray(normal(rng, (4, 3))), normal(rng, (5, 8, 3))[:, ::2]
    expect_path(student, NAME, adam_rule, w, lambda w, k: g[k], settings(5), "a view")


def test_inputs_are_unmodified(student, rng):
    expect_untouched(student, NAME, rng, learning_rate=0.1)


def test_every_run_begins_anew(student, rng):
    expect_begins_anew(student, NAME, adam_rule, rng, settings(3))
