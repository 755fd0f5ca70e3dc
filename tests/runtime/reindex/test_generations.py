"""The generations' states, and the one conditional write behind each change of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBMapper.OptimisticLocking.html
"""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.reindex.generations import Generation, Generations, Refused, Registry

pytestmark = pytest.mark.capability("R7")
ONE = Generation(number=1, model_id="titan", dimensions=256, is_built=True)
TWO = Generation(number=2, model_id="cohere", dimensions=1024, execution="arn")


def numbers(found: Generations) -> tuple[int, ...]:
    return tuple(each.number for each in found.written)


def test_the_way_there_and_back() -> None:
    begun = Generations(active=ONE).begun(TWO)
    assert (numbers(begun), begun.last) == ((1, 2), 2)
    with pytest.raises(Refused, match=r"generation 2 \(cohere, 1024 dimensions\) is still being built"):
        begun.switched()
    switched = begun.built(2).switched()
    assert (switched.active.number, switched.previous, numbers(switched)) == (2, ONE, (2, 1))
    back = switched.rolled_back()
    assert (back.active, numbers(back)) == (ONE, (1, 2))
    assert back.switched().active.number == 2, "what was built once can be switched to again"


def test_one_beside_the_active_is_the_most_and_no_number_comes_twice() -> None:
    begun = Generations(active=ONE).begun(TWO)
    for full in (begun, begun.built(2).switched(), begun.dropped()):
        with pytest.raises(Refused, match="`slipway reindex drop` removes it"):
            full.begun(TWO)
    dropping = begun.dropped()
    assert (numbers(dropping), dropping.dropping, dropping.kept) == ((1,), TWO, [ONE, TWO])
    assert dropping.dropped() is dropping, "asked once more while its data is there"
    gone = dropping.removed(2)
    assert (gone.kept, gone.last) == ([ONE], 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.switched(), "no new generation"),
        (lambda found: found.rolled_back(), "no previous generation"),
        (lambda found: found.dropped(), "nothing beside generation 1"),
        (lambda found: found.built(2), "generation 2 is not being built"),
        (lambda found: found.removed(2), "generation 2 is not being dropped"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(change: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        change(Generations(active=ONE))


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        keys = (("document_id", "HASH"), ("item", "RANGE"))
        client.create_table(
            TableName="documents",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Registry(client=client, table="documents")


def test_of_two_changes_at_once_one_is_refused(registry: Registry) -> None:
    assert registry.read() is None
    first = registry.write(Generations(active=ONE, revision=1))
    registry.write(first.begun(TWO))
    with pytest.raises(Refused, match="somebody else changed the generations"):
        registry.write(first.begun(TWO))
    with pytest.raises(Refused, match="somebody else changed the generations"):
        registry.write(Generations(active=ONE, revision=1))
    assert registry.read() == first.begun(TWO)
