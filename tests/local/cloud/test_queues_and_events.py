"""SQS mappings, redrive, and S3 events through EventBridge.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import concurrent.futures
import json
from datetime import datetime
from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")

WORKER = """
import json, os
def handler(event, context):
    failed = []
    bodies = [record["body"] for record in event["Records"]]
    print("batch", json.dumps(bodies), [r["attributes"]["ApproximateReceiveCount"] for r in event["Records"]])
    if "crash" in bodies: os._exit(1)
    for record in event["Records"]:
        if record["body"].startswith("bad"): failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""


def flow(local_cloud: Any, receives: int = 2, **mapping: Any) -> dict[str, Any]:
    """A queue with a dead-letter queue and a function that reads it."""
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(WORKER),
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 1, "RedrivePolicy": {
                "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": receives}}},
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "Worker"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping}},
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}, "Dead": {"Value": {"Ref": "Dead"}},
                    "DeadArn": {"Value": {"Fn::GetAtt": ["Dead", "Arn"]}}, "Worker": {"Value": {"Ref": "Worker"}}},
    }  # fmt: skip


def depth(local_cloud: Any, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = local_cloud.place.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def batches(local_cloud: Any, name: str) -> list[list[str]]:
    path = local_cloud.state / "logs" / f"{name}.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line[6 : line.index("]") + 1]) for line in lines if line.startswith("batch ")]


def send(local_cloud: Any, url: str, *bodies: str) -> None:
    for body in bodies:
        local_cloud.place.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def test_partial_failures_retry_alone_then_go_to_the_dead_letter_queue_and_back(local_cloud: Any) -> None:
    out = local_cloud.outputs(local_cloud.deploy(Partial=flow(local_cloud, BatchSize=10)), "Partial")
    send(local_cloud, out["Queue"], "good-1", "bad-1", "good-2")
    local_cloud.eventually(
        lambda: depth(local_cloud, out["Dead"]) == (1, 0), what="one message in the dead-letter queue"
    )
    assert depth(local_cloud, out["Queue"]) == (0, 0)
    seen = [body for batch in batches(local_cloud, out["Worker"]) for body in batch]
    assert sorted(seen) == ["bad-1", "bad-1", "good-1", "good-2"]

    sqs = local_cloud.place.client("sqs")
    sqs.start_message_move_task(SourceArn=out["DeadArn"])
    local_cloud.eventually(lambda: len(batches(local_cloud, out["Worker"])) > 3, what="the redriven message to be read")
    task = sqs.list_message_move_tasks(SourceArn=out["DeadArn"])["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_a_batch_whose_function_dies_comes_back_whole(local_cloud: Any) -> None:
    out = local_cloud.outputs(local_cloud.deploy(Dying=flow(local_cloud, BatchSize=5)), "Dying")
    send(local_cloud, out["Queue"], "crash")
    local_cloud.eventually(
        lambda: depth(local_cloud, out["Dead"]) == (1, 0), what="the message in the dead-letter queue"
    )
    local_cloud.eventually(lambda: batches(local_cloud, out["Worker"]) == [["crash"], ["crash"]])


def test_a_batching_window_fills_batches_up_to_their_size(local_cloud: Any) -> None:
    body = flow(local_cloud, BatchSize=20, MaximumBatchingWindowInSeconds=2)
    out = local_cloud.outputs(local_cloud.deploy(Window=body), "Window")
    bodies = [f"m{number}" for number in range(20)]
    send(local_cloud, out["Queue"], *bodies)
    local_cloud.eventually(lambda: sum(map(len, batches(local_cloud, out["Worker"]))) == 20)
    assert len(batches(local_cloud, out["Worker"])) <= 2


def test_nothing_is_lost_when_many_send_while_others_delete(local_cloud: Any) -> None:
    body = flow(local_cloud, BatchSize=10, ScalingConfig={"MaximumConcurrency": 3})
    out = local_cloud.outputs(local_cloud.deploy(Many=body), "Many")
    bodies = [f"m{number}" for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: send(local_cloud, out["Queue"], text), bodies))
    local_cloud.eventually(
        lambda: {body for batch in batches(local_cloud, out["Worker"]) for body in batch} == set(bodies), seconds=30
    )
    local_cloud.eventually(lambda: depth(local_cloud, out["Queue"]) == (0, 0))


@pytest.fixture(scope="module")
def events(local_cloud: Any) -> Any:
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": [{"Ref": "Bucket"}]}, "object": {"key": [{"prefix": "in/"}]}},
    }
    body = {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}}},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": local_cloud.role(),
            "Hears": local_cloud.function("import json\ndef handler(e, context): print('heard', json.dumps(e))"),
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern, "Targets": [
                {"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}},
                {"Id": "function", "Arn": {"Fn::GetAtt": ["Hears", "Arn"]}, "InputPath": "$.detail.object.key"}]}},
        },
        "Outputs": {key: {"Value": {"Ref": key}} for key in ("Bucket", "Queue", "Hears")},
    }  # fmt: skip
    return local_cloud.outputs(local_cloud.deploy(Events=body), "Events")


