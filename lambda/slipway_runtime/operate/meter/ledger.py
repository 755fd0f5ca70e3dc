"""The ledger: an item for each request, and sums by tenant, day, user, prompt, model, alias and cache.

Item and sum are written in one transaction that fails where the item is there already: a request that is recorded twice
counts once, and the sums are at every moment exactly those of the items. A stream of changes would make the sums late,
and its records come at least once. Each sum is spread over shards, since writers of one item stand in each other's way.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.operate import rows
from slipway_runtime.operate.meter.entry import DIMENSIONS, MEASURED, Dimensions, Entry, day_of, hashed
from slipway_runtime.operate.retry import PATIENT, Backoff, Deadline
from slipway_runtime.operate.rows import NEW, Conflict, Table

SHARDS = 8
EXPRESSION = "SET dimensions = :0, expires_at = :1 ADD " + ", ".join(
    f"{name} :{at}" for at, name in enumerate(MEASURED, 2)
)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The ledger in a table. `keep_days`: how long items and sums stay."""

    table: Table
    keep_days: int = 400
    backoff: Backoff = field(default_factory=lambda: PATIENT)

    def add(self, entry: Entry, deadline: Deadline, *more: dict[str, Any]) -> bool:
        """Record a request, with more writes of the same table; False if it is recorded already.

        Raises: the errors of DynamoDB.
        """
        expires_at = entry.at + self.keep_days * 86_400
        item: rows.Row = {"subject": _entries(entry.tenant, entry.day), "item": entry.id, "expires_at": expires_at}
        body = msgspec.json.encode(entry).decode()
        shard = random.randrange(SHARDS)  # noqa: S311 - spreads writers, hides nothing
        values: tuple[rows.Cell, ...] = (
            msgspec.json.encode(entry.dimensions).decode(),
            expires_at,
            *entry.measured.values(),
        )
        writes = (
            rows.put({**item, "body": body}, NEW),
            rows.update(_sums(entry.tenant, entry.day), f"{hashed(entry.dimensions)}#{shard}", EXPRESSION, "", values),
            *more,
        )

        def write() -> None:
            self.table.write(*writes, deadline=deadline)

        try:
            self.backoff.call(write, retry_on=rows.is_passing, deadline=deadline)
        except Conflict:
            return False
        return True

    def get(self, tenant: str, request_id: str) -> Entry | None:
        """Return the entry of a request of this tenant."""
        day = day_of(request_id)
        row = self.table.get(_entries(tenant, day), request_id) if day else None
        return _entry(row) if row else None

    def entries(self, tenant: str, day: str) -> Iterator[Entry]:
        """Yield the entries of a day in their order."""
        yield from map(_entry, self.table.query(_entries(tenant, day)))

    def sums(self, tenant: str, day: str) -> dict[Dimensions, Counter[str]]:
        """Return the sums of a day by their dimensions."""
        found: dict[Dimensions, Counter[str]] = {}
        for row in self.table.query(_sums(tenant, day)):
            dimensions = msgspec.json.decode(str(row["dimensions"]), type=Dimensions)
            found.setdefault(dimensions, Counter()).update({name: int(row[name]) for name in MEASURED})
        return found

    def imbalance(self, tenant: str, day: str) -> dict[str, int]:
        """Return by how much the sums of a day differ from its items, which are all counted again: nothing, ever."""
        found: Counter[str] = Counter()
        for counted in self.sums(tenant, day).values():
            found.update(counted)
        for entry in self.entries(tenant, day):
            found.subtract(entry.measured)
        return {name: value for name, value in found.items() if value}


def grouped(sums: dict[Dimensions, Counter[str]], by: Sequence[str]) -> dict[tuple[str, ...], Counter[str]]:
    """Return sums of sums, by some of the dimensions."""
    places = [DIMENSIONS.index(name) for name in by]
    found: dict[tuple[str, ...], Counter[str]] = {}
    for dimensions, counted in sums.items():
        found.setdefault(tuple(dimensions[at] for at in places), Counter()).update(counted)
    return found


def _entries(tenant: str, day: str) -> str:
    return f"{tenant}#ledger#{day}"


def _sums(tenant: str, day: str) -> str:
    return f"{tenant}#usage#{day}"


def _entry(row: rows.Row) -> Entry:
    return msgspec.json.decode(str(row["body"]), type=Entry)
