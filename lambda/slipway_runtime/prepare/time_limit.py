"""Limits on the time that a document may take, whatever is done with it.

Signals end also a search by a regular expression, which no other thread could: it lets none run. Only the main thread
hears them, which is where functions and Spark's workers run; in another one nothing is limited.
Source: Python library reference, signal.setitimer; "Signals and threads".
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from slipway_runtime.prepare.rejected import TooSlow

WALL_CLOCK = (signal.ITIMER_REAL, signal.SIGALRM)
CPU = (signal.ITIMER_PROF, signal.SIGPROF)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give up what is done inside after `seconds` of wall clock. Raises: TooSlow."""
    with _limit(WALL_CLOCK, seconds, TooSlow(f"preparing it took more than {seconds:g} s")):
        yield


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Give up what is done inside after `seconds` of this process's CPU; what it waits for is free. Raises: TooSlow."""
    with _limit(CPU, seconds, TooSlow(f"its rules took more than {seconds:g} s of CPU")):
        yield


@contextmanager
def give_up_after(seconds: float) -> Iterator[None]:
    """Give up what is done or waited for inside after `seconds` of wall clock. Raises: TimeoutError."""
    with _limit(WALL_CLOCK, seconds, TimeoutError("no time left in this invocation")):
        yield


@contextmanager
def _limit(clock: tuple[signal.Signals | int, signal.Signals], seconds: float, error: Exception) -> Iterator[None]:
    """Raise the error inside after so many seconds of a clock. A timer that runs already is put back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    timer, number = clock

    def give_up(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise error

    began, before = time.monotonic(), signal.signal(number, give_up)
    left, _ = signal.setitimer(timer, max(0.001, seconds))  # 0 would be no limit
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)
        if left:
            signal.setitimer(timer, max(0.001, left - (time.monotonic() - began)))
