"""Transactions of the local DynamoDB, through boto3.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

TABLE = "transactions"


@pytest.fixture
def dynamodb(local_cloud: Any) -> Iterator[Any]:
    client = local_cloud.place.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.delete_table(TableName=TABLE)


def put(name: str, value: str, **condition: Any) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": {"id": {"S": name}, "value": {"S": value}}, **condition}}


def update(name: str, expression: str, **condition: Any) -> dict[str, Any]:
    values = {":one": {"N": "1"}}
    names = {"TableName": TABLE, "Key": {"id": {"S": name}}, "UpdateExpression": expression}
    return {"Update": {**names, "ExpressionAttributeValues": values, **condition}}


def items(dynamodb: Any) -> dict[str, Any]:
    return {item["id"]["S"]: item for item in dynamodb.scan(TableName=TABLE)["Items"]}


@pytest.mark.capability("O14")
def test_where_one_condition_fails_nothing_is_written_and_its_place_is_named(dynamodb: Any) -> None:
    """CancellationReasons are in the order of the items; "None" where nothing was wrong."""
    absent = {"ConditionExpression": "attribute_not_exists(id)"}
    dynamodb.transact_write_items(TransactItems=[put("a", "1", **absent), put("b", "1", **absent)])
    before = items(dynamodb)

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as caught:
        dynamodb.transact_write_items(
            TransactItems=[
                put("c", "2", **absent),
                put("a", "2", **absent),
                {"Delete": {"TableName": TABLE, "Key": {"id": {"S": "b"}}}},
            ]
        )

    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed", "None"]
    assert items(dynamodb) == before


def test_where_a_write_is_not_allowed_the_ones_before_it_are_undone(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a", "1"), put("b", "text")])
    before = items(dynamodb)

    wrong = update("b", "SET #v = #v + :one", ExpressionAttributeNames={"#v": "value"})
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[put("a", "2"), put("c", "2"), wrong])

    assert items(dynamodb) == before


@pytest.mark.capability("O14")
def test_writers_at_once_lose_nothing_of_each_other(dynamodb: Any) -> None:
    """Failing transactions between those that succeed, and plain writes beside both."""
    impossible = {"ConditionExpression": "attribute_exists(nothing)"}

    def work(number: int) -> None:
        for turn in range(10):
            dynamodb.transact_write_items(
                TransactItems=[update("x", "ADD counted :one"), update("y", "ADD counted :one")]
            )
            with contextlib.suppress(dynamodb.exceptions.TransactionCanceledException):
                dynamodb.transact_write_items(
                    TransactItems=[update("x", "ADD counted :one"), put("z", "", **impossible)]
                )
            dynamodb.put_item(TableName=TABLE, Item={"id": {"S": f"{number}-{turn}"}})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    found = items(dynamodb)
    assert found["x"]["counted"] == found["y"]["counted"] == {"N": "40"}
    assert len(found) == 2 + 40
