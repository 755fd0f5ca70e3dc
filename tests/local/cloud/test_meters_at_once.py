"""Many clients of one tenant at once, over HTTP against a table of the local cloud: quotas hold, the ledger balances.

Conditional updates: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html
Transactions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from slipway_local import remote
from slipway_runtime.operate.meter.entry import Entry, day, identifier
from slipway_runtime.operate.meter.ledger import Ledger, grouped
from slipway_runtime.operate.meter.quota import Quota
from slipway_runtime.operate.meter.standing import Refused
from slipway_runtime.operate.meter.windows import Limits
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table

CLIENTS = 50
KEYS = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
    "KeySchema": [{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def table(local_cloud: Any) -> Table:
    stack = {
        "Resources": {"Meters": {"Type": "AWS::DynamoDB::Table", "Properties": KEYS}},
        "Outputs": {"Name": {"Value": {"Ref": "Meters"}}},
    }
    name = local_cloud.outputs(local_cloud.deploy(Meters=stack), "Meters")["Name"]
    client = boto3.client(
        "dynamodb",
        endpoint_url=local_cloud.place.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(max_pool_connections=CLIENTS),
    )
    return Table(client=client, name=name)


@pytest.fixture
def quota(table: Table) -> Quota:
    return Quota(client=table.client, name=table.name)


@pytest.fixture
def throttled(local_cloud: Any) -> Iterator[None]:
    """Three of ten writes are throttled, and one of ten is done without its answer."""
    for operation in ("dynamodb.UpdateItem", "dynamodb.TransactWriteItems"):
        for fault in (
            {"error": "ProvisionedThroughputExceededException", "rate": 0.3},
            {"error": "InternalServerError", "rate": 0.1, "after": True},
        ):
            remote.ask(local_cloud.state, "POST", "faults", {"operation": operation, **fault})
    yield
    remote.ask(local_cloud.state, "DELETE", "faults/")


def soon() -> Deadline:
    return Deadline.after(60)


def at_once(work: Callable[[int], Any], threads: int = CLIENTS) -> list[Any]:
    found: list[Any] = []

    def run(number: int) -> None:
        try:
            found.append(work(number))
        except Exception as error:
            found.append(error)

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join(120)
    return found


def counters(quota: Quota, tenant: str) -> dict[str, Any]:
    key = {"subject": {"S": f"{tenant}#quota"}, "item": {"S": "now"}}
    item: dict[str, Any] = quota.client.get_item(TableName=quota.name, Key=key, ConsistentRead=True)["Item"]
    return item


def used(quota: Quota, tenant: str) -> int:
    return int(counters(quota, tenant)["month_tokens"]["N"])


def held(quota: Quota, tenant: str) -> list[str]:
    return [name for name in counters(quota, tenant) if name.startswith("r_")]


@pytest.mark.capability("S8")
def test_fifty_clients_never_reserve_more_than_the_budget(quota: Quota) -> None:
    """Each of 50 sends requests of up to 100 tokens and uses fewer, until the month's 3,000 are gone."""
    limits = Limits(tokens_per_month=3_000)
    spent: list[int] = []

    def client(number: int) -> int:
        refused = 0
        for turn in range(4):
            try:
                wish, _ = quota.reserve("busy", f"{number}-{turn}", 100, limits, seconds=300, deadline=soon())
            except Refused as error:
                assert error.status == 429
                refused += 1
                continue
            tokens = random.Random(number * 10 + turn).randint(1, 100)
            assert used(quota, "busy") <= 3_000
            spent.append(tokens)
            assert quota.settle(wish, tokens, soon())
        return refused

    refused = at_once(client)
    assert all(isinstance(each, int) for each in refused), refused
    assert sum(refused) > 0
    assert used(quota, "busy") == sum(spent) <= 3_000
    assert sum(spent) > 2_000
    assert held(quota, "busy") == []


