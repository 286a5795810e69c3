"""Ctrl-C and the end of a cluster job, taken between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, NoReturn


class Interrupts:
    """While entered, the first SIGINT or SIGTERM is noted; a second one acts at once.

    So a run can stop where its state is whole, and save it. Outside the main thread
    signals stay as they are.

    Attributes:
        caught: the signal that came, or None.
    """

    def __init__(self) -> None:
        self.caught: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def stop(self, text: str) -> NoReturn:
        """End as the signal would have: with `text` on ctrl-C, by exiting otherwise."""
        if self.caught is signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt(text)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.caught = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            # A handler that was not set from Python cannot be put back.
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
