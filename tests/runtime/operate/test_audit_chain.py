"""The chain of the audit table: every change, removal and cut is found, and writers at once make no fork."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.operate import audit, audit_chain
from slipway_runtime.operate.audit_chain import FIRST, Link, digest, verify

pytestmark = pytest.mark.capability("O10")
TABLE = "audit"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        made = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        made.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


def record(client: Any, number: int, **more: Any) -> str:
    return audit.record(TABLE, f"endpoint#{number % 2}", "deploy", "ada", "1", str(number), {}, dynamodb=client, **more)


def rows(client: Any) -> list[dict[str, Any]]:
    return list(client.scan(TableName=TABLE)["Items"])


def test_each_entry_is_a_link_and_the_chain_is_right(client: Any) -> None:
    for number in range(5):
        record(client, number)

    found = list(audit_chain.links(client, TABLE))

    entries, head, fault = verify(found)
    assert (entries, head, fault) == (5, found[-1].hash, "")
    assert verify(found, head=found[2].hash)[2] == ""
    assert [link.entry["after"] for link in found if link.entry] == ["0", "1", "2", "3", "4"]


def test_what_is_recorded_again_stands_there_once(client: Any) -> None:
    first = record(client, 1, at="2026-11-22T00:00:00.000000Z", entry_id="run")

    assert record(client, 1, at="2026-11-22T00:00:00.000000Z", entry_id="run") == first
    assert verify(audit_chain.links(client, TABLE))[0] == 1
    assert len(rows(client)) == 2


def test_any_change_removal_or_cut_is_found(client: Any) -> None:
    for number in range(4):
        record(client, number)
    right = list(audit_chain.links(client, TABLE))
    head = right[-1].hash
    for row in rows(client):
        key = {name: row[name] for name in ("subject", "item")}
        client.delete_item(TableName=TABLE, Key=key)
        assert verify(audit_chain.links(client, TABLE), head)[2], f"removed {key}"
        for name in sorted(row.keys() - key.keys()):
            client.put_item(TableName=TABLE, Item=row | {name: {"S": "forged"}})
            assert verify(audit_chain.links(client, TABLE), head)[2], f"changed {name} of {key}"
        client.put_item(TableName=TABLE, Item=row)
    assert verify(audit_chain.links(client, TABLE), head) == (4, head, "")


def test_an_entry_rewritten_with_its_link_breaks_the_next(client: Any) -> None:
    entry = {"subject": "s", "item": "i", "after": "forged"}
    right = [Link(1, FIRST, digest(FIRST, {"a": "1"}), {"a": "1"})]
    right.append(Link(2, right[0].hash, digest(right[0].hash, {"a": "2"}), {"a": "2"}))

    forged = [Link(1, FIRST, digest(FIRST, entry), entry), right[1]]

    assert verify(right)[2] == ""
    assert verify(forged) == (1, forged[0].hash, "link 2 does not follow the one before it")


class Overtaken:
    """A client before whose transaction another writer is done, `times` times."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.left = client, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **arguments: Any) -> Any:
        if self.left:
            self.left -= 1
            record(self.client, 100 + self.left)
        return self.client.transact_write_items(**arguments)


def test_a_writer_that_is_overtaken_follows_the_other(client: Any) -> None:
    record(client, 0)

    record(Overtaken(client, times=3), 1)

    found = list(audit_chain.links(client, TABLE))
    assert verify(found)[::2] == (5, "")
    assert [link.entry["after"] for link in found if link.entry] == ["0", "102", "101", "100", "1"]
