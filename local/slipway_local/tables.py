"""What moto's DynamoDB lacks: operations that several threads may call at once, and transactions that leave no trace.

moto copies the whole table for each write of a transaction, half a second at 1,700 items, and puts the copies in the
place of the tables when a condition fails, with whatever other threads wrote since. Here one operation runs at a time,
conditions are looked at first, and writes follow when all hold; a failed transaction changes neither the tables nor
their streams.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import copy
import functools
import threading
from types import SimpleNamespace
from typing import Any

from slipway_local import table_streams

CONDITION = (
    "TableName",
    "Key",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
)


@functools.cache
def install() -> None:
    """Put the lock around moto's operations, and this around its transactions; once in a process."""
    from moto.dynamodb import models
    from moto.dynamodb.models.table import Table
    from moto.dynamodb.responses import DynamoHandler

    backend = models.DynamoDBBackend
    call, write, lock = DynamoHandler.call_action, backend.transact_write_items, threading.RLock()

    def call_action(self: Any) -> Any:
        with lock:  # the answer is written within: items are moto's own until then
            return call(self)

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        write(self, [_check(self, operation) for operation in transact_items])
        before = [_remember(self, operation) for operation in transact_items]
        with table_streams.transaction():
            try:
                write(self, transact_items)
            except BaseException:
                for table, key, item in before:
                    _restore(self, table, key, item)
                raise

    DynamoHandler.call_action, backend.transact_write_items = call_action, transact_write_items
    # The whole tables that moto would set aside: what they are copied for is done above.
    models.copy = SimpleNamespace(deepcopy=lambda value: value if isinstance(value, Table) else copy.deepcopy(value))


def _check(backend: Any, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the condition of an operation alone; what is no single operation is left for moto to refuse."""
    if len(operation) != 1:
        return operation
    ((kind, values),) = operation.items()
    condition = {name: values[name] for name in CONDITION if name in values}
    if kind == "Put":
        table = backend.get_table(values["TableName"])
        condition["Key"] = {name: values["Item"][name] for name in table.table_key_attrs}
    return {"ConditionCheck": condition}


def _remember(backend: Any, operation: dict[str, Any]) -> tuple[str, dict[str, Any], Any]:
    condition = _check(backend, operation)["ConditionCheck"]
    item = backend.get_item(condition["TableName"], condition["Key"])
    return condition["TableName"], condition["Key"], copy.deepcopy(item)


def _restore(backend: Any, table: str, key: dict[str, Any], item: Any) -> None:
    """Put an item back after a write that was not allowed although its condition held."""
    if item is None:
        backend.delete_item(table, key)
    else:
        backend.put_item(table, item.to_json()["Attributes"])
