"""DynamoDB stream mappings: batches in order, retries that block, bisection, on-failure destinations.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import base64
import json
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.functions.batch_failures import failed_items
from slipway_local.functions.batch_size import fitting
from slipway_local.functions.callee import find_by_arn
from slipway_local.functions.invocation import Invocation
from slipway_local.functions.record_filter import matches
from slipway_local.functions.service import Functions
from slipway_local.permissions.senders import Role
from slipway_local.targets import Targets

POLL_SECONDS = 0.1
RETRY_SECONDS = (0.2, 5.0)  # the first and the longest wait before a batch is tried again
Records = list[dict[str, Any]]


@dataclass(kw_only=True)
class Batch:
    """Records that go to the function together, and how often they went."""

    records: Records
    attempts: int = 0


class StreamPoller:
    """Hands the records of a table's stream to the function, in order; what comes after a failure waits for it.

    The position in the stream is kept with the mapping, as the number of records done.
    """

    def __init__(self, mapping: Any, functions: Functions, targets: Targets) -> None:
        from moto.dynamodb.models import dynamodb_backends

        self.stopped = threading.Event()
        self._mapping = mapping
        self._functions = functions
        self._targets = targets
        backend = dynamodb_backends[mapping.account_id][mapping.region]
        self._table = backend.get_table(mapping.event_source_arn.split("/")[1])
        self._table.lambda_event_source_mappings.clear()  # moto's own delivery
        if not hasattr(mapping, "slipway_position"):
            items = self._table.stream_shard.items
            mapping.slipway_position = len(items) if mapping.starting_position == "LATEST" else 0
        threading.Thread(target=self._run, name=f"poll-{self._table.name}", daemon=True).start()

    def _run(self) -> None:
        while not self.stopped.wait(POLL_SECONDS):
            try:
                while self._mapping.enabled and not self.stopped.is_set() and (records := self._gather()):
                    wanted = [one for one in records if matches(self._mapping.filter_criteria, one)]
                    if not wanted or self._process(wanted):
                        self._mapping.slipway_position += len(records)
            except Exception:
                traceback.print_exc(file=sys.stderr)
                self.stopped.wait(1)

    def _gather(self) -> Records:
        """Return up to BatchSize records, as many as fit into one event; with less, wait for the batching window."""
        shard = self._table.stream_shard
        if shard is None:  # the stream was switched off
            return []
        first, size = self._mapping.slipway_position, int(self._mapping.batch_size)
        deadline = time.monotonic() + float(self._mapping.max_batch_window or 0)
        while len(shard.items) > first and len(shard.items) - first < size and time.monotonic() < deadline:
            if self.stopped.wait(POLL_SECONDS):
                return []
        records = [self._record(item.to_json()) for item in shard.items[first : first + size]]
        return records[: fitting(records)]

    def _record(self, stored: dict[str, Any]) -> dict[str, Any]:
        change = dict(stored["dynamodb"])
        change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"].timestamp())
        return {**stored, "dynamodb": _in_json(change), "eventSourceARN": self._mapping.event_source_arn}

    def _process(self, records: Records) -> bool:
        """Return True when all records succeeded or were given up, False when polling stopped before."""
        waiting = deque([Batch(records=records)])
        throttles = 0
        while waiting:
            if self.stopped.is_set() or not self._mapping.enabled:
                return False
            batch = waiting.popleft()
            try:
                done = self._functions.invoke_arn(
                    self._mapping.function_arn, json.dumps({"Records": batch.records}).encode()
                )
            except ServiceError:
                throttles += 1
                waiting.appendleft(batch)
                self._pause(throttles)
                continue
            rest = self._rest(batch, done)
            waiting.extendleft(reversed(rest))
            if rest and rest[0].attempts:
                self._pause(rest[0].attempts)
        return True

    def _pause(self, attempts: int) -> None:
        first, longest = RETRY_SECONDS
        self.stopped.wait(min(longest, first * 2 ** min(attempts - 1, 10)))

    def _rest(self, batch: Batch, done: Invocation) -> list[Batch]:
        """Return what of a batch is still to do; what is given up goes to the on-failure destination."""
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        failed = failed_items(self._mapping, done, numbers)
        if not failed:
            return []
        first = min(numbers.index(number) for number in failed)
        records, attempts = batch.records[first:], (0 if first else batch.attempts)
        if self._mapping.bisect_on_error and len(records) > 1:  # which does not count as a retry
            middle = (len(records) + 1) // 2
            halves = (records[:middle], records[middle:])
            return [Batch(records=half, attempts=attempts) for half in halves]
        attempts += 1
        condition = self._exhausted(records, attempts)
        if condition is None:
            return [Batch(records=records, attempts=attempts)]
        self._give_up(records, attempts, done, condition)
        return []

    def _exhausted(self, records: Records, attempts: int) -> str | None:
        retries, age = self._mapping.max_retry_attempts, self._mapping.max_record_age
        if retries is not None and 0 <= int(retries) < attempts:
            return "RetryAttemptsExhausted"
        oldest = records[0]["dynamodb"]["ApproximateCreationDateTime"]
        if age is not None and 0 <= int(age) < time.time() - oldest:
            return "RecordAgeExceeded"
        return None

    def _give_up(self, records: Records, attempts: int, done: Invocation, condition: str) -> None:
        """Tell the on-failure destination which records were left behind: where they are, not what they hold."""
        configured = (self._mapping.destination_config or {}).get("OnFailure") or {}
        if not configured.get("Destination"):
            return
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        moment = [_utc(one["ApproximateCreationDateTime"]) for one in (first, last)]
        about = {
            "requestContext": {
                "requestId": done.request_id,
                "functionArn": self._mapping.function_arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}
            | ({"functionError": "Unhandled"} if done.failed else {}),
            "version": "1.0",
            "timestamp": _utc(time.time()),
            "DDBStreamBatchInfo": {
                "shardId": self._table.stream_shard.id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": moment[0],
                "approximateArrivalOfLastRecord": moment[1],
                "batchSize": len(records),
                "streamArn": self._mapping.event_source_arn,
            },
        }
        role = Role(arn=str(find_by_arn(self._mapping.function_arn).record.role))
        self._targets.send(configured["Destination"], json.dumps(about), role)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _in_json(value: Any) -> Any:
    """Return a change as JSON can hold it: binary values are base64.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
    """
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: _in_json(one) for name, one in value.items()}
        case list():
            return [_in_json(one) for one in value]
    return value
