"""What became of each version of a document: one row a version, which stays when the document goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.record import Record, item_of, record_of

PREFIX = "version#"


@dataclass(frozen=True, kw_only=True)
class History:
    """The versions in the documents table."""

    client: Any
    table: str

    def noted(self, record: Record) -> dict[str, Any]:
        """Return the write that notes what became of a version."""
        item = {**item_of(record), **_key(record)}
        item["tenant_id"] = item.pop("tenant")  # which would bring it into the index of documents
        return {"Put": {"TableName": self.table, "Item": item}}

    def ended(self, last: Record, at: str) -> dict[str, Any]:
        """Return the write that notes when a document went of which this was the last version, and forgets its title.

        What became of the version stays.
        """
        change = {
            "TableName": self.table,
            "Key": _key(last),
            "UpdateExpression": "SET deleted_at = :at, title = :none",
            "ExpressionAttributeValues": {":at": {"S": at}, ":none": {"S": ""}},
        }
        return {"Update": change}

    def gone(self, document_id: str, version_id: str, at: str) -> None:
        """Note that a version was removed for good, and forget its title."""
        for item in self._items(document_id):
            if item.get("version_id", {}).get("S") == version_id:
                self._change(item, "SET deleted_at = :at, title = :none", {":at": {"S": at}})

    def of(self, document_id: str) -> Iterator[Record]:
        """Yield what is known of each version of a document, the oldest first."""
        for item in self._items(document_id):
            yield record_of({**item, "tenant": item["tenant_id"]})

    def forget_titles(self, document_id: str, sequencer: str) -> None:
        """Take the titles, which are the document's own words, out of the versions up to the event `sequencer`."""
        for item in self._items(document_id):
            if item["title"]["S"] and item["sequencer"]["S"] <= sequencer:
                self._change(item, "SET title = :none", {})

    def _change(self, item: dict[str, Any], what: str, values: dict[str, Any]) -> None:
        self.client.update_item(
            TableName=self.table,
            Key={name: item[name] for name in ("document_id", "item")},
            UpdateExpression=what,
            ExpressionAttributeValues={":none": {"S": ""}, **values},
        )

    def _items(self, document_id: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="document_id = :id AND begins_with(#item, :version)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":id": {"S": document_id}, ":version": {"S": PREFIX}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]


def _key(record: Record) -> dict[str, Any]:
    return {"document_id": {"S": record.document_id}, "item": {"S": PREFIX + record.sequencer}}
