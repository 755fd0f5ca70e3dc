"""The meter of an environment: quotas, ledger, prices, and metrics of each tenant and model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from slipway_runtime.generate.prompts.recent import Recent
from slipway_runtime.operate.feedback.given import Content
from slipway_runtime.operate.feedback.store import Feedbacks
from slipway_runtime.operate.meter.budget import Budget, Spent, merged, spending, spent
from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.meter.prices import Price, nanodollars
from slipway_runtime.operate.meter.quota import Quota, Reservation
from slipway_runtime.operate.meter.standing import Standing
from slipway_runtime.operate.meter.windows import Limits
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import PATIENT, Deadline, error_code
from slipway_runtime.operate.rows import Table, is_passing

T = TypeVar("T")
LIMITS_SECONDS = 60.0
STALE_SECONDS = 3600.0
# Clients wait for each of these, so what DynamoDB cannot do within them it is not asked for any longer.
READ_SECONDS = 3.0
RESERVE_SECONDS = 5.0
SETTLE_SECONDS = 3.0
BOOKS_SECONDS = 3 * SETTLE_SECONDS  # settled, recorded and kept, after the answer
LIMITS, BUDGET = "limits", "budget"
SPENT_SECONDS = 10.0


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the settings say. `content_days`: how long questions and answers are kept for feedback, 0 not at all."""

    quotas: Limits = Limits()
    budget: Budget = Budget()
    prices: dict[str, Price] = {}
    ledger_days: int = 400
    content_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Kept for the life of a process, for all tenants. The client of `table` tries once; the meter tries again."""

    table: Table
    rules: Rules = field(default_factory=Rules)
    limits_of: Recent[Limits] = field(
        default_factory=lambda: Recent(seconds=LIMITS_SECONDS, stale_seconds=STALE_SECONDS)
    )
    budget_of: Recent[Budget] = field(
        default_factory=lambda: Recent(seconds=LIMITS_SECONDS, stale_seconds=STALE_SECONDS)
    )
    spent_of: Recent[Spent] = field(default_factory=lambda: Recent(seconds=SPENT_SECONDS))

    @property
    def quota(self) -> Quota:
        """The counters."""
        return Quota(client=self.table.client, name=self.table.name)

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(table=self.table, keep_days=self.rules.ledger_days)

    def limits(self, tenant: str) -> Limits:
        """Return a tenant's limits: its own where it has some, for each that it does not name the environment's.

        A tenant whose budget is spent and throttles has the budget's requests in a minute, if it had more.
        """

        def read() -> Limits:
            return msgspec.convert(msgspec.structs.asdict(self.rules.quotas) | self._own(tenant, LIMITS), Limits)

        found, spent = self.limits_of.get(tenant, read, spare=lambda _error: True), self.spent(tenant)
        if not spent.acts("throttle"):
            return found
        most = spent.budget.requests_per_minute
        return msgspec.structs.replace(found, requests_per_minute=min(found.requests_per_minute or most, most))

    def budget(self, tenant: str) -> Budget:
        """Return a tenant's budget: its own where it has one, for what it does not name the environment's."""

        def read() -> Budget:
            return merged(self.rules.budget, self._own(tenant, BUDGET))

        return self.budget_of.get(tenant, read, spare=lambda _error: True)

    def spent(self, tenant: str) -> Spent:
        """Return where a tenant stands, as of the last seconds; one without a budget has spent nothing of it."""
        budget = self.budget(tenant)
        if not budget.windows:
            return Spent(budget)

        def read() -> Spent:
            return _patiently(lambda: spent(self.table, tenant, budget, time.time()), READ_SECONDS)

        return self.spent_of.get(tenant, read, spare=lambda _error: False)

    def _own(self, tenant: str, item: str) -> dict[str, Any]:
        row = _patiently(lambda: self.table.get(f"{tenant}#quota", item), READ_SECONDS)
        return msgspec.json.decode(str(row["body"]), type=dict[str, Any]) if row else {}

    def reserve(
        self, tenant: str, identifier: str, tokens: int, deadline: Deadline
    ) -> tuple[Reservation | None, Standing]:
        """Set tokens aside; no reservation where nothing is limited. Raises: Refused; the errors of DynamoDB."""
        limits = self.limits(tenant)
        if not limits.any:
            return None, Standing({})
        seconds = max(deadline.remaining_seconds, 0) + 2 * BOOKS_SECONDS
        soon = min(deadline, Deadline.after(RESERVE_SECONDS), key=lambda each: each.at)
        try:
            return self.quota.reserve(tenant, identifier, tokens, limits, seconds=seconds, deadline=soon)
        except Exception as error:
            count("QuotaRefusals" if getattr(error, "status", 0) == 429 else "MeterFailures")
            raise

    def settle(self, reserved: Reservation | None, used: int) -> None:
        """Count what was used. What cannot be is logged and counted; the reservation then ends by itself."""
        if reserved is None:
            return
        try:
            self.quota.settle(reserved, used, Deadline.after(SETTLE_SECONDS))
        except Exception as error:
            count("MeterFailures")
            facts = {"request_id": reserved.id, "tenant": reserved.tenant, "tokens": used, "reason": error_code(error)}
            logger.error("quota not settled", extra=facts)

    def record(self, entry: Entry) -> None:
        """Write an entry, and its metrics; one that cannot be written is logged whole: its numbers are only there.

        One that DynamoDB will never take is written without what others may have made too long.
        """
        measure(entry)
        try:
            self._add(entry)
        except Exception as error:
            if is_passing(error):
                _failed("not in the ledger", entry, error)
                return
            _failed("in the ledger without its names", entry.bare, error)
            self._add_bare(entry.bare)

    def _add(self, entry: Entry) -> None:
        more = spending(entry, time.time()) if self.budget(entry.tenant).windows else []
        self.ledger.add(entry, Deadline.after(SETTLE_SECONDS), *more)

    def _add_bare(self, bare: Entry) -> None:
        try:
            self._add(bare)
        except Exception as error:
            _failed("not in the ledger", bare, error)

    def keep(self, entry: Entry, content: Content) -> None:
        """Keep a question and its answer as long as the settings say; what cannot be is counted."""
        try:
            kept = Feedbacks(table=self.table, tenant=entry.tenant)
            days = self.rules.content_days
            if not _patiently(lambda: kept.keep_content(entry, content, days=days), SETTLE_SECONDS):
                count("ContentTooLong")
        except Exception as error:
            count("MeterFailures")
            logger.error("content not kept", extra={"request_id": entry.id, "reason": error_code(error)})

    def cost(self, model: str, read: int, written: int) -> int | None:
        """Return nanodollars, None where no price is known."""
        return nanodollars(model, read, written, self.rules.prices)


def _failed(what: str, entry: Entry, error: Exception) -> None:
    count("MeterFailures")
    logger.error(what, extra={"entry": msgspec.to_builtins(entry), "reason": error_code(error)})


def _patiently(operation: Callable[[], T], seconds: float) -> T:
    return PATIENT.call(operation, retry_on=is_passing, deadline=Deadline.after(seconds))


def measure(entry: Entry) -> None:
    """Write the metrics of one request by environment, tenant and model, as a line in CloudWatch's embedded format.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    values: Mapping[str, tuple[float, str]] = {
        "Requests": (1, "Count"),
        "InputTokens": (entry.input_tokens, "Count"),
        "OutputTokens": (entry.output_tokens, "Count"),
        "CostDollars": ((entry.cost_nanodollars or 0) / 1e9, "None"),
        "Milliseconds": (entry.milliseconds, "Milliseconds"),
        "CacheHits": (int(bool(entry.cache)), "Count"),
    }
    dimensions = {
        "environment": os.environ.get("SLIPWAY_ENVIRONMENT", "unknown"),
        "tenant": entry.tenant,
        "model": entry.model or "none",
    }
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Slipway"),
                    "Dimensions": [list(dimensions)],
                    "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
                }
            ],
        },
        **dimensions,
        **{name: value for name, (value, _) in values.items()},
    }
    print(msgspec.json.encode(line).decode())  # noqa: T201 - Lambda reads metrics from the output
