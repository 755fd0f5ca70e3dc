"""Token buckets and quotas: rate and burst of a stage, a method, a usage plan's key.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta


class TokenBuckets:
    """Buckets by name: each starts full with `burst` tokens and gains `rate` tokens a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: Hashable, rate_per_second: float, burst: float) -> bool:
        """Take a token and return True, or False where none is left."""
        now = self._clock()
        with self._lock:
            tokens, then = self._buckets.get(name, (burst, now))
            tokens = min(burst, tokens + (now - then) * rate_per_second)
            taken = tokens >= 1
            self._buckets[name] = (tokens - taken, now)
            return taken


class Quotas:
    """Counts requests by name within a calendar day, week (from Sunday) or month, UTC."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._used: Counter[tuple[Hashable, date]] = Counter()
        self._daily: defaultdict[Hashable, Counter[date]] = defaultdict(Counter)
        self._lock = threading.Lock()

    def take(self, name: Hashable, limit: int, period: str, offset: int = 0) -> bool:
        """Count a request and return True, or False where the limit is reached; `offset` counts as used already."""
        today = self._clock().date()
        key = (name, _start(today, period))
        with self._lock:
            if self._used[key] + offset >= limit:
                return False
            self._used[key] += 1
            self._daily[name][today] += 1
            return True

    def daily(self, name: Hashable, days: list[date], limit: int, period: str, offset: int = 0) -> list[list[int]]:
        """Return what was used on each of the days, and what was left at its end."""
        with self._lock:
            used = Counter(self._daily[name])
        entries = []
        for day in days:
            first = _start(day, period)
            so_far = sum(count for then, count in used.items() if first <= then <= day)
            entries.append([used[day], max(0, limit - offset - so_far)])
        return entries


def _start(day: date, period: str) -> date:
    if period == "MONTH":
        return day.replace(day=1)
    return day - timedelta(days=(day.weekday() + 1) % 7) if period == "WEEK" else day
