"""Throttling of one operation without chance, for tests that count calls. Faults do the same for every service."""

from __future__ import annotations

import threading


class Throttle:
    """Refuses the first `count` calls, then evenly the share `rate`: every fourth for .25, without chance."""

    def __init__(self, count: int, rate: float) -> None:
        self._count, self._rate, self._owed = count, rate, 0.0
        self._lock = threading.Lock()

    def hit(self) -> bool:
        """Return whether this call is refused."""
        with self._lock:
            if self._count > 0:
                self._count -= 1
                return True
            self._owed += self._rate
            if self._owed < 1 - 1e-9:
                return False
            self._owed -= 1
            return True
