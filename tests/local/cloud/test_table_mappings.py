"""Mappings of a table's stream.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import json
from typing import Any

import pytest

from support.mappings import arn, batches, filters, lines, mapping

pytestmark = pytest.mark.capability("O14")

TABLE_WORKER = """
import json
SEEN = {}
def handler(event, context):
    records = event["Records"]
    print("batch", json.dumps([r["dynamodb"]["Keys"]["id"]["S"] for r in records]))
    print("record", json.dumps(records[0]))
    for r in records:
        key = r["dynamodb"]["Keys"]["id"]["S"]
        if key.startswith("poison"): raise ValueError(key)
        if key.startswith("later") and not SEEN.get(key):
            SEEN[key] = 1
            return {"batchItemFailures": [{"itemIdentifier": r["dynamodb"]["SequenceNumber"]}]}
"""


def table_stack(local_cloud: Any, **properties: Any) -> dict[str, Any]:
    keys = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(TABLE_WORKER),
            "Left": {"Type": "AWS::SQS::Queue"},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": keys},
            "Mapping": mapping(arn("Table", "StreamArn"), StartingPosition="TRIM_HORIZON", **properties),
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Table", "Worker", "Left", "Mapping")}
        | {"Stream": {"Value": arn("Table", "StreamArn")}},
    }


def put(local_cloud: Any, table: str, *keys: str) -> None:
    for key in keys:
        local_cloud.place.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}, "n": {"N": "1"}})


def test_a_tables_changes_come_in_order_and_as_documented(local_cloud: Any) -> None:
    out = local_cloud.outputs(local_cloud.deploy(Stream=table_stack(local_cloud)), "Stream")
    dynamodb, table = local_cloud.place.client("dynamodb"), out["Table"]
    put(local_cloud, table, "a")
    put(local_cloud, table, "a")  # changes nothing, so nothing is told
    dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
    )
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "a"}})
    local_cloud.eventually(lambda: len([key for b in batches(local_cloud, out["Worker"]) for key in b]) == 3)
    streams = local_cloud.place.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=out["Stream"])["StreamDescription"]["Shards"][0]["ShardId"]
    where = {"StreamArn": out["Stream"], "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(**where)["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"] == {"id": {"S": "a"}, "n": {"N": "1"}}
    assert records[1]["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "n": {"N": "2"}}
    assert "NewImage" not in records[2]["dynamodb"]

    first = lines(local_cloud, out["Worker"], "record")[0]
    assert (first["eventSource"], first["eventVersion"], first["awsRegion"]) == ("aws:dynamodb", "1.1", "us-east-1")
    assert first["eventSourceARN"] == out["Stream"]
    assert first["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert isinstance(first["dynamodb"]["ApproximateCreationDateTime"], int)


def test_binary_values_come_in_base64(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html"""
    out = local_cloud.outputs(local_cloud.deploy(Binary=table_stack(local_cloud)), "Binary")
    item = {"id": {"S": "a"}, "b": {"B": b"\x00\xff"}, "all": {"L": [{"B": b"\x01"}]}, "set": {"BS": [b"\x02"]}}
    local_cloud.place.client("dynamodb").put_item(TableName=out["Table"], Item=item)
    local_cloud.eventually(lambda: lines(local_cloud, out["Worker"], "record"))
    image = lines(local_cloud, out["Worker"], "record")[0]["dynamodb"]["NewImage"]
    assert image == {"id": {"S": "a"}, "b": {"B": "AP8="}, "all": {"L": [{"B": "AQ=="}]}, "set": {"BS": ["Ag=="]}}


def test_a_batch_with_a_poisoned_record_is_split_until_that_one_is_left_behind(local_cloud: Any) -> None:
    stack = table_stack(
        local_cloud,
        BatchSize=10,
        MaximumBatchingWindowInSeconds=2,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn("Left")}},
    )
    out = local_cloud.outputs(local_cloud.deploy(Bisected=stack), "Bisected")
    put(local_cloud, out["Table"], "a", "b", "poison", "c")
    sqs = local_cloud.place.client("sqs")
    got = local_cloud.eventually(
        lambda: sqs.receive_message(QueueUrl=out["Left"], WaitTimeSeconds=1).get("Messages"), seconds=40
    )
    about = json.loads(got[0]["Body"])
    assert about["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert about["DDBStreamBatchInfo"]["batchSize"] == 1
    assert about["DDBStreamBatchInfo"]["streamArn"] == out["Stream"]
    local_cloud.eventually(lambda: ["c"] in batches(local_cloud, out["Worker"]))
    seen = batches(local_cloud, out["Worker"])
    assert seen.count(["poison"]) == 2
    assert ["a", "b"] in seen


def test_a_reported_record_is_tried_again_with_those_after_it(local_cloud: Any) -> None:
    wanted = {"dynamodb": {"Keys": {"id": {"S": [{"anything-but": {"prefix": "skip"}}]}}}}
    stack = table_stack(
        local_cloud,
        MaximumBatchingWindowInSeconds=2,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria=filters(wanted),
    )
    out = local_cloud.outputs(local_cloud.deploy(Reported=stack), "Reported")
    put(local_cloud, out["Table"], "a", "skip-1", "later", "b", "skip-2")
    local_cloud.eventually(lambda: ["later", "b"] in batches(local_cloud, out["Worker"]), seconds=30)
    assert ["a", "later", "b"] in batches(local_cloud, out["Worker"])


def test_latest_begins_with_what_comes_after_the_mapping(local_cloud: Any) -> None:
    stack = table_stack(local_cloud)
    late = stack["Resources"].pop("Mapping")
    del stack["Outputs"]["Mapping"]
    out = local_cloud.outputs(local_cloud.deploy(Latest=stack), "Latest")
    put(local_cloud, out["Table"], "before")
    late["Properties"]["StartingPosition"] = "LATEST"
    stack["Resources"]["Mapping"] = late
    local_cloud.deploy(Latest=stack)
    put(local_cloud, out["Table"], "after")
    local_cloud.eventually(lambda: batches(local_cloud, out["Worker"]) == [["after"]])
