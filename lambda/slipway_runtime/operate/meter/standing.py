"""Where a tenant stands in its limits, and what it is told of that.

Source: OpenAI platform documentation, "Rate limits", "Rate limits in headers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate.meter.windows import MEASURES, WINDOWS, Limits, Measure, Window, ends

LONGEST_RETRY_SECONDS = 60  # a client that would wait longer is told not to: its user waits for it


@dataclass(frozen=True)
class Left:
    """What is left of one limit, and when its window ends, in seconds from now."""

    limit: int
    left: int
    reset_seconds: int


@dataclass(frozen=True)
class Standing:
    """What is left of each limit."""

    of: Mapping[tuple[Window, Measure], Left]

    @property
    def headers(self) -> dict[str, str]:
        """Return OpenAI's headers, of the window in which the smallest share is left."""
        found: dict[str, str] = {}
        for measure in MEASURES:
            held = [left for (_, counted), left in self.of.items() if counted == measure]
            if held:
                tightest = min(held, key=lambda each: each.left / max(each.limit, 1))
                found[f"x-ratelimit-limit-{measure}"] = str(tightest.limit)
                found[f"x-ratelimit-remaining-{measure}"] = str(max(tightest.left, 0))
                found[f"x-ratelimit-reset-{measure}"] = f"{tightest.reset_seconds}s"
        return found

    def refuses(self, tokens: int) -> Refused | None:
        """Return the refusal of a request of so many tokens: the limit that lasts longest; None where it fits."""
        asked = {"requests": 1, "tokens": tokens}
        over = [(each, left) for each, left in self.of.items() if left.left < asked[each[1]]]
        if not over:
            return None
        (window, measure), left = max(over, key=lambda each: each[1].reset_seconds)
        if asked[measure] > left.limit:
            return Refused(f"{measure} per {window}", None, self, limit=left.limit, asked=asked[measure])
        return Refused(f"{measure} per {window}", left.reset_seconds, self, limit=left.limit, asked=asked[measure])


class Refused(ApiError):  # noqa: N818 - a limit is no fault
    """The 429 of a limit: `what` is used up. `seconds`: when to try again, None where it would never fit."""

    def __init__(self, what: str, seconds: int | None, stands: Standing, *, limit: int = 0, asked: int = 0) -> None:
        told = f"Rate limit reached for {what}: limit {limit}, this request needs up to {asked}. "
        remedy = "Ask for fewer tokens (max_tokens)." if seconds is None else f"Please try again in {seconds}s."
        busy = "Too many requests of this tenant at once. Please try again in 1s."
        super().__init__(
            429,
            busy if what == "busy" else told + remedy,
            code="rate_limit_exceeded",
            retry_after_seconds=seconds,
            headers=stands.headers
            | ({} if seconds and seconds <= LONGEST_RETRY_SECONDS else {"x-should-retry": "false"}),
        )


def standing(held: Mapping[str, Any], limits: Limits, at: Mapping[Window, int], now: float) -> Standing:
    """Return the standing that the item of a tenant tells."""
    found: dict[tuple[Window, Measure], Left] = {}
    for window in WINDOWS:
        reset = max(1, int(ends(window, at[window]) - now + 0.999))
        same = window + "_at" in held and int(held[f"{window}_at"]["N"]) == at[window]
        for measure in MEASURES:
            if (limit := limits.of(window, measure)) is not None:
                used = int(held[f"{window}_{measure}"]["N"]) if same else 0
                found[window, measure] = Left(limit, limit - used, reset)
    return Standing(found)
