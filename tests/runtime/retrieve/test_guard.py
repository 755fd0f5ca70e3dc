"""The guard of a document: who may write, who may publish, and what is remembered.

Against DynamoDB's own conditions and expressions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.retrieve.stores.guard import Guards

TABLE = "documents"


@pytest.fixture
def guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guards]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("document_id", "item")],
            KeySchema=[
                {"AttributeName": "document_id", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Guards(client=client, table=TABLE, kind="test")


def publish(guards: Guards, sequencer: str, chunks: int = 1) -> int:
    claimed = guards.claim("acme", "doc", sequencer)
    assert claimed
    assert guards.publish(claimed, chunks)
    return claimed.claim


def test_a_newer_version_claims_and_an_older_one_does_not(guards: Guards) -> None:
    assert publish(guards, "2") == 1
    assert publish(guards, "3") == 2
    assert publish(guards, "3") == 3, "the same event again"
    assert guards.claim("acme", "doc", "2") is None
    assert guards.read(["doc"])["doc"].visible == 3


def test_a_claim_shows_the_old_version_until_it_is_published(guards: Guards) -> None:
    first = publish(guards, "1", chunks=4)
    claimed = guards.claim("acme", "doc", "2")
    assert claimed
    held = guards.read(["doc"])["doc"]
    assert (held.visible, held.chunks, held.claim) == (first, 4, claimed.claim)
    assert held.shows("acme", first)
    assert not held.shows("acme", claimed.claim)
    assert guards.publish(claimed, 5, "digest")
    held = guards.read(["doc"])["doc"]
    assert held.shows("acme", claimed.claim)
    assert (held.chunks, held.digest) == (5, "digest")
    assert not held.shows("other", claimed.claim)


def test_only_the_last_claim_publishes(guards: Guards) -> None:
    early, late = guards.claim("acme", "doc", "1"), guards.claim("acme", "doc", "1")
    assert early
    assert late
    assert not guards.publish(early, 1)
    assert guards.publish(late, 2)


def test_a_deletion_is_remembered_and_ends_what_was_being_written(guards: Guards) -> None:
    shown = publish(guards, "5", chunks=3)
    writing = guards.claim("acme", "doc", "6")
    assert writing
    assert guards.bury("acme", "doc", "4") is None
    buried = guards.bury("acme", "doc", "6")
    assert buried
    assert (buried.visible, buried.chunks) == (shown, 3), "what is still to be removed"
    assert not guards.publish(writing, 1)
    assert not guards.read(["doc"])["doc"].shows("acme", shown)
    assert guards.claim("acme", "doc", "6") is None
    assert guards.claim_existing("acme", "doc", "7") is None
    assert guards.forget(buried)
    again = guards.bury("acme", "doc", "6")
    assert again
    assert (again.visible, again.chunks) == (0, 0)
    assert guards.claim("acme", "doc", "7")


def test_a_deletion_by_a_person_holds_and_keeps_the_newer_sequencer(guards: Guards) -> None:
    publish(guards, "7")
    assert guards.bury("acme", "doc", "1") is None
    buried = guards.bury("acme", "doc", "1", force=True)
    assert buried
    assert (buried.sequencer, buried.deleted) == ("7", True)
    assert guards.claim("acme", "doc", "7") is None
    assert guards.bury("acme", "never", "3"), "what never was is remembered too"
    assert guards.claim("acme", "never", "2") is None


def test_only_what_was_published_can_be_touched(guards: Guards) -> None:
    assert guards.claim_existing("acme", "doc", "1") is None
    assert guards.claim("acme", "doc", "1")
    assert guards.claim_existing("acme", "doc", "2") is None, "nothing is published yet"
    publish(guards, "2")
    touched = guards.claim_existing("acme", "doc", "3")
    assert touched
    assert guards.claim_existing("acme", "doc", "2") is None


def test_another_tenant_is_refused_everything(guards: Guards) -> None:
    publish(guards, "1")
    assert guards.claim("other", "doc", "9") is None
    assert guards.claim_existing("other", "doc", "9") is None
    assert guards.bury("other", "doc", "9") is None
    assert guards.bury("other", "doc", "9", force=True) is None
    assert guards.read(["doc"])["doc"].tenant == "acme"


def test_many_guards_are_read_at_once_and_unknown_ones_are_not_there(guards: Guards) -> None:
    for number in range(120):
        assert guards.claim("acme", f"doc_{number}", "1")
    assert len(guards.read([f"doc_{number}" for number in range(130)])) == 120
    assert guards.read([]) == {}
