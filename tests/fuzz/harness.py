"""What every fuzz test shares: cases that are counted, bounded and repeatable.

``@fuzz("target", cases=500, x=strategy)`` is hypothesis with four additions. Each case
has a limit on its processor time, on the wall clock and on the memory that it adds;
cases are counted as they run; by default the same cases come every time; and the
environment asks for more of them: ``FUZZ_CASES=100000`` in all, ``FUZZ_RANDOM=1`` for
others than the last time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.table import USUAL_CASES

#: Processor time of one case; the slowest take a tenth of it.
CASE_CPU_S = 10.0
#: A case that waits for something that never comes uses no processor time.
CASE_WALL_S = 60.0
CASE_MEMORY_MB = 256
_FRAMES = 1000

#: Cases that each test declares, by target.
declared: dict[str, int] = {}


class TooSlow(BaseException):
    """A case is over its time; no ``except Exception`` of the product stops it."""


@dataclass
class Tally:
    """What the test that is running has done so far."""

    target: str = ""
    cases: int = 0

    def add(self, target: str, cases: int) -> None:
        """Counts cases of `target`."""
        self.target = target
        self.cases += cases


tally = Tally()


def scaled(cases: int) -> int:
    """Returns how many cases to run where a usual run has `cases`."""
    wanted = int(os.environ.get("FUZZ_CASES", USUAL_CASES))
    return max(1, round(cases * wanted / USUAL_CASES))


def random_cases() -> bool:
    """True if others are wanted than the last time."""
    return bool(os.environ.get("FUZZ_RANDOM"))


def fuzz(target: str, cases: int, **strategies: Any) -> Callable[[Any], Any]:
    """Makes a test of one case a test of many.

    Args:
        target: line of the table that the cases are counted in.
        cases: how many, in a usual run.
        strategies: hypothesis strategies for the test's arguments; the others are
            fixtures.
    """
    declared[target] = declared.get(target, 0) + cases

    def decorate(test: Callable[..., None]) -> Any:
        @functools.wraps(test)
        def one(*args: Any, **kwargs: Any) -> None:
            # Also one that hypothesis gives up (`assume`), which is rare here.
            tally.add(target, 1)
            with bounded(), _usual_recursion():
                test(*args, **kwargs)

        return settings(
            max_examples=scaled(cases),
            deadline=None,  # `bounded` also ends a case that would never end
            derandomize=not random_cases(),
            database=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(given(**strategies)(one))

    return decorate


@contextlib.contextmanager
def bounded(
    cpu_s: float = CASE_CPU_S,
    wall_s: float = CASE_WALL_S,
    memory_mb: float = CASE_MEMORY_MB,
) -> Iterator[None]:
    """Fails if what is inside takes too long or too much memory."""
    before = _memory_mb("VmRSS") if _watch_memory() else None
    started = time.process_time()
    stopped = ""
    try:
        with (
            _alarm(signal.SIGPROF, signal.ITIMER_PROF, cpu_s),
            _alarm(signal.SIGALRM, signal.ITIMER_REAL, wall_s),
        ):
            yield
    except TooSlow as slow:
        stopped = f"; it was stopped in {traceback.extract_tb(slow.__traceback__)[-2]}"
    # Raised here, not there: where a slow case is stopped is another place each time.
    taken = time.process_time() - started
    assert not stopped, f"a case took {taken:.1f} s{stopped}"
    assert taken <= cpu_s, f"a case took {taken:.1f} s"
    if before is not None:
        grown = _memory_mb("VmHWM") - before
        assert grown <= memory_mb, f"a case took {grown:.0f} MB of memory"


@contextlib.contextmanager
def _usual_recursion() -> Iterator[None]:
    """Leaves the frames that a program has to itself; hypothesis gives far more."""
    before, frame, depth = sys.getrecursionlimit(), sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + _FRAMES)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextlib.contextmanager
def _alarm(number: int, timer: int, seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TooSlow

    before = signal.signal(number, ring)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


def _watch_memory() -> bool:
    """Makes Linux forget the highest memory so far; False where it cannot be asked."""
    if sys.platform != "linux":
        return False
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _memory_mb(line: str) -> float:
    with open("/proc/self/status") as file:
        for text in file:
            if text.startswith(f"{line}:"):
                return int(text.split()[1]) / 1024
    raise AssertionError(f"Linux tells no {line}")
