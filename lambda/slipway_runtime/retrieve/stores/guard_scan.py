"""All guards of one kind: what they say is there, and their end. Both read the whole documents table.

Source: Amazon DynamoDB developer guide, "Scanning tables" (a filter is applied after reading, which is what is paid).
"""

from collections.abc import Iterator
from typing import Any

from slipway_runtime.retrieve.stores.guard import Guards


def inventory(guards: Guards) -> Iterator[tuple[str, int]]:
    """Yield each document that shows chunks, with how many."""
    shown = " AND deleted = :no AND visible > :zero AND chunks > :zero"
    values = {":no": {"BOOL": False}, ":zero": {"N": "0"}}
    for item in _scan(guards, "document_id, chunks", shown, values):
        yield item["document_id"]["S"], int(item["chunks"]["N"])


def forget_all(guards: Guards) -> None:
    """Delete the guards, those of deleted documents too."""
    for item in _scan(guards, "document_id, #item", "", {}):
        guards.client.delete_item(TableName=guards.table, Key={name: item[name] for name in ("document_id", "item")})


def _scan(guards: Guards, wanted: str, condition: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    request: dict[str, Any] = {
        "TableName": guards.table,
        "ProjectionExpression": wanted,
        "FilterExpression": f"#item = :item{condition}",
        "ExpressionAttributeNames": {"#item": "item"},
        "ExpressionAttributeValues": {":item": {"S": f"store#{guards.kind}"}, **values},
        "ConsistentRead": True,
    }
    while True:
        page = guards.client.scan(**request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
