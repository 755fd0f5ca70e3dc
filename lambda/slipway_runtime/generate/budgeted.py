"""The step that holds a tenant to its budget: it stops, or goes to a cheaper alias, once the money is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from slipway_runtime.generate.events import Event, Headers
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.routes.table import Alias
from slipway_runtime.operate.meter.budget import BudgetSpent
from slipway_runtime.operate.meter.meter import Meter
from slipway_runtime.operate.observability import count

HEADER = "x-slipway-budget"


@dataclass(frozen=True, kw_only=True)
class Budgeted:
    """`alias`: returns what is behind a name, for `cheaper`. Throttling is the quota's part: Meter.limits."""

    meter: Meter
    alias: Callable[[str], Alias]

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the events. Raises: BudgetSpent."""
        found = self.meter.spent(exchange.tenant)
        if found.is_near:
            count("BudgetAlerts")
        if found.is_over:
            count("BudgetActions")
            if found.acts("stop"):
                raise BudgetSpent(found, time.time())
            yield Headers({HEADER: found.budget.over})
        if found.acts("cheaper"):
            name = found.budget.cheaper
            exchange = replace(exchange, name=name, alias=self.alias(name))
            exchange.facts.alias = name
        yield from onward(exchange)
