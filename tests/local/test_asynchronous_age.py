"""Asynchronous events that waited for too long; their least age is a minute, so they are given one here.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from slipway_local.functions import asynchronous
from slipway_local.functions.asynchronous import Asynchronous, Event
from support.waiting import wait_for

pytestmark = pytest.mark.capability("O14")

DESTINATION = "arn:aws:sqs:us-east-1:123456789012:failed"
SETTINGS = {"MaximumEventAgeInSeconds": 60, "DestinationConfig": {"OnFailure": {"Destination": DESTINATION}}}


@pytest.mark.parametrize(("age_seconds", "run"), [(61, False), (1, True)])
def test_an_event_older_than_its_limit_is_not_tried_and_goes_to_its_destination(
    monkeypatch: pytest.MonkeyPatch, age_seconds: int, run: bool
) -> None:
    tried: list[bytes] = []
    sent: list[tuple[str, str]] = []

    def invoke(callee: Any, body: bytes, request_id: str) -> Any:
        tried.append(body)
        return SimpleNamespace(failed=False)

    monkeypatch.setattr(asynchronous, "settings_of", lambda callee: SETTINGS)
    function = SimpleNamespace(arn="arn:f", role="arn:r", slipway_settings={})
    callee: Any = SimpleNamespace(
        latest=SimpleNamespace(reserved_concurrency=None), record=function, arn="arn:f", version="$LATEST"
    )
    functions: Any = SimpleNamespace(invoke=invoke)
    targets: Any = SimpleNamespace(try_to_send=lambda where, body, *_, **__: sent.append((where, json.loads(body))))
    running = Asynchronous(functions, targets)
    try:
        running.restore([Event(callee=callee, body=b"{}", received=time.time() - age_seconds)])
        assert wait_for(lambda: not running.state())
    finally:
        running.close()
    assert tried == [b"{}"] * run
    conditions = [(where, record["requestContext"]["condition"]) for where, record in sent]  # type: ignore[index]
    assert conditions == ([] if run else [(DESTINATION, "EventAgeExceeded")])
