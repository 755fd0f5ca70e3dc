"""Work to be done later: one thread that waits, and a few that work."""

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Timers:
    """Runs each call when its time has come; an error is written to the log. Units: seconds."""

    def __init__(self, name: str, *, threads: int = 16) -> None:
        self._work = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._waiting: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._wait, name=f"{name}-timer", daemon=True).start()

    def after(self, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        """Run the call after so many seconds, at once for none. After `close` nothing runs."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._order), call, arguments))
            self._changed.notify()

    def close(self) -> None:
        """Forget what waits; calls in progress end by themselves."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._work.shutdown(wait=False, cancel_futures=True)

    def _wait(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                _, _, call, arguments = heapq.heappop(self._waiting)
                self._work.submit(_run, call, arguments)


def _run(call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        call(*arguments)
    except Exception:
        traceback.print_exc(file=sys.stderr)
