"""SQS and DynamoDB mappings: filters, failures, order, changes in place.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")

QUEUE_WORKER = """
import json
def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("batch", json.dumps(bodies))
    if "odd" in bodies: return {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
    if "bad" in bodies: raise ValueError("bad")
"""
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


def arn(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def mapping(source: Any, **properties: Any) -> dict[str, Any]:
    named = {"EventSourceArn": source, "FunctionName": {"Ref": "Worker"}}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {**named, **properties}}


def queue_stack(local_cloud: Any, queue: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(QUEUE_WORKER),
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True} if queue else {}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": 1, **(queue or {}),
                "RedrivePolicy": {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 2}}},
            "Mapping": mapping(arn("Queue"), **properties),
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Queue", "Dead", "Worker", "Mapping")},
    }  # fmt: skip


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


def lines(local_cloud: Any, name: str, kind: str) -> list[Any]:
    path = local_cloud.state / "logs" / f"{name}.log"
    text = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line.removeprefix(kind)) for line in text if line.startswith(f"{kind} ")]


def batches(local_cloud: Any, name: str) -> list[list[str]]:
    return lines(local_cloud, name, "batch")


def send(local_cloud: Any, url: str, *bodies: str, **more: Any) -> None:
    for body in bodies:
        local_cloud.place.client("sqs").send_message(QueueUrl=url, MessageBody=body, **more)


def left(local_cloud: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def filters(*patterns: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


def test_a_filter_drops_messages_and_a_change_of_the_template_counts_at_once(local_cloud: Any) -> None:
    wanted = {"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}}
    stack = queue_stack(local_cloud, FilterCriteria=filters(wanted))
    out = local_cloud.outputs(local_cloud.deploy(Filtered=stack), "Filtered")
    dear = json.dumps({"kind": "order", "total": 50})
    send(local_cloud, out["Queue"], json.dumps({"kind": "order", "total": 5}), "no json", dear)
    local_cloud.eventually(lambda: left(local_cloud, out["Queue"]) == 0)
    assert [body for batch in batches(local_cloud, out["Worker"]) for body in batch] == [dear]

    stack["Resources"]["Mapping"]["Properties"] = {
        **mapping(arn("Queue"))["Properties"],
        "Enabled": False,
    }
    again = local_cloud.outputs(local_cloud.deploy(Filtered=stack), "Filtered")
    assert again["Mapping"] == out["Mapping"]  # changed in place
    send(local_cloud, out["Queue"], "while disabled")
    client = local_cloud.place.client("lambda")
    assert client.get_event_source_mapping(UUID=out["Mapping"])["State"] == "Disabled"
    assert left(local_cloud, out["Queue"]) == 1
    client.update_event_source_mapping(UUID=out["Mapping"], Enabled=True)
    local_cloud.eventually(lambda: ["while disabled"] in batches(local_cloud, out["Worker"]))

    del stack["Resources"]["Mapping"], stack["Outputs"]["Mapping"]
    local_cloud.deploy(Filtered=stack)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.get_event_source_mapping(UUID=out["Mapping"])
    send(local_cloud, out["Queue"], "for nobody")
    assert left(local_cloud, out["Queue"]) == 1


def test_an_answer_that_names_no_message_of_the_batch_fails_the_whole_batch(local_cloud: Any) -> None:
    stack = queue_stack(local_cloud, FunctionResponseTypes=["ReportBatchItemFailures"])
    out = local_cloud.outputs(local_cloud.deploy(Odd=stack), "Odd")
    send(local_cloud, out["Queue"], "odd")
    local_cloud.eventually(lambda: left(local_cloud, out["Dead"]) == 1, what="the message in the dead-letter queue")
    assert batches(local_cloud, out["Worker"]) == [["odd"], ["odd"]]


def test_throttling_uses_up_no_attempt_of_a_message(local_cloud: Any) -> None:
    stack = queue_stack(local_cloud)
    stack["Resources"]["Worker"]["Properties"]["ReservedConcurrentExecutions"] = 0
    stack["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 30
    out = local_cloud.outputs(local_cloud.deploy(Throttled=stack), "Throttled")
    send(local_cloud, out["Queue"], "patient")
    names = ["ApproximateNumberOfMessagesNotVisible"]
    sqs = local_cloud.place.client("sqs")
    local_cloud.eventually(
        lambda: sqs.get_queue_attributes(QueueUrl=out["Queue"], AttributeNames=names)["Attributes"][names[0]] == "1"
    )
    local_cloud.place.client("lambda").delete_function_concurrency(FunctionName=out["Worker"])
    local_cloud.eventually(lambda: batches(local_cloud, out["Worker"]) == [["patient"]])
    local_cloud.eventually(lambda: left(local_cloud, out["Queue"]) == 0)


def test_a_fifo_queue_keeps_the_order_of_each_group(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    fifo = {"FifoQueue": True, "ContentBasedDeduplication": True}
    out = local_cloud.outputs(local_cloud.deploy(Fifo=queue_stack(local_cloud, fifo, BatchSize=1)), "Fifo")
    send(local_cloud, out["Queue"], "a1", "bad", "a2", MessageGroupId="a")
    send(local_cloud, out["Queue"], "b1", "b2", MessageGroupId="b")
    local_cloud.eventually(lambda: left(local_cloud, out["Queue"]) == 0, seconds=30)
    seen = [body for batch in batches(local_cloud, out["Worker"]) for body in batch]
    assert [body for body in seen if body in ("a1", "bad", "a2")] == ["a1", "bad", "bad", "a2"]
    assert [body for body in seen if body in ("b1", "b2")] == ["b1", "b2"]
    assert left(local_cloud, out["Dead"]) == 1


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"BatchSize": 20}, "Maximum batch window"),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/x"}, "kinesis is not emulated"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}}, "delivers to SQS queues"),
    ],
)
def test_what_cannot_work_is_refused_by_name(local_cloud: Any, properties: Any, message: str) -> None:
    client = local_cloud.place.client("lambda")
    given = {"FunctionName": "any", "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:any", **properties}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=message):
        client.create_event_source_mapping(**given)


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