def receive(local_cloud: Any, url: str) -> list[dict[str, Any]]:
    """Return the events in the queue, in order, taking them out."""
    sqs = local_cloud.place.client("sqs")
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_object_created_events_carry_what_s3_documents(local_cloud: Any, events: Any) -> None:
    receive(local_cloud, events["Queue"])
    s3 = local_cloud.place.client("s3")
    put = s3.put_object(Bucket=events["Bucket"], Key="in/ä b+c.txt", Body=b"hello")
    s3.put_object(Bucket=events["Bucket"], Key="out/other.txt", Body=b"no rule for this")
    s3.copy_object(
        Bucket=events["Bucket"], Key="in/copy", CopySource={"Bucket": events["Bucket"], "Key": "in/ä b+c.txt"}
    )
    first, second = receive(local_cloud, events["Queue"])
    assert (first["source"], first["detail-type"], first["account"]) == ("aws.s3", "Object Created", "123456789012")
    assert first["resources"] == [f"arn:aws:s3:::{events['Bucket']}"]
    assert first["time"].endswith("Z")
    item = first["detail"]["object"]
    assert item == {
        "key": "in/ä b+c.txt",
        "size": 5,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
        "sequencer": item["sequencer"],
    }
    assert (first["detail"]["reason"], second["detail"]["reason"]) == ("PutObject", "CopyObject")
    assert int(second["detail"]["object"]["sequencer"], 16) > int(item["sequencer"], 16)


def test_deletions_tell_markers_from_versions(local_cloud: Any, events: Any) -> None:
    s3 = local_cloud.place.client("s3")
    first = s3.put_object(Bucket=events["Bucket"], Key="in/gone", Body=b"1")
    s3.put_object(Bucket=events["Bucket"], Key="in/gone", Body=b"2")
    receive(local_cloud, events["Queue"])
    marker = s3.delete_object(Bucket=events["Bucket"], Key="in/gone")
    s3.delete_object(Bucket=events["Bucket"], Key="in/gone", VersionId=first["VersionId"])
    versions = s3.list_object_versions(Bucket=events["Bucket"], Prefix="in/gone")["Versions"]
    doomed = [{"Key": "in/gone", "VersionId": one["VersionId"]} for one in versions]
    s3.delete_objects(Bucket=events["Bucket"], Delete={"Objects": doomed})
    got = receive(local_cloud, events["Queue"])
    kinds = [(one["detail-type"], one["detail"]["deletion-type"], one["detail"]["object"]["version-id"]) for one in got]
    assert kinds == [
        ("Object Deleted", "Delete Marker Created", marker["VersionId"]),
        ("Object Deleted", "Permanently Deleted", first["VersionId"]),
        ("Object Deleted", "Permanently Deleted", versions[0]["VersionId"]),
    ]
    sequence = [int(one["detail"]["object"]["sequencer"], 16) for one in got]
    assert sequence == sorted(set(sequence))


def test_a_function_target_gets_the_part_of_the_event_it_asked_for(local_cloud: Any, events: Any) -> None:
    local_cloud.place.client("s3").put_object(Bucket=events["Bucket"], Key="in/for-function", Body=b"x")
    path = local_cloud.state / "logs" / f"{events['Hears']}.log"
    local_cloud.eventually(lambda: path.exists() and 'heard "in/for-function"' in path.read_text())


def test_multipart_uploads_are_events_too(local_cloud: Any, events: Any) -> None:
    receive(local_cloud, events["Queue"])
    s3, where = local_cloud.place.client("s3"), {"Bucket": events["Bucket"], "Key": "in/large"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x" * 1000)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    (event,) = receive(local_cloud, events["Queue"])
    assert (event["detail"]["reason"], event["detail"]["object"]["size"]) == ("CompleteMultipartUpload", 1000)


def shop(transformer: dict[str, Any]) -> dict[str, Any]:
    """A rule for dear things, and the queue where they arrive transformed."""
    return {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {
                "EventPattern": {"source": ["shop"], "detail": {"price": [{"numeric": [">", 10]}]}},
                "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "InputTransformer": transformer}]}},
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}, "Rule": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }  # fmt: skip


def sell(local_cloud: Any, **prices: int) -> None:
    entries = [
        {"Source": "shop", "DetailType": "sale", "Detail": json.dumps({"name": name, "price": price})}
        for name, price in prices.items()
    ]
    local_cloud.place.client("events").put_events(Entries=entries)


def test_put_events_match_patterns_and_transform(local_cloud: Any) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html"""
    transformer = {"InputPathsMap": {"n": "$.detail.name"}, "InputTemplate": '{"sold": "<n>"}'}
    url = local_cloud.outputs(local_cloud.deploy(Shop=shop(transformer)), "Shop")["Queue"]
    sell(local_cloud, cheap=5, dear=50)
    assert receive(local_cloud, url) == [{"sold": "dear"}]


def test_an_input_transformer_knows_the_rule_and_the_event(local_cloud: Any) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""
    template = (
        '{"rule": "<aws.events.rule-name> is <aws.events.rule-arn>", "received": <aws.events.event.ingestion-time>,'
        ' "envelope": <aws.events.event>, "whole": <aws.events.event.json>, "bare": <n>, "number": <p>, "none": "<m>"}'
    )
    paths = {"n": "$.detail.name", "p": "$.detail.price", "m": "$.detail.missing"}
    body = shop({"InputPathsMap": paths, "InputTemplate": template})
    out = local_cloud.outputs(local_cloud.deploy(Reserved=body), "Reserved")
    sell(local_cloud, dear=50)
    (got,) = receive(local_cloud, out["Queue"])
    name = out["Rule"].rsplit("/", 1)[-1]
    assert got["rule"] == f"{name} is {out['Rule']}"
    assert datetime.fromisoformat(got["received"]).tzinfo is not None
    assert got["whole"]["detail"] == {"name": "dear", "price": 50}
    assert got["envelope"] == {key: value for key, value in got["whole"].items() if key != "detail"}
    assert got["envelope"]["source"] == "shop"
    assert (got["bare"], got["number"], got["none"]) == ("dear", 50, "")
