"""Tables whose rows lie under `subject` and `item`, and writes to them that happen all or none.

A tenant is the first part of every subject, and has no `#` in its name. Nothing is ever scanned.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from slipway_runtime.operate.retry import PASSING, Backoff, Deadline, error_code

Cell = str | int | bytes
Row = dict[str, Cell]
CONFLICT_SECONDS = 5.0
BATCH_ROWS = 25
# Of 2,048 bytes of a partition key and 1,024 of a sort key, this much may be a name that others have given.
MAX_NAME_BYTES = 512
NEW = "attribute_not_exists(subject)"


class Conflict(Exception):  # noqa: N818 - not a fault: somebody was quicker
    """Conditions did not hold, those of the writes `failed` by their place, and nothing was written."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__(f"conditions failed: {sorted(failed)}")
        self.failed = failed


@dataclass(frozen=True, kw_only=True)
class Table:
    """Access to the table `name`."""

    client: Any
    name: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.05, cap_seconds=1.0))

    def get(self, subject: str, item: str) -> Row | None:
        """Return a row, read consistently, or None."""
        key = _cells({"subject": subject, "item": item})
        found = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return _row(found) if found else None

    def query(
        self, subject: str, prefix: str = "", *, after: str = "", limit: int = 0, newest_first: bool = False
    ) -> Iterator[Row]:
        """Yield rows whose sort key begins with `prefix`, in order, read consistently; all of them without `limit`."""
        # "~" sorts after every character that sort keys are made of.
        low, high = (prefix, f"{after}") if newest_first and after else (after or prefix, f"{prefix}~")
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "subject = :subject AND #item BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": _cells({":subject": subject, ":low": low or " ", ":high": high}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        left = limit
        while True:
            answer = self.client.query(**request, **({"Limit": left + 1} if limit else {}))
            for row in map(_row, answer["Items"]):
                if after and row["item"] == after:
                    continue
                yield row
                left -= 1
                if limit and not left:
                    return
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def remove(self, subject: str, item: str) -> bool:
        """Delete a row and return whether it was there."""
        key = _cells({"subject": subject, "item": item})
        return "Attributes" in self.client.delete_item(TableName=self.name, Key=key, ReturnValues="ALL_OLD")

    def write(self, *writes: Mapping[str, Any], deadline: Deadline | None = None) -> None:
        """Do all writes or none; another writer in the way is waited out, CONFLICT_SECONDS if not told until when.

        Raises: Conflict if a condition fails; the errors of DynamoDB.
        """
        request = [{kind: {"TableName": self.name, **one} for kind, one in each.items()} for each in writes]
        try:
            self.backoff.call(
                lambda: self.client.transact_write_items(TransactItems=request),
                retry_on=_is_in_the_way,
                deadline=deadline or Deadline.after(CONFLICT_SECONDS),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            codes = _codes(error)
            if "ConditionalCheckFailed" in codes:
                failed = (at for at, code in enumerate(codes) if code == "ConditionalCheckFailed")
                raise Conflict(frozenset(failed)) from error
            raise

    def delete(self, keys: Sequence[tuple[str, str]]) -> None:
        """Delete rows by subject and item, 25 in a request; those that are not there are no error."""
        for begin in range(0, len(keys), BATCH_ROWS):
            cells = [_cells({"subject": subject, "item": item}) for subject, item in keys[begin : begin + BATCH_ROWS]]
            left: dict[str, Any] = {self.name: [{"DeleteRequest": {"Key": key}} for key in cells]}
            while left:
                left = self.client.batch_write_item(RequestItems=left)["UnprocessedItems"]


def named(name: str) -> str:
    """Return a name as a part of a key: no other part of it is `#`, and what is long stands as its digest."""
    quoted = quote(name, safe="")
    return quoted if len(quoted) <= MAX_NAME_BYTES else f"%%{hashlib.sha256(name.encode()).hexdigest()}"


def put(row: Row, condition: str = "", values: Sequence[Cell] = ()) -> dict[str, Any]:
    """Return the write of a whole row. `values`: those of the condition, which names them :0, :1 …"""
    return {"Put": {"Item": _cells(row), **_condition(condition, values)}}


def update(subject: str, item: str, expression: str, condition: str, values: Sequence[Cell]) -> dict[str, Any]:
    """Return the change of some attributes of a row."""
    key = _cells({"subject": subject, "item": item})
    return {"Update": {"Key": key, "UpdateExpression": expression, **_condition(condition, values)}}


def check(subject: str, item: str, condition: str, values: Sequence[Cell] = ()) -> dict[str, Any]:
    """Return a condition on a row that the other writes depend on."""
    return {"ConditionCheck": {"Key": _cells({"subject": subject, "item": item}), **_condition(condition, values)}}


def is_passing(error: Exception) -> bool:
    """Return whether to try again: also where a transaction was cancelled for throttling, or for another one."""
    if error_code(error) != "TransactionCanceledException":
        return error_code(error) in PASSING
    codes = set(_codes(error)) - {"None", ""}
    return bool(codes) and codes <= {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _condition(condition: str, values: Sequence[Cell]) -> dict[str, Any]:
    cells = _cells({f":{at}": value for at, value in enumerate(values)})
    return {
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeValues": cells} if cells else {}),
    }


def _codes(error: Exception) -> list[str]:
    response: dict[str, Any] = getattr(error, "response", {})
    return [reason.get("Code", "") for reason in response.get("CancellationReasons", [])]


def _is_in_the_way(error: Exception) -> bool:
    codes = _codes(error)
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes


def _cells(row: Mapping[str, Cell]) -> dict[str, Any]:
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Cell) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"B": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _row(item: Mapping[str, Mapping[str, Any]]) -> Row:
    return {name: _value(cell) for name, cell in item.items()}


def _value(cell: Mapping[str, Any]) -> Cell:
    (kind, value), *_ = cell.items()
    if kind == "N":
        return int(value)
    return bytes(getattr(value, "value", value)) if kind == "B" else str(value)
