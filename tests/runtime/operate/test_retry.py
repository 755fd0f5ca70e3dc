"""Back-off gives up at the deadline, at other errors, and after its attempts."""

import pytest

from slipway_runtime.operate.retry import Backoff, Deadline, error_code


def failing(times: int, error: Exception):
    calls = []

    def operation() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return operation


def test_waits_grow_to_the_cap_and_are_jittered() -> None:
    waits: list[float] = []
    backoff = Backoff(base_seconds=1, cap_seconds=4, max_attempts=40, sleep=waits.append)
    assert backoff.call(failing(30, OSError()), retry_on=lambda _: True, deadline=Deadline.after(99)) == 31
    assert all(0 <= wait <= min(4, 2**attempt) for attempt, wait in enumerate(waits))
    assert len(set(waits)) > 20


def test_other_errors_surface_at_once_and_the_last_attempt_raises() -> None:
    waits: list[float] = []
    backoff = Backoff(max_attempts=3, sleep=waits.append)
    with pytest.raises(KeyError):
        backoff.call(
            failing(9, KeyError()), retry_on=lambda error: isinstance(error, OSError), deadline=Deadline.after(9)
        )
    assert waits == []
    with pytest.raises(OSError, match="away"):
        backoff.call(failing(9, OSError("away")), retry_on=lambda _: True, deadline=Deadline.after(9))
    assert len(waits) == 2


def test_error_codes_of_services_and_connections() -> None:
    from botocore.exceptions import ClientError, EndpointConnectionError

    assert error_code(ClientError({"Error": {"Code": "Throttled"}}, "Op")) == "Throttled"
    assert error_code(EndpointConnectionError(endpoint_url="http://x")) == "EndpointConnectionError"
