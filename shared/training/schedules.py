"""Learning-rate schedules as data: in epochs, and turned into steps for a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Constant:
    """The same rate throughout."""


@dataclass(frozen=True)
class Steps:
    """Times `factor` at each milestone.

    Attributes:
        milestones: epochs, or shares of the run where all are below 1.
        factor: what the rate is multiplied by.
    """

    milestones: tuple[float, ...]
    factor: float = 0.1

    @property
    def relative(self) -> bool:
        """Whether the milestones are shares of the run."""
        return all(milestone < 1 for milestone in self.milestones)


@dataclass(frozen=True)
class Exponential:
    """Times `factor` every `epochs`, as a staircase: 0.96 every 8 for GoogLeNet."""

    factor: float = 0.96
    epochs: float = 8


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from the rate down to `final` of it (arXiv:1608.03983)."""

    final: float = 0.0


@dataclass(frozen=True)
class OneCycle:
    """Up, then down (arXiv:1708.07120).

    Attributes:
        start: the first rate as a share of the highest.
        peak: when the highest is reached, as a share of the run.
        final: the last rate as a share of the highest.
    """

    start: float = 0.1
    peak: float = 0.3
    final: float = 0.0


@dataclass(frozen=True)
class Plateau:
    """Times `factor` when the error has not fallen for `patience` epochs.

    The error is 1 - val_accuracy, or the training loss without validation.
    """

    factor: float = 0.1
    patience: int = 5
    threshold: float = 1e-4
    minimum: float = 0.0


Schedule = Constant | Steps | Exponential | Cosine | OneCycle | Plateau


def depends_on_length(schedule: Schedule) -> bool:
    """Whether more epochs mean other rates for the first ones."""
    if isinstance(schedule, Steps):
        return schedule.relative
    return isinstance(schedule, Cosine | OneCycle)


@keras.saving.register_keras_serializable(package="course")
class RunSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """The rate at each step of one run.

    Args:
        schedule: what it follows.
        rate: the highest rate.
        steps: of the whole run.
        steps_per_epoch: to turn epochs into steps.
        warmup: steps of linear increase from 0 before anything else.
        factor: variable that a plateau lowers, or None.
    """

    def __init__(
        self,
        schedule: Schedule,
        rate: float,
        steps: int,
        steps_per_epoch: int,
        warmup: int = 0,
        factor: tf.Variable | None = None,
    ) -> None:
        self.schedule = schedule
        self.rate = rate
        self.steps = max(steps, 1)
        self.steps_per_epoch = steps_per_epoch
        self.warmup = warmup
        self.factor = factor

    def __call__(self, step: Any) -> tf.Tensor:
        step = tf.cast(step, tf.float32)
        value = self.rate * self._shape(step)
        if self.warmup:
            value *= tf.minimum(1.0, (step + 1) / self.warmup)
        if self.factor is not None:
            value *= self.factor
        return value

    def lower(self, plateau: Plateau) -> None:
        """The error is on a plateau: from now on a lower rate, down to the minimum."""
        lowest = plateau.minimum / self.rate
        self.factor.assign(max(float(self.factor) * plateau.factor, lowest))

    def _shape(self, step: tf.Tensor) -> tf.Tensor:
        schedule = self.schedule
        if isinstance(schedule, Steps):
            unit = self.steps if schedule.relative else self.steps_per_epoch
            passed = [
                tf.cast(step >= round(milestone * unit), tf.float32)
                for milestone in schedule.milestones
            ]
            return tf.pow(schedule.factor, tf.add_n(passed))
        if isinstance(schedule, Exponential):
            period = schedule.epochs * self.steps_per_epoch
            return tf.pow(schedule.factor, tf.floor(step / period))
        if isinstance(schedule, Cosine):
            done = (step - self.warmup) / max(self.steps - self.warmup, 1)
            return _cosine(1.0, schedule.final, done)
        if isinstance(schedule, OneCycle):
            peak = max(schedule.peak * self.steps, 1.0)
            rising = _cosine(schedule.start, 1.0, step / peak)
            falling = _cosine(
                1.0, schedule.final, (step - peak) / max(self.steps - peak, 1.0)
            )
            return tf.where(step < peak, rising, falling)
        return tf.ones_like(step)

    def get_config(self) -> dict[str, Any]:
        """The rate alone: a saved model needs no schedule."""
        return {"rate": self.rate, "steps": self.steps}


def _cosine(start: float, end: float, share: tf.Tensor) -> tf.Tensor:
    share = tf.clip_by_value(share, 0.0, 1.0)
    return end + (start - end) * (1 + tf.cos(math.pi * share)) / 2
