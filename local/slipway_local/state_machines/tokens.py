"""Task tokens: states that wait until somebody outside reports, and activities whose workers ask for work.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

import queue
import threading
import time
import uuid
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from slipway_local.state_machines.errors import HEARTBEAT_TIMEOUT, TIMEOUT, StatesError
from slipway_local.state_machines.flow import Flow

ACTIVITY_POLL_SECONDS = 60.0


@dataclass
class Waiting:
    """A state that waits; `outcome` settles once."""

    outcome: "Future[Any]" = field(default_factory=Future)
    last_heartbeat: float = field(default_factory=time.monotonic)


class Tokens:
    """All tokens handed out, and the work that activities' workers have not yet taken."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._lock = threading.Lock()
        self._work: dict[str, queue.SimpleQueue[tuple[str, str]]] = defaultdict(queue.SimpleQueue)

    def state(self) -> dict[str, tuple[bool, Any]]:
        """Return the tokens, and for each whether it is settled and with what."""
        waiting = {token: one.outcome for token, one in list(self._waiting.items())}
        return {t: (f.done(), (f.exception() or f.result()) if f.done() else None) for t, f in waiting.items()}

    def restore(self, state: dict[str, tuple[bool, Any]]) -> None:
        """Let these tokens be reported on again; the states that resume offer the activities' work again."""
        for token, (settled, value) in state.items():
            self._waiting[token] = Waiting()
            if settled:
                self.settle(token, value)

    def create(self, kept: dict[Any, Any]) -> str:
        """Return the token that `kept` already has, or a new one, which it keeps."""
        token = str(kept.setdefault("token", uuid.uuid4().hex + uuid.uuid4().hex))
        with self._lock:
            self._waiting.setdefault(token, Waiting())
        return token

    def settle(self, token: str, value: Any) -> bool:
        """Give a token its outcome, a StatesError for a failure; return whether somebody still waits for it."""
        with self._lock:
            waiting = self._waiting.get(token)
            if waiting is None or waiting.outcome.done():
                return False
            if isinstance(value, StatesError):
                waiting.outcome.set_exception(value)
            else:
                waiting.outcome.set_result(value)
            return True

    def forget(self, kept: dict[Any, Any]) -> None:
        """Let nobody report any more on the token that `kept` has, if it has one."""
        with self._lock:
            self._waiting.pop(kept.pop("token", ""), None)

    def heartbeat(self, token: str) -> bool:
        """Note a heartbeat; return whether somebody still waits for the token."""
        waiting = self._waiting.get(token)
        if waiting is not None:
            waiting.last_heartbeat = time.monotonic()
        return waiting is not None

    def wait(self, token: str, flow: Flow, until: float | None, heartbeat_seconds: float | None) -> Any:
        """Return a token's outcome; `until` is in seconds since 1970.

        Raises StatesError for a failure, and when the time or the heartbeats are over.
        """
        waiting = self._waiting[token]
        waiting.last_heartbeat = time.monotonic()
        deadline = None if until is None else time.monotonic() + until - time.time()
        while True:
            limits = [deadline, waiting.last_heartbeat + heartbeat_seconds if heartbeat_seconds else None]
            nearest = min((limit for limit in limits if limit is not None), default=None)
            if flow.wait_for(waiting.outcome, None if nearest is None else nearest - time.monotonic()):
                return waiting.outcome.result()
            if deadline is not None and time.monotonic() >= deadline:
                raise StatesError(TIMEOUT)
            if heartbeat_seconds and time.monotonic() >= waiting.last_heartbeat + heartbeat_seconds:
                raise StatesError(HEARTBEAT_TIMEOUT)

    def offer(self, activity_arn: str, token: str, given: str) -> None:
        """Put work before an activity's workers."""
        self._work[activity_arn].put((token, given))

    def take(self, activity_arn: str, seconds: float = ACTIVITY_POLL_SECONDS) -> tuple[str, str] | None:
        """Return the next work of an activity that is still wanted, None after the time of a poll."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                token, given = self._work[activity_arn].get(timeout=remaining)
            except queue.Empty:
                return None
            if token in self._waiting:
                return token, given
        return None
