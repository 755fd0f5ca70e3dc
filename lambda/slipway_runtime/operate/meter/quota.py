"""Quotas: tokens are reserved before a model is called, and settled to what was used afterwards.

One item a tenant holds its counters of minute, day and month and every reservation that is open, so that a reservation
and all conditions on it are one conditional update: it happens as a whole or not at all, however many ask at once, and
one that is repeated after a lost answer finds itself. What a function that died had reserved is given back as soon as
somebody would be refused for it.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.meter.standing import Refused, Standing, standing
from slipway_runtime.operate.meter.windows import MEASURES, WINDOWS, Limits, Window, current
from slipway_runtime.operate.retry import PATIENT, Backoff, Deadline
from slipway_runtime.operate.rows import is_passing

ATTEMPTS = 12  # rounds of an update that others overtake: a window that ends, reservations given back
RESERVED = "r_"
Item = dict[str, Any]


@dataclass(frozen=True)
class Reservation:
    """Tokens that are set aside for the request `id`, in the windows `at`, until `expires_at`."""

    tenant: str
    id: str
    tokens: int
    expires_at: int
    at: Mapping[Window, int]

    @property
    def text(self) -> str:
        """Return it as it is stored."""
        return "|".join(map(str, (self.tokens, self.expires_at, *(self.at[window] for window in WINDOWS))))


@dataclass(frozen=True, kw_only=True)
class Quota:
    """The counters in the table `name`."""

    client: Any
    name: str
    now: Callable[[], float] = time.time
    backoff: Backoff = field(default_factory=lambda: PATIENT)

    def reserve(
        self, tenant: str, identifier: str, tokens: int, limits: Limits, *, seconds: float, deadline: Deadline
    ) -> tuple[Reservation, Standing]:
        """Set tokens aside for `seconds` at most. Raises: Refused; the errors of DynamoDB."""
        at = current(self.now())
        for _ in range(ATTEMPTS):
            wanted = Reservation(tenant, identifier, tokens, int(self.now() + seconds), at)
            done, held = self._update(tenant, _reserving(wanted, limits), deadline)
            stands = standing(held, limits, at, self.now())
            if done or RESERVED + identifier in held:
                return wanted, stands
            if rolled := [each for each in WINDOWS if _number(held, f"{each}_at") < at[each]]:
                for window in rolled:
                    self._update(tenant, _rolling(window, at[window]), deadline)
            elif any(_number(held, f"{each}_at") > at[each] for each in WINDOWS):
                at = {each: _number(held, f"{each}_at") for each in WINDOWS}  # a clock that is ahead of ours
            elif expired := [one for one in _open(tenant, held) if one.expires_at < self.now()]:
                for one in expired:
                    self.settle(one, 0, deadline)
            elif refused := stands.refuses(tokens):
                raise refused
        raise Refused("busy", 1, stands)

    def settle(self, reserved: Reservation, used: int, deadline: Deadline) -> bool:
        """Count what was used in place of what was reserved; False if that was done before.

        Raises: the errors of DynamoDB.
        """
        counted = list(WINDOWS)
        for _ in range(ATTEMPTS):
            done, held = self._update(reserved.tenant, _settling(reserved, used, counted), deadline)
            if done:
                return True
            if RESERVED + reserved.id not in held:
                return False
            counted = [each for each in WINDOWS if _number(held, f"{each}_at") == reserved.at[each]]
        raise Refused("busy", 1, Standing({}))

    def _update(self, tenant: str, request: Mapping[str, Any], deadline: Deadline) -> tuple[bool, Item]:
        """Return whether the condition held, and the item: as it is now, else as it was."""

        def call() -> tuple[bool, Item]:
            try:
                done = self.client.update_item(
                    TableName=self.name,
                    Key={"subject": {"S": f"{tenant}#quota"}, "item": {"S": "now"}},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **request,
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                return False, error.response.get("Item", {})
            return True, done["Attributes"]

        return self.backoff.call(call, retry_on=is_passing, deadline=deadline)


def _reserving(wanted: Reservation, limits: Limits) -> dict[str, Any]:
    values: dict[str, Any] = {":r": {"S": wanted.text}, ":one": {"N": "1"}, ":tokens": {"N": str(wanted.tokens)}}
    conditions = ["attribute_not_exists(#r)"]
    for window in WINDOWS:
        values[f":{window}"] = {"N": str(wanted.at[window])}
        conditions.append(f"{window}_at = :{window}")
        for measure, asked in zip(MEASURES, (1, wanted.tokens), strict=True):
            if (limit := limits.of(window, measure)) is not None:
                values[f":{window}_{measure}"] = {"N": str(limit - asked)}
                conditions.append(f"{window}_{measure} <= :{window}_{measure}")
    added = ", ".join(f"{window}_requests :one, {window}_tokens :tokens" for window in WINDOWS)
    return {
        "UpdateExpression": f"SET #r = :r ADD {added}",
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {"#r": RESERVED + wanted.id},
        "ExpressionAttributeValues": values,
    }


def _rolling(window: Window, number: int) -> dict[str, Any]:
    return {
        "UpdateExpression": f"SET {window}_at = :at, {window}_requests = :none, {window}_tokens = :none",
        "ConditionExpression": f"attribute_not_exists({window}_at) OR {window}_at < :at",
        "ExpressionAttributeValues": {":at": {"N": str(number)}, ":none": {"N": "0"}},
    }


def _settling(reserved: Reservation, used: int, counted: list[Window]) -> dict[str, Any]:
    conditions = ["attribute_exists(#r)", *(f"{window}_at = :{window}" for window in counted)]
    values = {f":{window}": {"N": str(reserved.at[window])} for window in counted}
    added = ", ".join(f"{window}_tokens :more" for window in counted)
    more: dict[str, Any] = {":more": {"N": str(used - reserved.tokens)}} if counted else {}
    return {
        "UpdateExpression": "REMOVE #r" + (f" ADD {added}" if added else ""),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {"#r": RESERVED + reserved.id},
        **({"ExpressionAttributeValues": values | more} if counted else {}),
    }


def _open(tenant: str, held: Item) -> list[Reservation]:
    found = []
    for name, cell in held.items():
        if name.startswith(RESERVED):
            tokens, expires_at, *at = map(int, cell["S"].split("|"))
            found.append(
                Reservation(
                    tenant, name.removeprefix(RESERVED), tokens, expires_at, dict(zip(WINDOWS, at, strict=True))
                )
            )
    return found


def _number(held: Item, name: str) -> int:
    return int(held[name]["N"]) if name in held else -1
