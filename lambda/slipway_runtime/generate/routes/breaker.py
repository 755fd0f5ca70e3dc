"""A circuit breaker for each route, in this process: a place that keeps failing is left alone for a while.

Source: Nygard, "Release It!", "Circuit Breaker" (closed, open, half-open).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FAILURES = 5
OPEN_SECONDS = 15.0


@dataclass(kw_only=True)
class Breaker:
    """Opens after `failures` in a row, lets one request through after `open_seconds`, and closes if that succeeds."""

    failures: int = FAILURES
    open_seconds: float = OPEN_SECONDS
    now: Callable[[], float] = time.monotonic
    _failed: int = field(default=0, init=False)
    _opened_at: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def admits(self) -> bool:
        """Return whether a request may go; of those that wait behind an open breaker, one for each `open_seconds`."""
        with self._lock:
            if self._failed < self.failures:
                return True
            if self.now() - self._opened_at < self.open_seconds:
                return False
            self._opened_at = self.now()  # half-open: this request is the probe, the others go on waiting
            return True

    def succeeded(self) -> None:
        """Close."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """Count a failure, and open at the last one allowed or when the probe failed."""
        with self._lock:
            self._failed += 1
            if self._failed >= self.failures:
                self._opened_at = self.now()


@dataclass(kw_only=True)
class Breakers:
    """The breakers of this process by the routes' names."""

    make: Callable[[], Breaker] = Breaker
    _by_name: dict[str, Breaker] = field(default_factory=dict, init=False)

    def of(self, name: str) -> Breaker:
        """Return a route's breaker."""
        return self._by_name.setdefault(name, self.make())
