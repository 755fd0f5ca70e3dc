"""Entries, sums and prices: they add up, whatever is recorded and however often."""

import uuid
from collections import Counter
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from slipway_runtime.operate.meter.entry import Entry, day_of, identifier
from slipway_runtime.operate.meter.ledger import Ledger, grouped
from slipway_runtime.operate.meter.prices import Price, nanodollars
from slipway_runtime.operate.meter.windows import current, ends
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table

COUNT = st.integers(0, 10**9)
NAMES = st.sampled_from(["", "a", "é#|", "x" * 3000])


@pytest.fixture(scope="module")
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


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    return Entry(
        id=identifier(now=1_800_000_000),
        tenant="t",
        at=1_800_000_000,
        user=draw(NAMES),
        prompt=draw(NAMES),
        model=draw(NAMES),
        cache=draw(st.sampled_from(["", "exact"])),
        ended=draw(st.sampled_from(["stop", "failed", "cut"])),
        input_tokens=draw(COUNT),
        output_tokens=draw(COUNT),
        embedding_tokens=draw(COUNT),
        cost_nanodollars=draw(st.none() | COUNT),
        milliseconds=draw(COUNT),
    )


@pytest.mark.capability("O7")
@settings(max_examples=10, deadline=None)
@given(made=st.lists(entries(), max_size=8), again=st.integers(1, 3), number=st.integers(0, 10**12))
def test_sums_are_those_of_the_items_however_often_each_is_recorded(
    table: Table, made: list[Entry], again: int, number: int
) -> None:
    ledger, tenant = Ledger(table=table), f"t{number}{uuid.uuid4().hex}"
    mine = [
        Entry(**{name: getattr(each, name) for name in each.__struct_fields__} | {"tenant": tenant}) for each in made
    ]
    told = [ledger.add(each, Deadline.after(30)) for each in mine * again]
    assert told.count(True) == len(mine)
    assert ledger.imbalance(tenant, "2027-01-15") == {}
    wanted: Counter[str] = Counter()
    for each in mine:
        wanted.update(each.measured)
    total = grouped(ledger.sums(tenant, "2027-01-15"), []).get((), Counter())
    assert total == wanted
    assert sorted(each.id for each in ledger.entries(tenant, "2027-01-15")) == sorted(each.id for each in mine)


@pytest.mark.capability("O7")
def test_a_price_is_the_environments_own_or_the_list_s_also_of_inference_profiles() -> None:
    assert nanodollars("bedrock:global.amazon.nova-2-lite-v1:0", 1000, 100, {}) == 1000 * 300 + 100 * 2500
    assert nanodollars("bedrock:eu.amazon.nova-2-lite-v1:0", 1, 0, {}) == 300
    own = {"bedrock:eu.amazon.nova-2-lite-v1:0": Price(1.0, 2.0)}
    assert nanodollars("bedrock:eu.amazon.nova-2-lite-v1:0", 1, 1, own) == 3000
    assert nanodollars("openai:x#y", 1, 1, {}) is None
    assert nanodollars("amazon.titan-embed-text-v2:0", 50, 0, {}) == 1000


def test_windows_end_where_the_next_one_begins() -> None:
    for now in (0, 1_800_000_000, 1_830_297_599, 951_782_400):
        for window, number in current(now).items():
            end = ends(window, number)
            assert current(end)[window] == number + 1
            assert current(end - 1)[window] == number


def test_an_id_tells_its_day_and_ids_are_in_order() -> None:
    assert day_of(identifier(now=1_800_000_000)) == "2027-01-15"
    assert identifier(now=1_800_000_000) < identifier(now=1_800_000_001)
    assert day_of("chatcmpl-x") is None
