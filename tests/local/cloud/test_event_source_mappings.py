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

from slipway_local import cloud
from support.mappings import arn, batches, filters, left, mapping, send

pytestmark = pytest.mark.capability("O14")


QUEUE_WORKER = """
import json
def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("batch", json.dumps(bodies))
    if "odd" in bodies: return {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
    if "bad" in bodies: raise ValueError("bad")
"""


def queue_stack(local_cloud: Any, queue: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(QUEUE_WORKER, timeout=2),
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True} if queue else {}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": 2, **(queue or {}),
                "RedrivePolicy": {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 2}}},
            "Mapping": mapping(arn("Queue"), **properties),
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Queue", "Dead", "Worker", "Mapping")},
    }  # fmt: skip


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


def test_a_queue_whose_messages_come_back_too_soon_is_refused(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    stack = queue_stack(local_cloud)
    stack["Resources"]["Worker"]["Properties"]["Timeout"] = 30
    with pytest.raises(cloud.LocalCloudError, match="visibility timeout: 2 seconds is less than Function timeout: 30"):
        local_cloud.deploy(TooSoon=stack)
