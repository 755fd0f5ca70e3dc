"""What moto's DynamoDB lacks: operations that several threads may call at once, and transactions that leave no trace.

moto copies whole tables for a transaction while others write, and when the transaction fails puts the copies in the
place of the tables: other threads' writes are lost then, and who reads a table's stream goes on reading the one before.
Here one operation runs at a time, and a failed transaction changes neither the tables nor their streams.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import threading
from typing import Any

from slipway_local import table_streams


def install() -> None:
    """Put the lock around moto's operations, and this around its transactions."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.responses import DynamoHandler

    call, transact, lock = DynamoHandler.call_action, DynamoDBBackend.transact_write_items, threading.RLock()

    def call_action(self: Any) -> Any:
        with lock:  # the answer is written within: items are moto's own until then
            return call(self)

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        before = dict(self.tables)
        try:
            with table_streams.transaction():
                transact(self, transact_items)
        except Exception:
            for name, table in before.items():
                if self.tables[name] is not table:
                    table.items = self.tables[name].items
                    self.tables[name] = table
            raise

    DynamoHandler.call_action, DynamoDBBackend.transact_write_items = call_action, transact_write_items
