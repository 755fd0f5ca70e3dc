"""What authorizers said, for as long as they may be believed."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

MAX_ENTRIES = 10_000


class ExpiringCache:
    """Values by key, each for a time of its own; safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, ttl_seconds: float, make: Callable[[], Any]) -> Any:
        """Return the value for a key, made now where none is valid; nothing is kept where the time is 0."""
        with self._lock:
            known = self._values.get(key)
        if ttl_seconds and known and known[0] > self._clock():
            return known[1]
        value = make()
        if ttl_seconds:
            with self._lock:
                if len(self._values) >= MAX_ENTRIES:
                    self._values.clear()
                self._values[key] = (self._clock() + ttl_seconds, value)
        return value
