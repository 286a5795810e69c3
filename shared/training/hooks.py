"""What a caller hangs onto a run: functions of a row, and Keras's own callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from shared.training.errors import TrainingError
from shared.training.state import Row

Hook = Callable[[Row], Any] | keras.callbacks.Callback


class Hooks:
    """Calls the caller's hooks at each epoch.

    Of a Keras callback the methods of training and of epochs are called, not those of
    batches: many steps are one call here.

    Raises:
        TrainingError: something that is neither a function nor a callback.
    """

    def __init__(self, hooks: Sequence[Hook], model: keras.Model) -> None:
        for hook in hooks:
            if not callable(hook) and not isinstance(hook, keras.callbacks.Callback):
                raise TrainingError(
                    "callbacks must be functions of an epoch's row or keras.callbacks, "
                    f"got {type(hook).__name__}"
                )
        kinds = keras.callbacks.Callback
        self.functions = [hook for hook in hooks if not isinstance(hook, kinds)]
        self.model = model
        self.model.stop_training = False
        self._keras = keras.callbacks.CallbackList(
            [hook for hook in hooks if isinstance(hook, kinds)], model=model
        )

    @property
    def stop(self) -> bool:
        """Whether a callback set `model.stop_training`."""
        return self.model.stop_training

    def train_begin(self) -> None:
        self._keras.on_train_begin()

    def epoch_begin(self, epoch: int) -> None:
        """`epoch` counts from 0, as Keras does."""
        self._keras.on_epoch_begin(epoch)

    def epoch_end(self, row: Row) -> None:
        self._keras.on_epoch_end(row["epoch"] - 1, dict(row))
        for function in self.functions:
            function(dict(row))

    def train_end(self) -> None:
        self._keras.on_train_end()
