"""The events of an execution, as GetExecutionHistory returns them and a log group receives them."""

import threading
import time
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
LAST = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}


def details_of(event_type: str) -> str:
    """Return the name of the member that holds the details of an event type."""
    for end in ("StateEntered", "StateExited"):
        if event_type.endswith(end):
            return f"s{end[1:]}EventDetails"
    return f"{event_type[0].lower()}{event_type[1:]}EventDetails"


class History:
    """The events in order. `on_event` hears each."""

    def __init__(self, on_event: Callable[[Event], None], events: list[Event]) -> None:
        self.events = events
        self.closed = (
            bool(events) and events[-1]["type"] in LAST
        )  # after the execution's last event nothing is written, whatever still winds down
        self._lock = threading.Lock()
        self._on_event = on_event

    def add(self, event_type: str, previous_id: int, details: dict[str, Any]) -> int:
        """Append an event and return its id."""
        with self._lock:
            if self.closed:
                return len(self.events)
            event_id = len(self.events) + 1
            event = {"timestamp": time.time(), "type": event_type, "id": event_id}
            event["previousEventId"] = previous_id
            if details:
                event[details_of(event_type)] = details
            self.events.append(event)
            self.closed = event_type in LAST
        self._on_event(event)
        return event_id


class Trail:
    """One thread of control's place in the history."""

    def __init__(self, history: History, last_id: int = 0) -> None:
        self._history = history
        self.last_id = last_id

    def add(self, event_type: str, **details: Any) -> None:
        """Append an event after the last one of this thread of control."""
        known = {key: value for key, value in details.items() if value is not None}
        self.last_id = self._history.add(event_type, self.last_id, known)

    def fork(self) -> "Trail":
        """Return the trail of a branch that starts here."""
        return Trail(self._history, self.last_id)
