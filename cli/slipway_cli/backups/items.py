"""Items of a table as lines of JSON, as DynamoDB's own exports write them, and back.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import base64
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

WRITES_AT_ONCE = 25
MAX_WAIT_SECONDS = 10.0


def items(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    """Yield a line for every item of a table."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from ({"Item": {name: _text(each) for name, each in item.items()}} for item in page["Items"])


def write_items(dynamodb: Any, table: str, lines: Iterable[dict[str, Any]]) -> None:
    """Put the items of lines into a table, over what has the same key, as fast as the table takes them."""
    each = iter(lines)
    while some := list(islice(each, WRITES_AT_ONCE)):
        left = {table: [{"PutRequest": {"Item": _items_of(line)}} for line in some]}
        wait = 0.1
        while left := dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]:
            time.sleep(wait)
            wait = min(wait * 2, MAX_WAIT_SECONDS)


def _items_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(each) for name, each in line["Item"].items()}


def _text(value: dict[str, Any]) -> dict[str, Any]:
    """Return a typed value with base64 in the place of bytes."""
    ((kind, held),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64encode(held).decode()}
        case "BS":
            return {kind: [base64.b64encode(each).decode() for each in held]}
        case "M":
            return {kind: {name: _text(each) for name, each in held.items()}}
        case "L":
            return {kind: [_text(each) for each in held]}
    return value


def _value(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, held),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64decode(held)}
        case "BS":
            return {kind: [base64.b64decode(each) for each in held]}
        case "M":
            return {kind: {name: _value(each) for name, each in held.items()}}
        case "L":
            return {kind: [_value(each) for each in held]}
    return value
