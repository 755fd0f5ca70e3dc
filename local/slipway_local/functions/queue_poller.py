"""SQS event source mappings: one poller for each, in place of moto's, which sends one record a time and never fails.

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

from slipway_local.functions.pool import MAX_ENVIRONMENTS
from slipway_local.functions.service import Functions

RECEIVE_SECONDS = 1
RECEIVE_MESSAGES = 10  # the most that one ReceiveMessage returns


def install(functions: Functions) -> "Pollers":
    """Start a poller with each SQS mapping that is created, and end it with the mapping."""
    from moto.awslambda.models import LambdaBackend
    from moto.sqs.models import sqs_backends

    pollers = Pollers(functions)
    create, delete = LambdaBackend.create_event_source_mapping, LambdaBackend.delete_event_source_mapping

    def create_event_source_mapping(backend: Any, spec: Any) -> Any:
        mapping = create(backend, spec)
        if mapping.event_source_arn.split(":")[2] == "sqs":
            queues = sqs_backends[backend.account_id][backend.region_name]
            name = mapping.event_source_arn.rsplit(":", 1)[-1]
            queues.get_queue(name).lambda_event_source_mappings.clear()  # moto's own delivery
            pollers.start(mapping, queues, name)
        return mapping

    def delete_event_source_mapping(backend: Any, uuid: str) -> Any:
        pollers.stop(uuid)
        return delete(backend, uuid)

    LambdaBackend.create_event_source_mapping = create_event_source_mapping
    LambdaBackend.delete_event_source_mapping = delete_event_source_mapping
    return pollers


class Pollers:
    """The running pollers by the id of their mapping."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._running: dict[str, QueuePoller] = {}

    def start(self, mapping: Any, backend: Any, queue_name: str) -> None:
        """Poll for a mapping from now on."""
        self._running[mapping.uuid] = QueuePoller(mapping, backend, queue_name, self._functions)

    def state(self) -> None:
        """Return nothing: the mappings are moto's."""

    def restore(self, state: None) -> None:
        """Poll again for every mapping that moto has."""
        from moto.awslambda.models import lambda_backends
        from moto.sqs.models import sqs_backends

        for account, region, backend in list(lambda_backends.iter_backends()):
            for mapping in list(backend._event_source_mappings.values()):
                if mapping.event_source_arn.split(":")[2] == "sqs":
                    name = mapping.event_source_arn.rsplit(":", 1)[-1]
                    self.start(mapping, sqs_backends[account][region], name)

    def stop(self, mapping_id: str) -> None:
        """Stop polling for a mapping; events in progress end by themselves."""
        if poller := self._running.pop(mapping_id, None):
            poller.stopped.set()

    def close(self) -> None:
        """Stop all of them."""
        for mapping_id in list(self._running):
            self.stop(mapping_id)


class QueuePoller:
    """Receives batches and invokes the function with each, up to MaximumConcurrency at once.

    A batch that fails stays in the queue and becomes visible when its visibility timeout ends; what the function
    names in `batchItemFailures` likewise. Everything else is deleted.
    """

    def __init__(self, mapping: Any, backend: Any, queue_name: str, functions: Functions) -> None:
        self.stopped = threading.Event()
        self._mapping = mapping
        self._backend = backend
        self._queue = queue_name
        self._functions = functions
        self._in_flight = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=f"poll-{queue_name}", daemon=True).start()

    def _limit(self) -> int:
        limit = int((self._mapping.scaling_config or {}).get("MaximumConcurrency") or MAX_ENVIRONMENTS)
        return min(limit, MAX_ENVIRONMENTS)

    def _run(self) -> None:
        while not self.stopped.is_set():
            with self._changed:
                ready = self._changed.wait_for(lambda: self._in_flight < self._limit(), RECEIVE_SECONDS)
            if not ready or not self._mapping.enabled:
                self.stopped.wait(0 if not ready else 0.2)
                continue
            try:
                batch = self._gather()
            except Exception:  # the queue was deleted before the mapping
                self.stopped.wait(1)
                continue
            if batch:
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
            batch += self._receive(min(size - len(batch), RECEIVE_MESSAGES), min(left, RECEIVE_SECONDS))
        return batch

    def _receive(self, count: int, wait: float) -> list[Any]:
        return list(self._backend.receive_message(self._queue, count, wait, None, ["All"]))

    def _process(self, batch: list[Any]) -> None:
        try:
            event = {"Records": [self._record(message) for message in batch]}
            done = self._functions.invoke_arn(self._mapping.function_arn, json.dumps(event).encode())
            failed = {message.id for message in batch} if done.failed else self._failures(done.payload, batch)
            for message in batch:
                if message.id not in failed:
                    self._backend.delete_message(self._queue, message.receipt_handle)
        except Exception:
            traceback.print_exc(file=sys.stderr)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _failures(self, payload: bytes, batch: list[Any]) -> set[str]:
        """Return the ids of the messages that the function could not process.

        An answer that names an unknown id, or is malformed, fails the whole batch.
        Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
        """
        everything = {message.id for message in batch}
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or []):
            return set()
        try:
            answer = json.loads(payload)
            failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures") or []}
        except (ValueError, KeyError, TypeError, AttributeError):
            return everything
        return failed if failed <= everything else everything

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
