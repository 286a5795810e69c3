"""How many steps one call into the graph makes."""

from __future__ import annotations

# Often enough for a moving bar and for ctrl-C; far longer than what a call costs.
_CALL_S = 0.5


class Pace:
    """Finds the number of steps that takes about half a second.

    Attributes:
        steps: to make in the next call.
    """

    def __init__(self) -> None:
        self.steps = 1
        self._compiled = False

    def learn(self, made: int, seconds: float) -> None:
        """`made` steps took `seconds`; the first call compiles and teaches nothing."""
        if not self._compiled:
            self._compiled = True
            return
        wanted = int(made * _CALL_S / max(seconds, 1e-6))
        self.steps = max(1, min(wanted, 8 * self.steps))
