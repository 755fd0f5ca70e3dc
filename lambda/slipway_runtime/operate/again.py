"""Sends documents through ingestion once more: the event of the version that counts goes to the queue again.

Whoever handles it finds what is true then, so one message too many changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.record import Record
from slipway_runtime.operate.retry import Deadline


@dataclass(frozen=True, kw_only=True)
class Again:
    """The ingestion queue, and the lineage, which knows each document's object."""

    client: Any
    queue_url: str
    lineage: Lineage

    def later(self, record: Record, seconds: int) -> None:
        """Send a document after so many seconds, at most SQS's 900. Raises: the errors of SQS."""
        body = event_of(record).decode()
        self.client.send_message(QueueUrl=self.queue_url, MessageBody=body, DelaySeconds=seconds)

    def send(self, document_ids: Iterable[str], deadline: Deadline) -> None:
        """Send the documents that there are.

        One that the lineage does not know yet is being handled, and looks again before that ends.
        Raises: TimeoutError at the deadline, the errors of DynamoDB and SQS.
        """
        for document_id in document_ids:
            if deadline.remaining_seconds <= 0:
                raise TimeoutError("no time left in this invocation to send documents through ingestion again")
            record = self.lineage.current(document_id)
            if record and record.status != "deleted":
                self.client.send_message(QueueUrl=self.queue_url, MessageBody=event_of(record).decode())


def event_of(record: Record) -> bytes:
    """Return the event of a document's version, as EventBridge delivered it."""
    entry = {
        "key": record.key,
        "size": record.bytes,
        "etag": record.etag,
        "version-id": record.version_id,
        "sequencer": record.sequencer,
    }
    detail = {"bucket": {"name": record.bucket}, "object": entry}
    return msgspec.json.encode({"detail-type": "Object Created", "time": record.updated_at, "detail": detail})
