"""How long a state waits before it is tried again.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
"""

from collections import Counter

import pytest

from slipway_local.state_machines.errors import StatesError
from slipway_local.state_machines.flow import retry_delay

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, [2, 6, 18, 54, None]),
        ({"MaxDelaySeconds": 10}, [2, 6, 10, 10, None]),
    ],
)
def test_delays_grow_up_to_their_maximum(more: dict[str, int], seconds: list[float | None]) -> None:
    retrier = {"ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4, **more}
    used: Counter[int] = Counter()
    assert [retry_delay({"Retry": [retrier]}, StatesError("E"), used) for _ in seconds] == seconds
