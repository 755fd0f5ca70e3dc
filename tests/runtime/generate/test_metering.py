"""The steps that meter: what is reserved, settled and written down, however an exchange ends."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.generate.conversation import Message, ModelRequest, Sampling
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.estimate import asked
from slipway_runtime.generate.events import Event, Finish, Headers, Started, TextDelta, Usage, collect
from slipway_runtime.generate.exchange import Exchange, Steps
from slipway_runtime.generate.metering import Quotas, Recorded
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.feedback.store import Feedbacks
from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.meter.meter import Meter, Rules
from slipway_runtime.operate.meter.prices import Price
from slipway_runtime.operate.meter.standing import Refused
from slipway_runtime.operate.meter.windows import Limits
from slipway_runtime.operate.observability import metrics
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table

pytestmark = pytest.mark.capability("O7")
ROUTE = Route(bedrock="m", max_tokens=100)


@pytest.fixture
def meter() -> Iterator[Meter]:
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_table(
            TableName="meters",
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        rules = Rules(
            quotas=Limits(tokens_per_month=250), prices={"bedrock:m": Price(1, 2), "e": Price(3)}, content_days=1
        )
        yield Meter(table=Table(client=client, name="meters"), rules=rules)


def exchange(**more: Any) -> Exchange:
    request = ModelRequest(messages=(Message("user", "Count to three."),), sampling=Sampling(max_tokens=500))
    made = Exchange(
        tenant="t", user="u", name="x", alias=Alias(routes=(ROUTE,)), request=request, deadline=Deadline.after(9)
    )
    return replace(made, **more)


def answers(exchange: Exchange) -> Iterator[Event]:
    exchange.facts.spent(ROUTE.name, 5, 1)  # the rewriter
    exchange.facts.embedding_tokens += 4
    yield Started(ROUTE.name)
    yield TextDelta("One two ")
    yield TextDelta("three")
    yield Finish("stop")
    yield Usage(20, 3)


def steps(meter: Meter, model: Any) -> Steps:
    return Steps(record=Recorded(meter=meter, embedding_model="e"), quota=Quotas(meter=meter), model=model)


def used(meter: Meter) -> int:
    key = {"subject": {"S": "t#quota"}, "item": {"S": "now"}}
    item = meter.table.client.get_item(TableName="meters", Key=key)["Item"]
    assert not [name for name in item if name.startswith("r_")]
    return int(item["month_tokens"]["N"])


def entry(meter: Meter, exchange: Exchange) -> Entry:
    found = meter.ledger.get("t", exchange.id)
    assert found
    return found


def test_what_was_used_is_settled_and_written_with_rewriter_and_embeddings(meter: Meter) -> None:
    one = exchange()
    whole = collect(steps(meter, answers).answer(one))
    assert int(whole.headers["x-ratelimit-remaining-tokens"]) == 250 - 100 - asked(one.request)
    assert used(meter) == 20 + 3 + 5 + 1 + 4
    found = entry(meter, one)
    assert (found.input_tokens, found.output_tokens, found.rewriter_tokens, found.embedding_tokens) == (25, 4, 6, 4)
    assert found.cost_nanodollars == 25 * 1000 + 4 * 2000 + 4 * 3000
    assert (found.ended, found.model, found.user, found.estimated) == ("stop", "bedrock:m", "u", False)
    content = Feedbacks(table=meter.table, tenant="t").content(found)
    assert content
    assert (content.answer, content.messages[0]["content"]) == ("One two three", "Count to three.")


def test_an_entry_that_dynamodb_will_never_take_is_counted_without_its_names(meter: Meter) -> None:
    """An item has 400 KB.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
    """
    metrics.clear_metrics()
    one = replace(exchange(), user="u" * 450_000)
    collect(steps(meter, answers).answer(one))
    found = entry(meter, one)
    assert (found.user, found.input_tokens, found.output_tokens) == ("", 25, 4)
    assert found.cost_nanodollars == 25 * 1000 + 4 * 2000 + 4 * 3000
    assert meter.ledger.imbalance("t", found.day) == {}
    assert metrics.metric_set["MeterFailures"]["Value"] == [1]
    metrics.clear_metrics()


def test_a_reader_that_goes_away_pays_for_what_was_written_as_estimated(meter: Meter) -> None:
    one = exchange()
    events: Any = steps(meter, answers).answer(one)
    while not isinstance(next(events), TextDelta):
        pass
    events.close()
    found = entry(meter, one)
    assert (found.ended, found.estimated) == ("cut", True)
    assert found.output_tokens == 2 + 1
    assert used(meter) == found.tokens == asked(one.request) + 5 + 2 + 1 + 4


@pytest.mark.parametrize(("status", "ended"), [(503, "failed"), (400, "refused")])
def test_a_model_that_fails_costs_nothing_and_is_in_the_ledger(meter: Meter, status: int, ended: str) -> None:
    def fails(_exchange: Exchange) -> Iterator[Event]:
        raise ApiError(status, "no", code="x")
        yield Headers({})

    one = exchange()
    with pytest.raises(ApiError, match="no"):
        collect(steps(meter, fails).answer(one))
    assert used(meter) == 0
    assert (entry(meter, one).ended, entry(meter, one).cost_nanodollars) == (ended, 0)


def test_a_request_beyond_the_quota_never_reaches_the_model(meter: Meter) -> None:
    def never(_exchange: Exchange) -> Iterator[Event]:
        raise AssertionError

    large = exchange(alias=Alias(routes=(Route(bedrock="m", max_tokens=400),)))
    with pytest.raises(Refused):
        collect(steps(meter, never).answer(large))
    assert entry(meter, large).ended == "refused"


def test_a_call_beside_the_answer_costs_what_its_own_route_costs(meter: Meter) -> None:
    def model(exchange: Exchange) -> Iterator[Event]:
        exchange.facts.spent("e", 1000, 0)  # as of a summary, by another alias
        yield Started(ROUTE.name)
        yield TextDelta("yes")
        yield Finish("stop")
        yield Usage(10, 1, estimated=True)

    one = exchange()
    collect(steps(meter, model).answer(one))
    found = meter.ledger.get("t", one.id)
    assert found
    assert (found.input_tokens, found.output_tokens, found.rewriter_tokens) == (1010, 1, 1000)
    assert found.cost_nanodollars == 1000 * 3000 + 10 * 1000 + 1 * 2000
    assert found.estimated
