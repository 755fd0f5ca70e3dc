"""Executions' events in a log group, as a state machine's logging configuration asks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

import contextlib
import json
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from slipway_local.aws import Place
from slipway_local.state_machines.history import Event, details_of

if TYPE_CHECKING:
    from slipway_local.state_machines.execution import Execution

ERRORS = ("Failed", "TimedOut", "Aborted")
DATA = ("input", "output", "inputDetails", "outputDetails", "parameters")


class Logs:
    """Writes events; a log group that does not take them fails no execution."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._streams: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def write(self, execution: "Execution", event: Event) -> None:
        """Write an event to the log groups of its execution's machine if its level is wanted."""
        settings = execution.machine.logging
        if not _wanted(settings.get("level", "OFF"), event["type"]):
            return
        line = json.dumps(_line(execution, event, bool(settings.get("includeExecutionData"))), default=str)
        for destination in settings.get("destinations", []):
            arn = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            group = arn.split(":log-group:", 1)[-1].removesuffix(":*")
            try:
                self._put(group, f"states/{execution.machine.name}/{time.strftime('%Y-%m-%d')}", line)
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def _put(self, group: str, stream: str, line: str) -> None:
        client = self._place.client("logs")
        with self._lock:
            if (group, stream) not in self._streams:
                with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
                    client.create_log_stream(logGroupName=group, logStreamName=stream)
                self._streams.add((group, stream))
        entry = {"timestamp": int(time.time() * 1000), "message": line}
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[entry])


def _wanted(level: str, event_type: str) -> bool:
    if level == "ALL":
        return True
    failed = event_type.endswith(ERRORS)
    return failed and (level == "ERROR" or (level == "FATAL" and event_type.startswith("Execution")))


def _line(execution: "Execution", event: Event, with_data: bool) -> dict[str, Any]:
    details = event.get(details_of(event["type"]), {})
    return {
        "id": str(event["id"]),
        "type": event["type"],
        "details": {key: value for key, value in details.items() if with_data or key not in DATA},
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(int(event["timestamp"] * 1000)),
        "execution_arn": execution.arn,
        "redrive_count": str(execution.redrive_count),
    }
