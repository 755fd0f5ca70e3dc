"""A table that is at its limit costs a request seconds and not its time: it is refused, or answered without its books.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws

from slipway_runtime import parts_of_meters
from slipway_runtime.handlers.unexpected import as_api_error
from slipway_runtime.operate import clients
from slipway_runtime.operate.meter.entry import Entry, identifier
from slipway_runtime.operate.meter.meter import BOOKS_SECONDS, Meter
from slipway_runtime.operate.retry import Deadline

LONG_SECONDS = 100.0
BODY = b'{"__type": "com.amazon.coral.availability#ThrottlingException", "message": "Rate exceeded"}'


class _Raw:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield BODY


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "METERS_TABLE": "meters",
        "METERING": '{"quotas": {"tokens_per_minute": 1000}}',
    }.items():
        monkeypatch.setenv(name, value)
    cached = (clients.client, clients.session, parts_of_meters.meter)
    for each in cached:
        each.cache_clear()
    with mock_aws():
        made = parts_of_meters.meter()
        assert made
        made.table.client.create_table(
            TableName="meters",
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made
    for each in cached:
        each.cache_clear()


@pytest.fixture
def throttled(meter: Meter) -> Callable[[str], list[str]]:
    """Return what throttles an operation, and tells each attempt."""

    def add(operation: str) -> list[str]:
        attempts: list[str] = []

        def refuse(**_: Any) -> AWSResponse:
            attempts.append(operation)
            return AWSResponse("https://dynamodb", 400, {}, _Raw())

        meter.table.client.meta.events.register_first(f"before-send.dynamodb.{operation}", refuse)
        return attempts

    return add


@pytest.mark.capability("S8")
@pytest.mark.parametrize("operation", ["UpdateItem", "GetItem"])
def test_a_reservation_is_given_up_after_seconds_with_an_error_to_try_again_after(
    meter: Meter, throttled: Callable[[str], list[str]], operation: str
) -> None:
    attempts, deadline = throttled(operation), Deadline.after(LONG_SECONDS)
    with pytest.raises(ClientError) as refused:
        meter.reserve("t", "id", 10, deadline)
    assert len(attempts) > 1, "what passes is tried again"
    assert deadline.remaining_seconds > LONG_SECONDS / 2
    told = as_api_error(refused.value)
    assert (told.status, told.code, told.retry_after_seconds) == (503, "service_unavailable", 2)


@pytest.mark.capability("S8")
def test_the_books_of_an_answer_take_no_longer_than_is_left_for_them(
    meter: Meter, throttled: Callable[[str], list[str]]
) -> None:
    reserved, _ = meter.reserve("t", "id", 10, Deadline.after(9))
    updates, transactions = throttled("UpdateItem"), throttled("TransactWriteItems")
    # The margin of 2 s that a function has beyond its books is the most that they may be late.
    until = Deadline.after(BOOKS_SECONDS + 2)
    meter.settle(reserved, 5)
    meter.record(Entry(id=identifier(), tenant="t", at=1, alias="x", model="m", ended="stop"))
    assert len(updates) > 1 and len(transactions) > 1
    assert until.remaining_seconds > 0