@pytest.mark.capability("S8")
def test_requests_of_a_window_are_counted_and_the_next_window_begins_anew(table: Table) -> None:
    now = [1_800_000_000.0]
    quota = Quota(client=table.client, name=table.name, now=lambda: now[0])
    limits = Limits(requests_per_minute=5)

    def ask(number: int) -> int:
        quota.reserve("minute", f"{now[0]}-{number}", 1, limits, seconds=9, deadline=soon())
        return 1

    found = at_once(ask, 12)
    refused = [each for each in found if isinstance(each, Refused)]
    assert (found.count(1), len(refused)) == (5, 7)
    assert refused[0].retry_after_seconds == 60 - 1_800_000_000 % 60
    assert refused[0].headers["x-ratelimit-remaining-requests"] == "0"
    now[0] += 60
    assert at_once(ask, 5) == [1] * 5


@pytest.mark.capability("S8")
def test_what_a_dead_function_had_reserved_is_given_back_when_it_is_needed(table: Table) -> None:
    now = [time.time()]
    quota = Quota(client=table.client, name=table.name, now=lambda: now[0])
    limits = Limits(tokens_per_month=100)
    lost, _ = quota.reserve("dead", "a", 80, limits, seconds=5, deadline=soon())
    with pytest.raises(Refused):
        quota.reserve("dead", "b", 50, limits, seconds=5, deadline=soon())
    now[0] += 6
    _, stands = quota.reserve("dead", "b", 50, limits, seconds=5, deadline=soon())
    assert stands.headers["x-ratelimit-remaining-tokens"] == "50"
    assert quota.settle(lost, 80, soon()) is False, "it was given back, and counts once"
    with pytest.raises(Refused, match="Ask for fewer tokens") as never:
        quota.reserve("dead", "c", 101, limits, seconds=5, deadline=soon())
    assert never.value.headers["x-should-retry"] == "false"


@pytest.mark.capability("S8")
@pytest.mark.usefixtures("throttled")
def test_a_throttled_table_neither_loses_nor_doubles_a_reservation(quota: Quota) -> None:
    limits = Limits(tokens_per_month=100_000)
    tenant = f"throttled{time.time_ns()}"

    def client(number: int) -> int:
        wish, _ = quota.reserve(tenant, f"id-{number}", 100, limits, seconds=300, deadline=soon())
        quota.settle(wish, number, soon())
        return number

    assert sorted(at_once(client, 20)) == list(range(20))
    assert used(quota, tenant) == sum(range(20))
    assert int(counters(quota, tenant)["month_requests"]["N"]) == 20
    assert held(quota, tenant) == []


def entry(tenant: str, number: int) -> Entry:
    chance = random.Random(number)
    return Entry(
        id=identifier(),
        tenant=tenant,
        at=int(time.time()),
        user=f"user {number % 3}",
        alias="fast",
        model="bedrock:m",
        prompt=f"greet@{number % 2}",
        ended=chance.choice(["stop", "failed", "cut"]),
        cache=chance.choice(["", "exact"]),
        input_tokens=chance.randint(0, 9_999),
        output_tokens=chance.randint(0, 9_999),
        cost_nanodollars=chance.choice([None, chance.randint(0, 10**9)]),
    )


@pytest.mark.capability("P10")
@pytest.mark.capability("O7")
def test_the_ledger_balances_when_each_entry_is_written_by_many_at_once(table: Table, throttled: None) -> None:
    """30 entries, each written by three of ten writers, some of whose writes are throttled or lose their answers."""
    ledger, tenant = Ledger(table=table), f"books{time.time_ns()}"
    entries = [entry(tenant, number) for number in range(30)]

    def write(number: int) -> int:
        mine = [one for at, one in enumerate(entries) if (at + number) % 10 < 3]
        return sum(ledger.add(one, soon()) for one in mine)

    found = at_once(write, 10)
    assert all(isinstance(each, int) for each in found), found
    today = entries[0].day
    assert len(list(ledger.entries(tenant, today))) == 30
    assert ledger.imbalance(tenant, today) == {}
    by_user = grouped(ledger.sums(tenant, today), ["user"])
    wanted: dict[tuple[str, ...], Counter[str]] = {}
    for one in entries:
        wanted.setdefault((one.user,), Counter()).update(one.measured)
    assert by_user == wanted
    assert ledger.get(tenant, entries[4].id) == entries[4]
    assert ledger.get("another", entries[4].id) is None
    assert day(entries[0].at) == today
