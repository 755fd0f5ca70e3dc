"""Asynchronous events: retries, age, destinations and the dead-letter queue.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.functions.callee import Callee
from slipway_local.functions.event_invoke_config import settings_of
from slipway_local.functions.invocation import Invocation
from slipway_local.functions.service import Functions
from slipway_local.permissions.senders import Role
from slipway_local.targets import Targets
from slipway_local.timers import Timers

RETRY_SECONDS = (1.0, 2.0)  # Lambda waits one minute, then two; nobody wants to wait that long at a laptop
THROTTLE_SECONDS = (0.2, 5.0)  # the first and the longest wait for free concurrency; at Lambda 1 second and 5 minutes
MAX_AGE_SECONDS = 6 * 3600
MAX_RETRIES = 2


def install(functions: Functions, targets: Targets) -> "Asynchronous":
    """Let the functions' asynchronous events be run by what this returns, which is to be closed."""
    running = Asynchronous(functions, targets)
    functions.invoke_later = running.invoke_later
    return running


@dataclass(kw_only=True)
class Event:
    """One event and how often it was tried; a throttled attempt does not count."""

    callee: Callee
    body: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    received: float = field(default_factory=time.time)
    attempts: int = 0
    throttles: int = 0
    done: Invocation | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "done": None}  # how the last attempt ended is not kept


class Asynchronous:
    """Runs events one after the other or side by side, until they succeed, are too old, or were tried too often."""

    def __init__(self, functions: Functions, targets: Targets) -> None:
        self._functions = functions
        self._targets = targets
        self._timers = Timers("asynchronous")
        self._pending: dict[str, Event] = {}
        self._closed = False
        self.changes = 0  # attempts so far

    def close(self) -> None:
        """Run nothing from now on; what runs counts as not tried."""
        self._closed = True
        self._timers.close()

    def state(self) -> list[Event]:
        """Return the events that have not ended."""
        return list(self._pending.values())

    def restore(self, state: list[Event]) -> None:
        """Run these events, one that was in the middle of an attempt again."""
        for event in state:
            self._queue(event)

    def invoke_later(self, callee: Callee, body: bytes) -> str:
        """Queue an event and return its request id."""
        event = Event(callee=callee, body=body)
        self._queue(event)
        return event.request_id

    def _queue(self, event: Event) -> None:
        self._pending[event.request_id] = event
        self._timers.after(0, self._run, event)

    def _run(self, event: Event) -> None:
        try:
            self._attempt(event)
        except Exception:
            if not self._closed:  # else it is kept
                self._pending.pop(event.request_id, None)
            raise

    def _attempt(self, event: Event) -> None:
        settings = settings_of(event.callee)
        if event.callee.latest.reserved_concurrency == 0:  # refused for good, so it is not tried again
            return self._end(event, settings, "ZeroReservedConcurrency")
        if time.time() - event.received > float(settings.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS)):
            return self._end(event, settings, "EventAgeExceeded")
        try:
            done = self._functions.invoke(event.callee, event.body, event.request_id)
        except ServiceError:
            first, longest = THROTTLE_SECONDS
            event.throttles += 1
            return self._timers.after(min(longest, first * 2 ** min(event.throttles, 10)), self._run, event)
        return None if self._closed else self._tried(event, done, settings)

    def _tried(self, event: Event, done: Invocation, settings: dict[str, Any]) -> None:
        event.done, event.attempts = done, event.attempts + 1
        self.changes += 1
        if not done.failed:
            return self._end(event, settings, "Success")
        if event.attempts > int(settings.get("MaximumRetryAttempts", MAX_RETRIES)):
            return self._end(event, settings, "RetriesExhausted")
        return self._timers.after(RETRY_SECONDS[min(event.attempts, len(RETRY_SECONDS)) - 1], self._run, event)

    def _end(self, event: Event, settings: dict[str, Any], condition: str) -> None:
        """Send what became of the event to whom it may concern; a dead-letter queue and a destination each get it."""
        side = "OnSuccess" if condition == "Success" else "OnFailure"
        destination = (settings.get("DestinationConfig") or {}).get(side, {}).get("Destination")
        dead_letters = (event.callee.record.slipway_settings.get("DeadLetterConfig") or {}).get("TargetArn")
        if destination:
            self._to_destination(event, destination, condition)
        if dead_letters and condition != "Success":
            attributes = {"RequestID": ("String", event.request_id), **_error_attributes(event)}
            self._targets.try_to_send(dead_letters, event.body.decode(), _role(event), None, {}, attributes=attributes)
        self._pending.pop(event.request_id, None)
        self.changes += 1

    def _to_destination(self, event: Event, destination: str, condition: str) -> None:
        record = _record(event, condition)
        bus = None
        if ":event-bus/" in destination:
            what = "Success" if condition == "Success" else "Failure"
            bus = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {what}",
                "Resources": [record["requestContext"]["functionArn"], destination],
            }
        self._targets.try_to_send(destination, json.dumps(record), _role(event), None, {}, event=bus)


def _role(event: Event) -> Role:
    return Role(arn=str(event.callee.record.role))


def _error_attributes(event: Event) -> dict[str, tuple[str, str]]:
    """Return the dead-letter attributes; at most 1 KB of the message.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    if event.done is None:
        return {"ErrorCode": ("Number", "429"), "ErrorMessage": ("String", "Rate Exceeded.")}
    _, message = event.done.error()
    return {"ErrorCode": ("Number", "200"), "ErrorMessage": ("String", message[:1024] or "Unknown")}


def _record(event: Event, condition: str) -> dict[str, Any]:
    callee, done = event.callee, event.done
    arn = callee.arn if callee.arn.count(":") > 6 else f"{callee.arn}:$LATEST"
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.body),
    }
    if done is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": str(callee.record.version)}
        if done.failed:
            record["responseContext"]["functionError"] = "Unhandled"
        record["responsePayload"] = json.loads(done.payload or b"null")
    return record
