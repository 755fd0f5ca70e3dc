"""DynamoDB with many writers at once, among them transactions that fail.

Expectations: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")
WRITERS, EACH = 6, 15


@pytest.fixture
def table(local_cloud: Any) -> Iterator[str]:
    client = local_cloud.place.client("dynamodb")
    client.create_table(
        TableName="busy",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    yield "busy"
    client.delete_table(TableName="busy")


def records(local_cloud: Any, table: str, iterator: str | None = None) -> tuple[list[Any], str]:
    """Return the records of a table's stream and where to read on."""
    streams = local_cloud.place.client("dynamodbstreams")
    if iterator is None:
        arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
    answer = streams.get_records(ShardIterator=iterator)
    return answer["Records"], answer["NextShardIterator"]


def put(table: str, key: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {"id": {"S": key}, **more}}}


def never(table: str) -> dict[str, Any]:
    """A condition that does not hold."""
    absent = {"TableName": table, "Key": {"id": {"S": "absent"}}}
    return {"ConditionCheck": {**absent, "ConditionExpression": "attribute_exists(id)"}}


def test_writes_beside_transactions_that_succeed_and_fail_are_all_there(local_cloud: Any, table: str) -> None:
    client = local_cloud.place.client("dynamodb")

    def write(writer: int) -> list[int]:
        statuses = []
        for number in range(EACH):
            key = f"{writer}-{number}"
            client.put_item(TableName=table, Item={"id": {"S": key}})
            with pytest.raises(client.exceptions.TransactionCanceledException) as failure:
                client.transact_write_items(TransactItems=[put(table, f"never-{key}"), never(table)])
            statuses.append(failure.value.response["ResponseMetadata"]["HTTPStatusCode"])
            client.transact_write_items(TransactItems=[put(table, f"a-{key}"), put(table, f"b-{key}")])
            client.update_item(
                TableName=table,
                Key={"id": {"S": "count"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
            client.scan(TableName=table)
        return statuses

    with ThreadPoolExecutor(WRITERS) as writers:
        statuses = [status for each in writers.map(write, range(WRITERS)) for status in each]
    assert set(statuses) == {400}
    expected = {f"{kind}{w}-{n}" for kind in ("", "a-", "b-") for w in range(WRITERS) for n in range(EACH)}
    found = {item["id"]["S"]: item for item in client.scan(TableName=table)["Items"]}
    assert set(found) == {*expected, "count"}
    assert found["count"]["n"] == {"N": str(WRITERS * EACH)}


def test_a_failed_transaction_leaves_no_trace_in_the_stream_which_goes_on(local_cloud: Any, table: str) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""
    client = local_cloud.place.client("dynamodb")
    client.put_item(TableName=table, Item={"id": {"S": "first"}})
    seen, onward = records(local_cloud, table)
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[put(table, "first", n={"N": "1"}), never(table)])
    assert client.get_item(TableName=table, Key={"id": {"S": "first"}})["Item"] == {"id": {"S": "first"}}
    client.transact_write_items(TransactItems=[put(table, "second"), put(table, "third")])
    later, _ = records(local_cloud, table, onward)
    assert [r["dynamodb"]["Keys"]["id"]["S"] for r in (*seen, *later)] == ["first", "second", "third"]
    assert records(local_cloud, table)[0] == [*seen, *later]
