"""The duplicates table: batched consistent reads, and writes that happen all together or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.duplicates.entries import EDGE, Key, Scope, named

READ_KEYS = 100


class Conflict(Exception):  # noqa: N818 - nothing is wrong, somebody was faster
    """Another writer changed what was read: read again and decide again."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Access to the table by its keys."""

    client: Any
    name: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.05, cap_seconds=1.0))

    def read(self, keys: Iterable[Key], deadline: Deadline) -> dict[Key, dict[str, Any]]:
        """Return the items that exist, read consistently, 100 keys a request.

        Raises: TimeoutError if the table did not serve all of them before the deadline.
        """
        found: dict[Key, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(keys))
        for begin in range(0, len(wanted), READ_KEYS):
            pending = [named(key) for key in wanted[begin : begin + READ_KEYS]]
            for attempt in range(self.backoff.max_attempts):
                asked = {self.name: {"Keys": pending, "ConsistentRead": True}}
                answer = self.client.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self.name, []):
                    found[item["subject"]["S"], item["item"]["S"]] = item
                pending = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                if not pending:
                    break
                if deadline.remaining_seconds <= 0:
                    raise TimeoutError("the duplicates table did not serve all keys in time")
                self.backoff.sleep(min(self.backoff.cap_seconds, self.backoff.base_seconds * 2**attempt))
            else:
                raise TimeoutError("the duplicates table left keys unread")
        return found

    def edges(self, scope: Scope, document_id: str) -> list[tuple[str, str]]:
        """Return the documents that repeat this one, each with the digest of the text that it repeats."""
        items = self.query(scope.document(document_id, EDGE))
        return [(item["item"]["S"].removeprefix(EDGE), item["kept_digest"]["S"]) for item in items]

    def query(self, start: Key) -> list[dict[str, Any]]:
        """Return the items of a subject whose names begin so, read consistently."""
        subject, prefix = start
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="#subject = :subject AND begins_with(#item, :prefix)",
            ExpressionAttributeNames={"#subject": "subject", "#item": "item"},
            ExpressionAttributeValues={":subject": {"S": subject}, ":prefix": {"S": prefix}},
        )
        return [item for page in pages for item in page["Items"]]

    def write(self, writes: list[dict[str, Any]]) -> None:
        """Write all or nothing. Raises: Conflict if a condition does not hold, or another write is in the way."""
        try:
            self.client.transact_write_items(TransactItems=writes)
        except self.client.exceptions.TransactionCanceledException as error:
            codes = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if codes <= {"None", "ConditionalCheckFailed", "TransactionConflict"}:
                raise Conflict from error
            raise

    def put(self, item: dict[str, Any], condition: str = "", **values: dict[str, Any]) -> dict[str, Any]:
        """Return the write of an item."""
        return {"Put": {"TableName": self.name, "Item": item} | _conditional(condition, values)}

    def delete(self, key: Key, condition: str = "", **values: dict[str, Any]) -> dict[str, Any]:
        """Return the removal of an item."""
        return {"Delete": {"TableName": self.name, "Key": named(key)} | _conditional(condition, values)}

    def update(self, key: Key, change: str, **values: dict[str, Any]) -> dict[str, Any]:
        """Return the change of an item, which is made if it is not there."""
        bound = {f":{name}": value for name, value in values.items()}
        request = {"TableName": self.name, "Key": named(key), "UpdateExpression": change}
        return {"Update": request | {"ExpressionAttributeValues": bound}}

    def check(self, key: Key, condition: str, **values: dict[str, Any]) -> dict[str, Any]:
        """Return the demand that an item be as it was read."""
        return {"ConditionCheck": {"TableName": self.name, "Key": named(key)} | _conditional(condition, values)}


def _conditional(condition: str, values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if not condition:
        return {}
    bound = {f":{name}": value for name, value in values.items()}
    return {"ConditionExpression": condition} | ({"ExpressionAttributeValues": bound} if bound else {})
