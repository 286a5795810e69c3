"""What training can refuse or run into, each with one line that names the mend."""

from __future__ import annotations


class TrainingError(Exception):
    """A request that training cannot fulfil."""


class RecipeError(TrainingError, ValueError):
    """An unknown recipe, or one whose numbers make no sense."""


class DataError(TrainingError, ValueError):
    """Images or labels that the model cannot be trained on."""


class StrategyError(TrainingError, ValueError):
    """A distribution strategy that cannot be made here."""


class CheckpointError(TrainingError, RuntimeError):
    """A checkpoint that cannot be written, read or gone on from."""


class NonFiniteLossError(TrainingError, ArithmeticError):
    """The loss, or the gradient, became infinite or not a number.

    Attributes:
        step: the step whose loss it was, counted from 1 over all epochs.
        layer: the first layer with a non-finite weight, output or gradient, or None.
    """

    def __init__(self, message: str, step: int, layer: str | None) -> None:
        super().__init__(message)
        self.step = step
        self.layer = layer


class TrainingWarning(UserWarning):
    """Something failed that a run can do without, such as writing a log."""
