"""The labelling table: rows of text and whole numbers under `job` and `item`, and writes that happen all or none.

`jobs#<tenant>` holds a row for each job. `<tenant>#<job>` holds, for each item, `open#…` or `done#…`, and for each
person `label#…`, `pass#…` and `worker#…`. Nothing is ever scanned.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import Backoff, Deadline

Row = dict[str, str | int]
CONFLICT_SECONDS = 5.0
WRITES_AT_ONCE = 100  # DynamoDB's limit of a transaction


class Conflict(Exception):  # noqa: N818 - not a fault: somebody was quicker
    """A condition did not hold: what was read before is no longer so, and nothing was written."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Access to the table `name`."""

    client: Any
    name: str
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.05, cap_seconds=1.0))

    def get(self, job: str, item: str) -> Row | None:
        """Return a row, read consistently, or None."""
        key = _cells({"job": job, "item": item})
        found = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return _row(found) if found else None

    def query(self, job: str, low: str, high: str, *, page: int = 500) -> Iterator[Row]:
        """Yield the rows with sort keys from `low` to `high`, both inclusive, in order and read consistently."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "job = :job AND #item BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": _cells({":job": job, ":low": low, ":high": high}),
            "ConsistentRead": True,
            "Limit": page,
        }
        while True:
            answer = self.client.query(**request)
            yield from map(_row, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def remove(self, job: str, item: str) -> None:
        """Remove a row, if it is there."""
        self.client.delete_item(TableName=self.name, Key=_cells({"job": job, "item": item}))

    def write(self, writes: Sequence[Mapping[str, Any]]) -> None:
        """Do all writes or none; another writer in the way is waited out. Raises: Conflict if a condition fails."""
        request = [{kind: {"TableName": self.name, **one} for kind, one in each.items()} for each in writes]
        try:
            self.backoff.call(
                lambda: self.client.transact_write_items(TransactItems=request),
                retry_on=_is_in_the_way,
                deadline=Deadline.after(CONFLICT_SECONDS),
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if "ConditionalCheckFailed" in _codes(error):
                raise Conflict from error
            raise


def put(row: Row, condition: str = "", **values: str | int) -> dict[str, Any]:
    """Return the write of a whole row. `values`: those of the condition, without their colon."""
    return {"Put": {"Item": _cells(row), **_condition(condition, values)}}


def delete(job: str, item: str, condition: str, **values: str | int) -> dict[str, Any]:
    """Return the removal of a row."""
    return {"Delete": {"Key": _cells({"job": job, "item": item}), **_condition(condition, values)}}


def update(job: str, item: str, expression: str, condition: str, **values: str | int) -> dict[str, Any]:
    """Return the change of some attributes of a row. `#status` and `#token` may stand for attributes."""
    key = _cells({"job": job, "item": item})
    return {"Update": {"Key": key, "UpdateExpression": expression, **_condition(condition, values, expression)}}


def check(job: str, item: str, condition: str, **values: str | int) -> dict[str, Any]:
    """Return a condition on a row that the other writes depend on."""
    return {"ConditionCheck": {"Key": _cells({"job": job, "item": item}), **_condition(condition, values)}}


def _condition(condition: str, values: Mapping[str, str | int], expression: str = "") -> dict[str, Any]:
    words = f"{condition} {expression}"
    names = {f"#{name}": name for name in ("status", "token") if f"#{name}" in words}
    return {
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeNames": names} if names else {}),
        **(
            {"ExpressionAttributeValues": _cells({f":{name}": value for name, value in values.items()})}
            if values
            else {}
        ),
    }


def _codes(error: Exception) -> set[str]:
    response: dict[str, Any] = getattr(error, "response", {})
    return {reason.get("Code", "") for reason in response.get("CancellationReasons", [])}


def _is_in_the_way(error: Exception) -> bool:
    codes = _codes(error)
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes


def _cells(row: Mapping[str, str | int]) -> dict[str, Any]:
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in row.items()}


def _row(item: Mapping[str, Mapping[str, str]]) -> Row:
    return {name: int(cell["N"]) if "N" in cell else cell["S"] for name, cell in item.items()}
