"""Rates by step, against numbers worked out by hand."""

import math

import pytest
import tensorflow as tf

from shared.training import recipe
from shared.training.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    RunSchedule,
    Steps,
)

# Ten epochs of twenty steps, at rate 0.4.
CASES = {
    "constant": (Constant(), {0: 0.4, 199: 0.4}),
    "steps, in epochs": (
        Steps((3, 6), 0.1),
        {0: 0.4, 59: 0.4, 60: 0.04, 119: 0.04, 120: 0.004, 199: 0.004},
    ),
    "steps, in shares": (Steps((0.5,), 0.2), {99: 0.4, 100: 0.08}),
    "-4 % every 8 epochs": (
        Exponential(0.96, 8),
        {0: 0.4, 159: 0.4, 160: 0.384, 199: 0.384},
    ),
    "cosine": (Cosine(), {0: 0.4, 50: 0.2 * (1 + math.sqrt(0.5)), 100: 0.2, 200: 0.0}),
    "cosine to a tenth": (Cosine(0.1), {0: 0.4, 100: 0.22, 200: 0.04}),
    "one cycle": (
        OneCycle(start=0.1, peak=0.25, final=0.0),
        {0: 0.04, 25: 0.22, 50: 0.4, 125: 0.2, 200: 0.0},
    ),
    "plateau, before any": (Plateau(), {0: 0.4, 199: 0.4}),
}


def made(schedule, warmup=0, factor=None):
    return RunSchedule(schedule, 0.4, 200, 20, warmup, factor)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rates(case):
    schedule, rates = case
    for step, rate in rates.items():
        assert float(made(schedule)(step)) == pytest.approx(rate, rel=1e-5, abs=1e-7)


def test_warmup_rises_in_a_line_to_the_schedule():
    rates = [float(made(Steps((3,)), warmup=4)(step)) for step in range(5)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    # The cosine begins where the warm-up ends.
    assert float(made(Cosine(), warmup=40)(40)) == pytest.approx(0.4)
    assert float(made(Cosine(), warmup=40)(120)) == pytest.approx(0.2)


def test_a_plateau_lowers_the_rate_down_to_its_minimum():
    factor = tf.Variable(1.0)
    plateau = Plateau(factor=0.1, minimum=0.01)
    schedule = made(plateau, factor=factor)
    rates = []
    for _ in range(3):
        schedule.lower(plateau)
        rates.append(float(schedule(7)))
    assert rates == pytest.approx([0.04, 0.01, 0.01])


def test_the_rate_of_a_larger_batch():
    resnet = recipe("resnet")
    scaled = resnet.scaled(4 * resnet.batch_size)
    assert scaled.learning_rate == pytest.approx(4 * resnet.learning_rate)
    assert scaled.batch_size == 4 * resnet.batch_size
    assert scaled.warmup_epochs == 5
    smaller = resnet.scaled(resnet.batch_size // 2)
    assert smaller.learning_rate == pytest.approx(resnet.learning_rate / 2)
    assert smaller.warmup_epochs == resnet.warmup_epochs
