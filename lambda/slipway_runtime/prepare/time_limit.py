"""A limit on the time that a document may take, whatever is done with it."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from slipway_runtime.prepare.rejected import Rejected


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Give up what is done inside after `seconds` of wall clock. Raises: Rejected("too_slow").

    Only in the main thread, where functions and Spark's workers run: it is a signal, which also ends a search by a
    regular expression. A timer that runs already is put back.
    Raises: ValueError in another thread.
    Source: Python library reference, signal.setitimer; "Signals and threads".
    """

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise Rejected("too_slow", f"preparing it took more than {seconds:g} s; split the document into parts")

    began, before = time.monotonic(), signal.signal(signal.SIGALRM, give_up)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - began)))
