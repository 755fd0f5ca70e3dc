"""DynamoDB streams as DynamoDB documents them.

moto's records share their values with the items, carry another region and version, are also written when nothing
changed, and get the same sequence number when two writers meet.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from typing import Any

_held = threading.local()


@contextlib.contextmanager
def transaction() -> Iterator[None]:
    """Let the changes within reach the streams together at the end, or not at all if it fails."""
    changes: list[Callable[[], None]] = []
    _held.changes = changes
    try:
        yield
    finally:
        del _held.changes
    for add in changes:
        add()


def install() -> None:
    """Put this behind moto's stream shards."""
    from moto.dynamodb.models.table import StreamRecord, StreamShard

    add, create = StreamShard.add, StreamRecord.__init__
    lock = threading.Lock()

    def add_change(self: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        if hasattr(_held, "changes"):
            _held.changes.append(lambda: add_change(self, old, new))
            return
        with lock:
            add(self, old, new)

    def initialise(self: Any, table: Any, *arguments: Any, **named: Any) -> None:
        create(self, table, *arguments, **named)
        self.record = copy.deepcopy(self.record)
        self.record |= {"awsRegion": table.table_arn.split(":")[3], "eventVersion": "1.1"}

    StreamShard.add, StreamRecord.__init__ = add_change, initialise
    _let_streams_begin_again()


def _let_streams_begin_again() -> None:
    """Let a table have a stream once its former one is disabled."""
    from moto.dynamodb.models import DynamoDBBackend

    update = DynamoDBBackend.update_table_streams

    def update_table_streams(backend: Any, table: Any, specification: Any) -> None:
        if not (table.stream_specification or {}).get("StreamEnabled"):
            table.latest_stream_label = None
        update(backend, table, specification)

    DynamoDBBackend.update_table_streams = update_table_streams
