"""plateau_lr lowers the rate after epochs in a row that were not better than the best.

Values at a tie are sums of powers of two, so that no rounding decides.
"""

import numpy as np
import pytest

from shared.testing import assert_close
from solutions.oracles.optimizers import plateau_rates

PLAIN = {"factor": 0.1, "patience": 2, "mode": "min", "min_delta": 0.0, "min_lr": 0.0}
CASES = {  # values, arguments that differ from PLAIN
    # First, for whoever has broken a rule gets rates here that tell which.
    "all rules at once": (
        [1.875, 2.25, 1.75, 1.75, 1.5, 1.25, 3.625, 2.625, 1.625, 1.25, 1],
        {"factor": 0.5, "min_delta": 0.25, "min_lr": 0.05},
    ),
    "the notebook's question": ([5, 4, 4, 4, 3, 3, 3, 3, 3], {}),
    "always better": ([5, 4, 3, 2, 1], {"patience": 1}),
    "never better": ([1, 2, 3, 4, 5, 6, 7], {}),
    "equal is not better": ([2, 2, 2, 2, 2], {"patience": 3}),
    "one value": ([3], {"patience": 1}),
    "patience 1": ([3, 4, 2, 2, 2, 1], {"patience": 1}),
    "patience 3, interrupted": ([5, 6, 6, 4, 5, 5, 3, 4, 4, 4], {"patience": 3}),
    "better than the last, not than the best": ([2, 5, 4, 3, 2.5], {}),
    "the best stays when the rate falls": ([1, 3, 3, 2, 2, 1.5, 0.5, 2, 2], {}),
    "up is better": ([1, 2, 3, 3, 3, 2, 4, 1, 1], {"mode": "max"}),
    "up, always worse": ([9, 8, 7, 6, 5], {"mode": "max"}),
    "up, negative": ([-4, -3, -3, -3, -2, -5, -5], {"mode": "max"}),
    "gains of exactly min_delta": ([4, 3.75, 3.5, 3.25, 3], {"min_delta": 0.25}),
    "gains that add up": ([4, 3.875, 3.75, 3.625, 3.5], {"min_delta": 0.25}),
    "gains above min_delta": ([4, 3.5, 3, 2.5, 2], {"min_delta": 0.25}),
    "up, gains of exactly min_delta": (
        [1, 1.25, 1.5, 1.75, 2],
        {"min_delta": 0.25, "mode": "max"},
    ),
    "up, gains that add up": (
        [1, 1.125, 1.25, 1.375, 1.5, 1.625],
        {"min_delta": 0.25, "mode": "max"},
    ),
    "a floor that is reached": ([1] * 9, {"min_lr": 0.003}),
    "a floor that is hit exactly": ([1] * 9, {"factor": 0.5, "min_lr": 0.0625}),
    "a floor that is where it begins": ([1] * 5, {"min_lr": 0.25}),
    "factor 0.5": ([1] * 8, {"factor": 0.5, "patience": 3}),
}


def expect(student, values, rate=0.25, **changed):
    chosen = PLAIN | changed
    rates = student.plateau_lr(values, rate, **chosen)
    assert rates is not None, "plateau_lr returned None (is there a return?)"
    expected = plateau_rates(values, rate, **chosen)
    # Each rate to its own precision: the last ones are small against the first.
    assert_close(rates, np.array(expected), rtol=1e-5, what="the rates")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rates(student, case):
    values, changed = case
    expect(student, [float(value) for value in values], **changed)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("patience", [1, 2, 4])
def test_random_values(student, rng, mode, patience):
    values = rng.normal(size=60).cumsum() / 8
    changed = {"mode": mode, "patience": patience, "min_delta": 0.1, "factor": 0.7}
    expect(student, values, min_lr=0.002, **changed)


def test_defaults(student):
    """Patience 10, factor 0.1, min_delta 1e-4, less is better."""
    values = [1.0, 1.0 - 0.5e-4, *[1.0] * 7, 0.99, *[0.99 - 0.5e-4] * 23]
    rates = student.plateau_lr(values, 0.01)
    full = {"factor": 0.1, "patience": 10, "mode": "min", "min_delta": 1e-4}
    expected = plateau_rates(values, 0.01, **full, min_lr=0.0)
    assert_close(rates, np.array(expected), rtol=1e-5, what="the rates by default")


def test_the_recipe_of_vgg(student):
    """From 0.01 down three times: 0.001, 0.0001, 0.00001."""
    values = [30.0] * 10
    rates = student.plateau_lr(values, 0.01, patience=3, min_delta=0.0)
    expected = [0.01] * 3 + [0.001] * 3 + [1e-4] * 3 + [1e-5]
    assert_close(rates, np.array(expected), rtol=1e-5, what="the rates")


@pytest.mark.parametrize("kind", ["list", "array", "float32"])
def test_values_in_any_form(student, kind):
    values = [4.0, 3.0, 3.0, 3.5, 2.0, 2.0, 2.0]
    if kind != "list":
        values = np.array(values, np.float32 if kind == "float32" else np.float64)
    expect(student, values)


def test_values_are_unmodified(student):
    values = np.array([1.0, 3.0, 2.0, 4.0])
    _, after = student.with_inputs("plateau_lr", values, 0.5, patience=1)
    assert np.array_equal(after[0], [1.0, 3.0, 2.0, 4.0]), (
        "plateau_lr changed its argument values"
    )


def test_every_run_begins_anew(student):
    for values in ([2.0, 2.0, 2.0], [5.0, 5.0, 4.0, 4.0]):
        expect(student, values)
