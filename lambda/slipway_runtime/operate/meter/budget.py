"""Budgets of tenants in money: what they have spent in the day and the month, and what happens when that is too much.

What a request cost is added in the transaction that writes its entry, so that it counts once and the sums are those of
the ledger. They are read again after a few seconds: a tenant may go beyond its budget by what it spends within those.
Units: nanodollars in the table, US dollars in budgets; days and months in UTC.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate import rows
from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.meter.windows import current, ends
from slipway_runtime.operate.rows import Table

Action = Literal["alert", "throttle", "cheaper", "stop"]
BudgetWindow = Literal["day", "month"]
BUDGET_WINDOWS: tuple[BudgetWindow, ...] = ("day", "month")
NANO = 10**9
SHARDS = 8
KEEP_SECONDS = 40 * 86_400
SPEND = "SET expires_at = :0 ADD nanodollars :1"


class Budget(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Most dollars, and what happens beyond. `cheaper`: the alias that answers then; `requests_per_minute`: throttled.

    From `alert_percent` of it on, requests are counted in the metric BudgetAlerts.
    """

    dollars_per_day: float | None = None
    dollars_per_month: float | None = None
    over: Action = "alert"
    cheaper: str = ""
    requests_per_minute: int = 1
    alert_percent: float = 80

    def limit(self, window: BudgetWindow) -> float | None:
        """Return one limit in dollars."""
        return self.dollars_per_day if window == "day" else self.dollars_per_month

    @property
    def windows(self) -> list[BudgetWindow]:
        """Return the windows that are limited."""
        return [window for window in BUDGET_WINDOWS if self.limit(window) is not None]


@dataclass(frozen=True)
class Spent:
    """What a tenant has spent of its budget: the window of which most is gone, the share of it, and when it ends."""

    budget: Budget
    window: BudgetWindow = "month"
    dollars: float = 0.0
    share: float = 0.0
    ends_at: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the budget is used up."""
        return self.share >= 1

    @property
    def is_near(self) -> bool:
        """Whether so much is gone that somebody should know."""
        return self.share * 100 >= self.budget.alert_percent

    def acts(self, action: Action) -> bool:
        """Whether this is what has to happen now."""
        return self.is_over and self.budget.over == action


class BudgetSpent(ApiError):  # noqa: N818 - a limit is no fault
    """The 429 of a budget that is used up, as OpenAI's API words it: trying again does not help before it ends."""

    def __init__(self, spent: Spent, now: float) -> None:
        limit = spent.budget.limit(spent.window)
        super().__init__(
            429,
            f"The budget of ${limit:g} for this {spent.window} is spent. It begins anew when the {spent.window} ends, "
            "in UTC; ask whoever set it for more.",
            code="insufficient_quota",
            retry_after_seconds=max(1, int(spent.ends_at - now)),
            headers={"x-should-retry": "false"},
        )


def spending(entry: Entry, now: float) -> list[dict[str, Any]]:
    """Return the writes that add what a request cost to its tenant's day and month."""
    if not entry.cost_nanodollars:
        return []
    at, shard = current(now), random.randrange(SHARDS)  # noqa: S311 - spreads writers, hides nothing
    values = (int(now) + KEEP_SECONDS, entry.cost_nanodollars)
    return [
        rows.update(_subject(entry.tenant), f"{window}#{at[window]}#{shard}", SPEND, "", values)
        for window in BUDGET_WINDOWS
    ]


def spent(table: Table, tenant: str, budget: Budget, now: float) -> Spent:
    """Return where a tenant stands, by the window of which the greatest share is gone."""
    at = current(now)
    found = [Spent(budget)]
    for window in budget.windows:
        held = table.query(_subject(tenant), f"{window}#{at[window]}#")
        dollars = sum(int(row["nanodollars"]) for row in held) / NANO
        limit = budget.limit(window) or 0.0
        found.append(Spent(budget, window, dollars, dollars / limit if limit else 1.0, ends(window, at[window])))
    return max(found, key=lambda each: each.share)


def merged(default: Budget, own: Mapping[str, Any]) -> Budget:
    """Return a tenant's budget: what it names itself, else the environment's. Raises: msgspec.ValidationError."""
    return msgspec.convert(msgspec.structs.asdict(default) | dict(own), Budget)


def _subject(tenant: str) -> str:
    return f"{tenant}#spent"
