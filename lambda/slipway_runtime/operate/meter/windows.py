"""Limits of a tenant, and the windows of time they count in: minute, day and month, in UTC."""

from __future__ import annotations

import calendar
import time
from typing import Literal

import msgspec

Window = Literal["minute", "day", "month"]
Measure = Literal["requests", "tokens"]
WINDOWS: tuple[Window, ...] = ("minute", "day", "month")
MEASURES: tuple[Measure, ...] = ("requests", "tokens")
SECONDS = {"minute": 60, "day": 86_400}


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Most requests and tokens, read and written together; None is no limit."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    requests_per_month: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    tokens_per_month: int | None = None

    def of(self, window: Window, measure: Measure) -> int | None:
        """Return one limit."""
        found: int | None = getattr(self, f"{measure}_per_{window}")
        return found

    @property
    def any(self) -> bool:
        """Whether anything is limited at all."""
        return any(self.of(window, measure) is not None for window in WINDOWS for measure in MEASURES)


def current(now: float) -> dict[Window, int]:
    """Return the number of each window that `now`, seconds since 1970, lies in; numbers only grow."""
    at = time.gmtime(now)
    return {"minute": int(now) // 60, "day": int(now) // 86_400, "month": at.tm_year * 12 + at.tm_mon - 1}


def ends(window: Window, number: int) -> int:
    """Return when a window ends, seconds since 1970."""
    if window == "month":
        year, month = divmod(number + 1, 12)
        return calendar.timegm((year, month + 1, 1, 0, 0, 0))
    return (number + 1) * SECONDS[window]
