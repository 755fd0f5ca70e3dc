"""Lineage in DynamoDB: the current state of each document, each version it had, and what was rejected and why.

An older event never overwrites a newer one: every write is conditional on the sequencer.
Source: Amazon S3 user guide, "Event message structure" (sequencer: hexadecimal; pad the shorter one with zeros on the
right, then compare as text).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from slipway_runtime.operate.erasure_requests import request_write
from slipway_runtime.operate.retry import Backoff, Deadline, error_code
from slipway_runtime.prepare.rejected import Rejected

Status = Literal["indexed", "duplicate", "rejected", "recognising", "deleted"]
SEQUENCER_DIGITS = 32
INDEX = "by-tenant"
CURRENT = "current"
PAGE_ITEMS = 200
# Two writers of one document are in each other's way for milliseconds; delivering again takes half an hour.
CONFLICT_SECONDS = 5.0


def padded(sequencer: str) -> str:
    """Return the sequencer so that text order is time order."""
    return sequencer.upper().ljust(SEQUENCER_DIGITS, "0")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document. `sequencer` is padded; `bytes` is the object's size; times are ISO 8601 in UTC.

    `rules` names everything that decided its chunks; `counts` is what the rules of its source did to the text.
    `duplicate_of`: the document that it repeats, with the Jaccard `similarity`; it is left out, or indexed all the same
    for the `reason`.
    """

    document_id: str
    tenant: str
    path: str
    bucket: str
    key: str
    sequencer: str
    status: Status
    updated_at: str
    version_id: str = ""
    etag: str = ""
    bytes: int = 0
    media_type: str = ""
    sha256: str = ""
    title: str = ""
    reason: str = ""
    chunks: int = 0
    rules: str = ""
    counts: dict[str, int] = {}
    duplicate_of: str = ""
    similarity: float = 0.0


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
        return _record(item) if item else None

    def put(self, record: Record, *, removed: Mapping[str, int] | None = None) -> bool:
        """Write the current item and the history item together, and with a deletion the request to erase what is left.

        `removed`: what a deletion took away so far, by kind.
        Returns False, with nothing written, if a newer version is there. A conflict with another writer is waited out.
        """
        if record.status == "deleted":
            record = msgspec.structs.replace(record, title="")  # it is the document's own words
        self._count_change(record.tenant)
        current = _item(record)
        # History items carry no `tenant`, which keeps them out of the index.
        history = {**current, "item": {"S": f"version#{record.sequencer}"}, "tenant_id": current["tenant"]}
        del history["tenant"]
        guarded = {
            "TableName": self.documents_table,
            "Item": {**current, "item": {"S": CURRENT}},
            "ConditionExpression": "attribute_not_exists(document_id) OR sequencer <= :sequencer",
            "ExpressionAttributeValues": {":sequencer": {"S": record.sequencer}},
        }
        try:
            writes = [{"Put": guarded}, {"Put": {"TableName": self.documents_table, "Item": history}}]
            if record.status == "deleted":
                writes.append({"Update": self._request(record, removed or {})})
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

    def _request(self, record: Record, removed: Mapping[str, int]) -> dict[str, Any]:
        return request_write(
            self.documents_table,
            record.document_id,
            record.sequencer,
            tenant=record.tenant,
            at=record.updated_at,
            removed=removed,
        )

    def history(self, document_id: str) -> Iterator[Record]:
        """Yield what is known of each version of a document, the oldest first."""
        for item in self._versions(document_id):
            tenant = item.pop("tenant_id")
            yield _record(item | {"tenant": tenant})

    def forget_titles(self, document_id: str, sequencer: str) -> None:
        """Take the titles, which are the document's own words, out of its history up to the event `sequencer`."""
        for item in self._versions(document_id):
            if item.get("title", {}).get("S") and item["sequencer"]["S"] <= sequencer:
                self.client.update_item(
                    TableName=self.documents_table,
                    Key={name: item[name] for name in ("document_id", "item")},
                    UpdateExpression="SET title = :none",
                    ExpressionAttributeValues={":none": {"S": ""}},
                )

    def _versions(self, document_id: str) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self.documents_table,
            "KeyConditionExpression": "document_id = :id AND begins_with(#item, :version)",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": {":id": {"S": document_id}, ":version": {"S": "version#"}},
            "ConsistentRead": True,
        }
        while True:
            page = self.client.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

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
        numbers = {"bytes": _cell(size_bytes), "line": _cell(line)}
        item = {name: _cell(value) for name, value in text.items()} | numbers
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
            yield from map(_record, page["Items"])
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


def _item(record: Record) -> dict[str, Any]:
    return {name: _cell(value) for name, value in msgspec.structs.asdict(record).items()}


def _cell(value: str | float | dict[str, int]) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"M": {name: _cell(number) for name, number in value.items()}}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _record(item: dict[str, Any]) -> Record:
    return msgspec.convert({name: _value(cell) for name, cell in item.items()}, Record)


def _value(cell: dict[str, Any]) -> Any:
    ((kind, value),) = cell.items()
    if kind == "M":
        return {name: _value(inner) for name, inner in value.items()}
    if kind == "N":
        return int(value) if value.isdigit() else float(value)
    return value
