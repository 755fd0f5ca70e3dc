"""Reserved concurrency: what is over it is refused, not kept waiting.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

import collections
import contextlib
import threading
from collections.abc import Iterator

from slipway_local.aws_json import ServiceError


def throttled() -> ServiceError:
    """Return the error of an invocation over the function's reserved concurrency."""
    reason = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"}
    return ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, **reason)


class Concurrency:
    """Counts the events in progress of each function, all its versions together."""

    def __init__(self) -> None:
        self._running: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def enter(self, function: str, reserved: int | None) -> None:
        """Count one event in. Raises ServiceError (TooManyRequestsException) if `reserved` run already."""
        with self._lock:
            if reserved is not None and self._running[function] >= reserved:
                raise throttled()
            self._running[function] += 1

    def leave(self, function: str) -> None:
        """Count one event out."""
        with self._lock:
            self._running[function] -= 1

    @contextlib.contextmanager
    def hold(self, function: str, reserved: int | None) -> Iterator[None]:
        """Count one event for as long as the block runs. Raises ServiceError like `enter`."""
        self.enter(function, reserved)
        try:
            yield
        finally:
            self.leave(function)
