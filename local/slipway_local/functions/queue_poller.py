"""SQS event source mappings: batches, windows, filters, partial failures.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import base64
import json
import sys
import threading
import time
import traceback
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.functions.batch_failures import failed_items
from slipway_local.functions.batch_size import PAYLOAD_LIMIT_BYTES, fitting
from slipway_local.functions.callee import find_by_arn
from slipway_local.functions.invocation import Invocation
from slipway_local.functions.pool import MAX_ENVIRONMENTS
from slipway_local.functions.record_filter import matches
from slipway_local.functions.service import Functions
from slipway_local.permissions.polling import denied
from slipway_local.targets import Targets

RECEIVE_SECONDS = 1
THROTTLE_SECONDS = 0.2
RECEIVE_MESSAGES = 10  # the most that one ReceiveMessage returns


def may_poll(mapping: Any) -> bool:
    """Return whether the function's role may read the mapping's source."""
    try:
        role = find_by_arn(mapping.function_arn).record.role
    except Exception:  # the function was deleted before the mapping
        return False
    return denied(role, mapping.event_source_arn) is None


class QueuePoller:
    """Receives batches and invokes the function with each, up to MaximumConcurrency at once.

    A batch that fails stays in the queue and becomes visible when its visibility timeout ends; what the function
    names in `batchItemFailures` likewise. Everything else is deleted, also what the mapping's filters leave out.
    """

    def __init__(self, mapping: Any, functions: Functions, targets: Targets) -> None:
        from moto.sqs.models import sqs_backends

        self.stopped = threading.Event()
        self._mapping = mapping
        self._queue = queue_name = mapping.event_source_arn.rsplit(":", 1)[-1]
        self._backend = sqs_backends[mapping.account_id][mapping.region]
        self._backend.get_queue(queue_name).lambda_event_source_mappings.clear()  # moto's own delivery
        self._functions = functions
        self._in_flight = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=f"poll-{queue_name}", daemon=True).start()

    def _limit(self) -> int:
        limit = int((self._mapping.scaling_config or {}).get("MaximumConcurrency") or MAX_ENVIRONMENTS)
        return min(limit, MAX_ENVIRONMENTS)

    def _run(self) -> None:
        from moto.sqs.exceptions import QueueDoesNotExist

        while not self.stopped.is_set():
            with self._changed:
                ready = self._changed.wait_for(lambda: self._in_flight < self._limit(), RECEIVE_SECONDS)
            if not ready or not self._mapping.enabled or not may_poll(self._mapping):
                self.stopped.wait(0 if not ready else 0.2)
                continue
            try:
                batch = self._gather()
            except Exception as error:
                if not isinstance(error, QueueDoesNotExist):  # it was deleted before the mapping
                    traceback.print_exc(file=sys.stderr)
                self.stopped.wait(1)
                continue
            if self.stopped.is_set() or not self._mapping.enabled:  # switched off while it waited
                for message in batch:
                    self._backend.change_message_visibility(self._queue, message.receipt_handle, 0)
            elif batch:
                with self._changed:
                    self._in_flight += 1
                threading.Thread(target=self._process, args=(batch,), daemon=True).start()

    def _gather(self) -> list[Any]:
        """Return up to BatchSize messages; beyond the first answer, wait only for the batching window."""
        window = float(self._mapping.max_batch_window or 0)
        size = int(self._mapping.batch_size)
        batch = self._receive(min(size, RECEIVE_MESSAGES), RECEIVE_SECONDS)
        deadline = time.monotonic() + window
        while batch and len(batch) < size and (left := deadline - time.monotonic()) > 0 and not self.stopped.is_set():
            if sum(len(message.body) for message in batch) >= PAYLOAD_LIMIT_BYTES:
                break
            batch += self._receive(min(size - len(batch), RECEIVE_MESSAGES), min(left, RECEIVE_SECONDS))
        return batch

    def _receive(self, count: int, wait: float) -> list[Any]:
        return list(self._backend.receive_message(self._queue, count, wait, None, ["All"]))

    def _process(self, batch: list[Any]) -> None:
        """Hand over what was received, in as many events as it takes; after a failure in a FIFO queue no more."""
        try:
            while batch:
                count = fitting([self._record(message) for message in batch])
                if not self._hand_over(batch[:count]) and batch[0].group_id is not None:
                    break
                batch = batch[count:]
        except Exception:
            traceback.print_exc(file=sys.stderr)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _hand_over(self, batch: list[Any]) -> bool:
        """Run the function with a batch and delete what succeeded; return whether that is all of it."""
        records = {message.id: self._record(message) for message in batch}
        wanted = {key: record for key, record in records.items() if matches(self._mapping.filter_criteria, record)}
        done = self._invoke(list(wanted.values())) if wanted else None
        if wanted and done is None:
            return False
        failed = failed_items(self._mapping, done, list(wanted)) if done else set()
        for message in batch:
            if message.id not in failed:
                self._backend.delete_message(self._queue, message.receipt_handle)
        return not failed

    def _invoke(self, records: list[dict[str, Any]]) -> Invocation | None:
        """Run the function; while it is throttled, try again for half of the messages' visibility timeout."""
        event = json.dumps({"Records": records}).encode()
        until = time.monotonic() + int(self._backend.get_queue(self._queue).visibility_timeout) / 2
        while True:
            try:
                return self._functions.invoke_arn(self._mapping.function_arn, event)
            except ServiceError:
                if time.monotonic() > until or self.stopped.wait(THROTTLE_SECONDS):
                    return None

    def _record(self, message: Any) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        }
        if message.group_id is not None:
            attributes |= {"MessageGroupId": message.group_id, "MessageDeduplicationId": message.deduplication_id}
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.event_source_arn,
            "awsRegion": self._mapping.region,
        }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    binary = value.get("BinaryValue")
    shown = {
        "stringValue": value.get("StringValue"),
        "binaryValue": base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    return {key: item for key, item in shown.items() if item is not None}
