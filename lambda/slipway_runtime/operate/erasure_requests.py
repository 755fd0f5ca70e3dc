"""Requests for erasure: what a deletion leaves to be done in the shards, and the report of it.

A request is the item `erasure` of its document in the documents table, written together with the deletion. While
something is to be done it is in the sparse index `pending-erasures`, by the time at which it is due: at once, and a day
later once more, for jobs that had read the document before it was deleted and wrote their lines after the first pass.
Source: Amazon DynamoDB developer guide, "Take advantage of sparse indexes".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

ITEM = "erasure"
INDEX = "pending-erasures"
PENDING = "pending"
CONFIRM_AFTER = timedelta(hours=24)
REMOVED = "removed_"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for when, what has gone since, by kind, and when; "" for what is not done. Times are ISO 8601."""

    document_id: str
    sequencer: str
    requested_at: str
    erased_at: str = ""
    confirmed_at: str = ""
    removed: dict[str, int] = {}


@dataclass(frozen=True, kw_only=True)
class Requests:
    """The requests in the documents table."""

    client: Any
    table: str

    def find(self, document_id: str) -> Request | None:
        """Return the request of a document, or None."""
        item = self.client.get_item(**self._of(document_id), ConsistentRead=True).get("Item")
        return _request(item) if item else None

    def due(self, now: str, limit: int) -> list[Request]:
        """Return up to `limit` requests whose time has come, the oldest first; all of them without a time."""
        condition, values = "erasure = :pending", {":pending": _s(PENDING)}
        if now:
            condition, values = f"{condition} AND due <= :now", values | {":now": _s(now)}
        found = self.client.query(
            TableName=self.table,
            IndexName=INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            Limit=limit,
        )
        return [_request(item) for item in found["Items"]]

    def add(self, document_id: str, kind: str, number: int) -> None:
        """Add to what has gone. A request that was dropped meanwhile stays away."""
        self._update(document_id, "ADD #kind :number", {":number": {"N": str(number)}}, {"#kind": REMOVED + kind})

    def finish(self, request: Request, now: str, *, confirm: bool) -> bool:
        """Note that every shard was gone through, unless the document was deleted once more since.

        Returns whether that is the end of it: a day has passed, or `confirm` says that no job can be under way.
        """
        values = {":now": {"S": now}, ":sequencer": {"S": request.sequencer}}
        again = _later(request.requested_at)
        is_end = confirm or now >= again
        if is_end:
            what = "SET erased_at = if_not_exists(erased_at, :now), confirmed_at = :now REMOVE erasure, due"
        else:
            what, values = (
                "SET erased_at = if_not_exists(erased_at, :now), due = :again",
                {**values, ":again": _s(again)},
            )
        self._update(request.document_id, what, values, {}, " AND sequencer = :sequencer")
        return is_end

    def drop(self, request: Request) -> None:
        """Forget a request whose document is there again, unless that was deleted too."""
        try:
            self.client.delete_item(
                **self._of(request.document_id),
                ConditionExpression="sequencer = :sequencer",
                ExpressionAttributeValues={":sequencer": _s(request.sequencer)},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def _update(
        self, document_id: str, what: str, values: dict[str, Any], names: dict[str, str], condition: str = ""
    ) -> None:
        try:
            self.client.update_item(
                **self._of(document_id),
                UpdateExpression=what,
                ConditionExpression="attribute_exists(document_id)" + condition,
                ExpressionAttributeValues=values,
                **({"ExpressionAttributeNames": names} if names else {}),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return  # it was dropped, or asked for anew: then there is a later request to finish

    def _of(self, document_id: str) -> dict[str, Any]:
        return {"TableName": self.table, "Key": {"document_id": _s(document_id), "item": _s(ITEM)}}


def request_write(
    table: str, document_id: str, sequencer: str, *, tenant: str, at: str, removed: Mapping[str, int]
) -> dict[str, Any]:
    """Return the write that asks for an erasure, for the transaction that notes the deletion.

    `removed`: what the deletion itself took away, by kind; it adds up over repeated attempts.
    """
    counts = {REMOVED + kind: number for kind, number in sorted(removed.items()) if number}
    fixed = {"pending": PENDING, "at": at, "sequencer": sequencer, "tenant": tenant}
    values = {f":{name}": _s(value) for name, value in fixed.items()}
    values |= {f":{name}": {"N": str(number)} for name, number in counts.items()}
    # No `tenant`, which would bring it into the index of documents.
    what = "SET erasure = :pending, due = :at, requested_at = :at, sequencer = :sequencer, tenant_id = :tenant"
    what += " REMOVE erased_at, confirmed_at"
    if counts:
        what += " ADD " + ", ".join(f"{name} :{name}" for name in counts)
    key = {"document_id": _s(document_id), "item": _s(ITEM)}
    return {"TableName": table, "Key": key, "UpdateExpression": what, "ExpressionAttributeValues": values}


def _later(at: str) -> str:
    return (datetime.fromisoformat(at) + CONFIRM_AFTER).isoformat(timespec="seconds").replace("+00:00", "Z")


def _s(value: str) -> dict[str, str]:
    return {"S": value}


def _request(item: dict[str, Any]) -> Request:
    values = {name: next(iter(cell.values())) for name, cell in item.items()}
    return Request(
        document_id=values["document_id"],
        sequencer=values["sequencer"],
        requested_at=values["requested_at"],
        erased_at=values.get("erased_at", ""),
        confirmed_at=values.get("confirmed_at", ""),
        removed=dict(_counts(values)),
    )


def _counts(values: dict[str, str]) -> Iterator[tuple[str, int]]:
    for name, value in sorted(values.items()):
        if name.startswith(REMOVED):
            yield name.removeprefix(REMOVED), int(value)
