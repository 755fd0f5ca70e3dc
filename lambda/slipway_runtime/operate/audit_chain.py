"""The chain of the audit table: every entry has a link, which carries the hash of the link before it.

Links are rows under the subject `chain`, numbered without gaps: an entry and its link are one transaction that fails
where the number is taken, so that two writers never follow the same link, and nothing is ever updated. Whoever changes
or removes an entry, or a link, breaks every hash after it; what was cut off at the end shows against a hash that was
noted elsewhere (`slipway audit verify --head`).
Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import error_code

CHAIN, FIRST = "chain", "0" * 64
ATTEMPTS = 30  # of writers in each other's way
NEW = "attribute_not_exists(subject)"
Entry = Mapping[str, str]


@dataclass(frozen=True)
class Link:
    """One link, of the entry {subject, item, …}; `entry` is None where there is none. Numbers begin with 1."""

    number: int
    previous: str
    hash: str
    entry: Entry | None

    def fault(self, number: int, previous: str) -> str:
        """Return what is wrong with it as the link `number` after the hash `previous`, "" for nothing."""
        if self.number != number:
            return f"link {number} is missing"
        if self.previous != previous:
            return f"link {number} does not follow the one before it"
        if self.entry is None:
            return f"the entry of link {number} is missing"
        return "" if digest(previous, self.entry) == self.hash else f"the entry of link {number} was changed"


def digest(previous: str, entry: Entry) -> str:
    """Return the hash of an entry that follows a hash: SHA-256, in hexadecimal."""
    words = json.dumps(dict(entry), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{words}".encode()).hexdigest()


def append(dynamodb: Any, table: str, entry: Entry) -> bool:
    """Add an entry with its link; False if it stands there already. Raises: the errors of DynamoDB."""
    for attempt in range(ATTEMPTS):
        number, previous = _last(dynamodb, table)
        link = {
            "subject": CHAIN, "item": f"{number + 1:012}", "of_subject": entry["subject"], "of_item": entry["item"],
            "previous": previous, "hash": digest(previous, entry),
        }  # fmt: skip
        writes = [
            {"Put": {"TableName": table, "Item": _cells(row), "ConditionExpression": NEW}} for row in (entry, link)
        ]
        try:
            dynamodb.transact_write_items(TransactItems=writes)
        except dynamodb.exceptions.ClientError as error:
            reasons = [reason.get("Code", "") for reason in error.response.get("CancellationReasons", [])]
            if error_code(error) != "TransactionCanceledException" or attempt == ATTEMPTS - 1:
                raise
            if reasons[:1] == ["ConditionalCheckFailed"]:
                return False
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - so that writers part
        else:
            return True
    raise AssertionError("unreachable")


def links(dynamodb: Any, table: str) -> Iterator[Link]:
    """Yield every link in order, with its entry. Raises: the errors of DynamoDB."""
    asked = {":chain": {"S": CHAIN}}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="subject = :chain", ExpressionAttributeValues=asked, ConsistentRead=True
    )
    for page in pages:
        for row in map(_words, page["Items"]):
            key = _cells({"subject": row["of_subject"], "item": row["of_item"]})
            found = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
            yield Link(int(row["item"]), row["previous"], row["hash"], _words(found) if found else None)


def verify(chain: Iterable[Link], head: str = "") -> tuple[int, str, str]:
    """Return how many links are right, the hash of the last one, and what is wrong with the next, "" for nothing.

    `head`: a hash noted earlier, which must be that of some link.
    """
    number, previous, seen = 0, FIRST, not head
    for link in chain:
        if fault := link.fault(number + 1, previous):
            return number, previous, fault
        number, previous = number + 1, link.hash
        seen = seen or previous == head
    return number, previous, "" if seen else f"no link has the hash {head}: the chain was cut off before it"


def _last(dynamodb: Any, table: str) -> tuple[int, str]:
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="subject = :chain",
        ExpressionAttributeValues={":chain": {"S": CHAIN}},
        ScanIndexForward=False,
        Limit=1,
        ConsistentRead=True,
    )["Items"]
    return (int(found[0]["item"]["S"]), found[0]["hash"]["S"]) if found else (0, FIRST)


def _cells(row: Entry) -> dict[str, Any]:
    return {name: {"S": value} for name, value in row.items()}


def _words(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(next(iter(cell.values()))) for name, cell in item.items()}
