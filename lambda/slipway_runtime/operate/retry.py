"""Exponential back-off with full jitter inside a deadline.

Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (full jitter does the least work under contention).
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future  # boto3 has loaded it already
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock after which nothing new is begun. Units: seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @classmethod
    def of(cls, context: Any, margin_seconds: float) -> "Deadline":
        """Return the deadline of a Lambda invocation, `margin_seconds` before the service would end it."""
        return cls.after(context.get_remaining_time_in_millis() / 1000 - margin_seconds)

    @property
    def remaining_seconds(self) -> float:
        """Return the seconds left, negative once it has passed."""
        return self.at - time.monotonic()


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How long to wait between attempts: uniform between 0 and min(cap, base * 2**attempt). Units: seconds."""

    base_seconds: float = 0.2
    cap_seconds: float = 5.0
    max_attempts: int = 50
    sleep: Callable[[float], None] = time.sleep

    def call(self, operation: Callable[[], T], *, retry_on: Callable[[Exception], bool], deadline: Deadline) -> T:
        """Return the result of `operation`, tried again while `retry_on` accepts its error and the deadline allows.

        Raises: the last error of the operation.
        """
        before: Exception | None = None
        for attempt in range(self.max_attempts):
            try:
                return operation()
            except Exception as error:
                if isinstance(error, NotBegunError) and before is not None:
                    raise before from error
                before = error
                ceiling = min(self.cap_seconds, self.base_seconds * 2**attempt)
                wait = random.uniform(0, ceiling)  # noqa: S311 - jitter is no secret
                if attempt + 1 >= self.max_attempts or not retry_on(error) or wait >= deadline.remaining_seconds:
                    raise
            self.sleep(wait)
        raise AssertionError("max_attempts is at least 1")


class NotBegunError(TimeoutError):
    """The deadline had passed before anything was done."""


def within(operation: Callable[[], T], deadline: Deadline, *, least_seconds: float = 0.0) -> T:
    """Return the result of one call, or give it up at the deadline, whatever the client's own time-out is.

    One that has begun has `least_seconds`, so that a service that does answer can say what is wrong. What is given up
    goes on in its thread until the client's time-out, and nobody hears of it.
    Raises: TimeoutError at the deadline, NotBegunError after it, and the errors of `operation`.
    """
    if deadline.remaining_seconds <= 0:
        raise NotBegunError
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(operation())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return result.result(timeout=max(least_seconds, deadline.remaining_seconds))


def error_code(error: Exception) -> str:
    """Return the service's error code, or the class name of a connection error."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return TimeoutError.__name__ if isinstance(error, TimeoutError) else type(error).__name__


CONNECTION_ERRORS = frozenset(
    (
        "ConnectionClosedError",
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "ReadTimeoutError",
        "ProxyConnectionError",
        "HTTPClientError",
    )
)
# What says that the same request may succeed soon, of every service:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
PASSING = CONNECTION_ERRORS | frozenset(
    (
        *("InternalError", "InternalFailure", "InternalServerError", "InternalServerException", "RequestTimeout"),
        *("LimitExceededException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown"),
        *("ServiceUnavailable", "ServiceUnavailableException", "Throttling", "ThrottlingException"),
        *("ThrottledException", "TooManyRequestsException", "TransactionInProgressException", "OperationAborted"),
        *("ConditionalRequestConflict", "TransactionConflictException", "ConflictException"),
    )
)
# How what passes in DynamoDB is waited out, by a client that does not try again itself: until a deadline.
PATIENT = Backoff(base_seconds=0.05, cap_seconds=1.0)
