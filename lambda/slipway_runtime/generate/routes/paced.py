"""Events of a backend within a time: a slow place costs the time that it is given and no more."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator

from slipway_runtime.generate.backends.protocol import too_slow
from slipway_runtime.generate.events import Event, Silence
from slipway_runtime.operate.retry import Deadline

KEEP_ALIVE_SECONDS = 15.0
End = BaseException | None


def paced(begin: Callable[[], Iterator[Event]], first: Deadline, last: Deadline) -> Generator[Event]:
    """Yield the events of `begin()`: the first before `first`, all before `last`, and `Silence` where none comes long.

    They are read in a thread, since no client of AWS can be told a time for the whole of a stream. What is given up
    ends there when its connection next says something. Raises: the errors of the events, and BackendError 504.
    """
    arrived: queue.SimpleQueue[Event | tuple[End]] = queue.SimpleQueue()
    given_up = threading.Event()

    def read() -> None:
        end: End = None
        try:
            with contextlib.closing(begin()) as events:  # type: ignore[type-var]
                for event in events:
                    arrived.put(event)
                    if given_up.is_set():
                        return
        except BaseException as error:
            end = error
        arrived.put((end,))

    threading.Thread(target=read, daemon=True).start()
    limit, spoke = first, False
    try:
        while True:
            try:
                got = arrived.get(timeout=max(0.0, min(limit.remaining_seconds, KEEP_ALIVE_SECONDS)))
            except queue.Empty:
                if limit.remaining_seconds <= 0:
                    raise too_slow() from None
                if spoke:
                    yield Silence()
                continue
            if isinstance(got, tuple):
                if got[0] is not None:
                    raise got[0]
                return
            limit, spoke = last, True
            yield got
    finally:
        given_up.set()
