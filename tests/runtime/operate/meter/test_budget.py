"""Budgets in money: what is spent adds up once, and what happens beyond is what the budget says."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from slipway_runtime.generate.budgeted import HEADER, Budgeted
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.events import Event, Finish, Started, collect
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.meter.budget import Budget, BudgetSpent, merged, spent
from slipway_runtime.operate.meter.entry import Entry, identifier
from slipway_runtime.operate.meter.meter import Meter, Rules
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table, put

pytestmark = pytest.mark.capability("O7")
DEAR, SMALL = (
    Alias(routes=(Route(bedrock="dear", max_tokens=9),)),
    Alias(routes=(Route(bedrock="small", max_tokens=9),)),
)
NOW = 1_800_000_000.0


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(
            TableName="meters",
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Table(client=client, name="meters")


def metered(table: Table, **budget: Any) -> Meter:
    return Meter(table=table, rules=Rules(budget=Budget(**budget)))


def cost(dollars: float, tenant: str = "t") -> Entry:
    made = identifier()
    return Entry(id=made, tenant=tenant, at=int(NOW), ended="stop", cost_nanodollars=round(dollars * 1e9))


def ask(meter: Meter) -> tuple[str, dict[str, str]]:
    """Return which alias answers, and the answer's headers."""

    def model(exchange: Exchange) -> Iterator[Event]:
        yield Started(exchange.alias.routes[0].name)
        yield Finish("stop")

    request = ModelRequest(messages=(Message("user", "Hello"),))
    exchange = Exchange(tenant="t", user="", name="dear", alias=DEAR, request=request, deadline=Deadline.after(9))
    whole = collect(Budgeted(meter=meter, alias={"small": SMALL}.__getitem__)(exchange, model))
    return whole.route, whole.headers


def test_what_is_spent_counts_once_by_day_and_month_and_tenant(table: Table) -> None:
    meter = metered(table, dollars_per_day=10, dollars_per_month=40)
    entry = cost(2.5)
    for each in (entry, entry, cost(1), cost(7, tenant="other")):
        meter.record(each)

    found = meter.spent("t")

    assert (found.window, found.dollars, found.share) == ("day", 3.5, 0.35)
    assert spent(table, "t", Budget(dollars_per_month=3.5), time.time()).is_over
    assert meter.spent("nobody").share == 0


def test_a_spent_budget_stops_until_its_window_ends(table: Table) -> None:
    meter = metered(table, dollars_per_day=1, over="stop")
    assert ask(meter) == ("bedrock:dear", {})
    meter.record(cost(1))

    with pytest.raises(BudgetSpent) as caught:
        ask(metered(table, dollars_per_day=1, over="stop"))  # what was spent is read again after ten seconds

    assert (caught.value.status, caught.value.code) == (429, "insufficient_quota")
    assert 0 < (caught.value.retry_after_seconds or 0) <= 86_400
    assert caught.value.headers["x-should-retry"] == "false"


def test_a_cheaper_alias_answers_or_fewer_requests_or_only_the_alarm_knows(table: Table) -> None:
    metered(table, dollars_per_day=1).record(cost(2))

    assert ask(metered(table, dollars_per_day=1, over="cheaper", cheaper="small")) == (
        "bedrock:small",
        {HEADER: "cheaper"},
    )
    assert ask(metered(table, dollars_per_day=1)) == ("bedrock:dear", {HEADER: "alert"})
    assert ask(metered(table, dollars_per_day=3)) == ("bedrock:dear", {})
    throttled = metered(table, dollars_per_day=1, over="throttle", requests_per_minute=2)
    assert throttled.limits("t").requests_per_minute == 2
    assert throttled.limits("other").requests_per_minute is None


def test_a_tenant_s_own_budget_stands_before_the_environment_s(table: Table) -> None:
    table.write(put({"subject": "t#quota", "item": "budget", "body": '{"dollars_per_day": 9, "over": "stop"}'}))
    meter = metered(table, dollars_per_day=1, alert_percent=50)

    assert meter.budget("t") == Budget(dollars_per_day=9, over="stop", alert_percent=50)
    assert meter.budget("u") == Budget(dollars_per_day=1, alert_percent=50)
    with pytest.raises(msgspec.ValidationError):
        merged(Budget(), {"over": "explode"})


def test_without_a_budget_nothing_is_added_up(table: Table) -> None:
    metered(table).record(cost(2))

    assert not list(table.query("t#spent"))
