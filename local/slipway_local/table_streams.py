"""DynamoDB streams as DynamoDB documents them.

moto's records share their values with the items, carry another region and version, are also written when nothing
changed, and get the same sequence number when two writers meet.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

import copy
import threading
from typing import Any


def install() -> None:
    """Put this behind moto's stream shards."""
    from moto.dynamodb.models.table import StreamRecord, StreamShard

    add, create = StreamShard.add, StreamRecord.__init__
    lock = threading.Lock()

    def add_change(self: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with lock:
            add(self, old, new)

    def initialise(self: Any, table: Any, *arguments: Any, **named: Any) -> None:
        create(self, table, *arguments, **named)
        self.record = copy.deepcopy(self.record)
        self.record |= {"awsRegion": table.table_arn.split(":")[3], "eventVersion": "1.1"}

    StreamShard.add, StreamRecord.__init__ = add_change, initialise
