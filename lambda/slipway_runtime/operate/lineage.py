"""Lineage in DynamoDB: the current state of each document, each version it had, and what was rejected and why.

An older event never overwrites a newer one: every write is conditional on the sequencer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.operate.erasure_requests import request_write
from slipway_runtime.operate.history import History
from slipway_runtime.operate.record import Record, cell, item_of, record_of
from slipway_runtime.operate.retry import Backoff, Deadline, error_code
from slipway_runtime.prepare.rejected import Rejected

INDEX = "by-tenant"
CURRENT = "current"
PAGE_ITEMS = 200
# Two writers of one document are in each other's way for milliseconds; delivering again takes half an hour.
CONFLICT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The documents and rejects tables."""

    client: Any
    documents_table: str
    rejects_table: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.05, cap_seconds=1.0))

    def current(self, document_id: str) -> Record | None:
        """Return what is known of a document, read consistently, or None."""
        key = {"document_id": {"S": document_id}, "item": {"S": CURRENT}}
        item = self.client.get_item(TableName=self.documents_table, Key=key, ConsistentRead=True).get("Item")
        return record_of(item) if item else None

    @property
    def history(self) -> History:
        """What became of each version."""
        return History(client=self.client, table=self.documents_table)

    def put(self, record: Record) -> bool:
        """Write what became of a version: the current item and its row in the history together.

        Returns False, with nothing written, if a newer version is there. A conflict with another writer is waited out.
        """
        self._count_change(record.tenant)
        return self._write([self._current(record), self.history.noted(record)])

    def delete(self, last: Record, *, sequencer: str, at: str, removed: Mapping[str, int]) -> bool:
        """Mark a document as deleted by the event `sequencer`, and ask for the erasure of what is left, all or none.

        `last`: what was known of it; `removed`: what went so far, by kind. Returns: as `put`.
        """
        self._count_change(last.tenant)
        nothing = {"chunks": 0, "reason": "", "counts": {}, "duplicate_of": "", "similarity": 0.0}
        then = {"status": "deleted", "sequencer": sequencer, "updated_at": at, "deleted_at": at}
        # The title is the document's own words.
        gone = msgspec.structs.replace(last, **nothing, **then, title="")
        asked = request_write(
            self.documents_table, gone.document_id, sequencer, tenant=gone.tenant, at=at, removed=removed
        )
        writes = [self._current(gone), {"Update": asked}]
        if last.status != "deleted":
            writes.append(self.history.ended(last, at))
        return self._write(writes)

    def _current(self, record: Record) -> dict[str, Any]:
        guarded = {
            "TableName": self.documents_table,
            "Item": {**item_of(record), "item": {"S": CURRENT}},
            "ConditionExpression": "attribute_not_exists(document_id) OR sequencer <= :sequencer",
            "ExpressionAttributeValues": {":sequencer": {"S": record.sequencer}},
        }
        return {"Put": guarded}

    def _write(self, writes: Sequence[Mapping[str, Any]]) -> bool:
        try:
            self.backoff.call(
                lambda: self.client.transact_write_items(TransactItems=writes),
                retry_on=_is_conflict,
                deadline=Deadline.after(CONFLICT_SECONDS),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in error.response["CancellationReasons"]):
                return False
            raise
        return True

    def epoch(self, tenant: str) -> int:
        """Return how often a tenant's documents have changed; what was said of them at another number may not hold."""
        item = self.client.get_item(TableName=self.documents_table, Key=_epoch_key(tenant), ConsistentRead=True).get(
            "Item", {}
        )
        return int(item.get("changes", {}).get("N", "0"))

    def _count_change(self, tenant: str) -> None:
        # The store has changed already. Apart from the transaction, whose writers would be in each other's way here;
        # and before it, since a delivery that ends between them comes again.
        self.client.update_item(
            TableName=self.documents_table,
            Key=_epoch_key(tenant),
            UpdateExpression="ADD changes :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def note(self, document_id: str, version_id: str, counts: dict[str, int]) -> bool:
        """Add counts to the current item of a document.

        Returns False, with nothing written, if this version is not the indexed one any more.
        """
        request = {
            "TableName": self.documents_table,
            "Key": {"document_id": {"S": document_id}, "item": {"S": CURRENT}},
            "UpdateExpression": "SET " + ", ".join(f"#counts.#n{at} = :n{at}" for at in range(len(counts))),
            "ConditionExpression": "version_id = :version AND #status = :indexed AND attribute_exists(#counts)",
            "ExpressionAttributeNames": {"#counts": "counts", "#status": "status"}
            | {f"#n{at}": name for at, name in enumerate(counts)},
            "ExpressionAttributeValues": {":version": {"S": version_id}, ":indexed": {"S": "indexed"}}
            | {f":n{at}": {"N": str(number)} for at, number in enumerate(counts.values())},
        }
        try:
            self.backoff.call(
                lambda: self.client.update_item(**request),
                retry_on=lambda error: error_code(error) == "TransactionConflictException",
                deadline=Deadline.after(CONFLICT_SECONDS),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def reject(
        self,
        document_id: str,
        rejected: Rejected,
        *,
        at: str,
        bucket: str,
        key: str,
        version_id: str,
        size_bytes: int,
        line: int = 0,
    ) -> None:
        """Note a rejected object, or the record on one line of it.

        `at` is the event's time, so that a retry overwrites its own note.
        """
        text = {
            "document_id": document_id,
            "rejected_at": f"{at}#{line:08}" if line else at,
            "bucket": bucket,
            "key": key,
            "version_id": version_id,
            "code": rejected.code,
            "reason": rejected.reason,
        }
        numbers = {"bytes": cell(size_bytes), "line": cell(line)}
        item = {name: cell(value) for name, value in text.items()} | numbers
        self.client.put_item(TableName=self.rejects_table, Item=item)

    def list(self, tenant: str, *, prefix: str = "", after: Record | None = None) -> Iterator[Record]:
        """Yield a tenant's documents in the order of their paths, those after `after`, page by page as they are
        asked for.
        """
        request: dict[str, Any] = {
            "TableName": self.documents_table,
            "IndexName": INDEX,
            "KeyConditionExpression": "#tenant = :tenant" + (" AND begins_with(#path, :prefix)" if prefix else ""),
            "ExpressionAttributeNames": {"#tenant": "tenant"} | ({"#path": "path"} if prefix else {}),
            "ExpressionAttributeValues": {":tenant": {"S": tenant}} | ({":prefix": {"S": prefix}} if prefix else {}),
            "Limit": PAGE_ITEMS,
        }
        if after is not None:
            start = {"tenant": tenant, "path": after.path, "document_id": after.document_id, "item": CURRENT}
            request["ExclusiveStartKey"] = {name: {"S": value} for name, value in start.items()}
        while True:
            page = self.client.query(**request)
            yield from map(record_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _epoch_key(tenant: str) -> dict[str, Any]:
    """Return where a tenant's changes are counted: no id of a document has a `#`."""
    return {"document_id": {"S": f"epoch#{tenant}"}, "item": {"S": "epoch"}}


def _is_conflict(error: Exception) -> bool:
    """Return whether only another writer was in the way, so that the same write may succeed at once."""
    response: dict[str, Any] = getattr(error, "response", {})
    codes = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes
