"""EventBridge rules: S3 events, patterns, input paths and transformers.

Expectations: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")


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


def test_a_target_that_fails_with_its_dead_letter_queue_takes_nothing_from_the_others(local_cloud: Any) -> None:
    """Each target has its own delivery: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    events, sqs = local_cloud.place.client("events"), local_cloud.place.client("sqs")
    names = ("gone", "gone-too", "healthy")
    urls = {name: sqs.create_queue(QueueName=f"side-{name}")["QueueUrl"] for name in names}
    arns = {name: f"arn:aws:sqs:us-east-1:123456789012:side-{name}" for name in names}
    events.put_rule(Name="sides", EventPattern=json.dumps({"source": ["sides"]}))
    events.put_targets(Rule="sides", Targets=[
        {"Id": "1", "Arn": arns["gone"], "DeadLetterConfig": {"Arn": arns["gone-too"]}},
        {"Id": "2", "Arn": arns["healthy"]},
    ])  # fmt: skip
    for name in ("gone", "gone-too"):
        sqs.delete_queue(QueueUrl=urls[name])
    events.put_events(Entries=[{"Source": "sides", "DetailType": "x", "Detail": "{}"}])
    assert [event["source"] for event in receive(local_cloud, urls["healthy"])] == ["sides"]


def test_an_input_path_that_is_no_jsonpath_is_refused(local_cloud: Any) -> None:
    """ValidationException: https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html"""
    events = local_cloud.place.client("events")
    events.put_rule(Name="paths", EventPattern=json.dumps({"source": ["paths"]}))
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:any", "InputPath": "$.detail.["}
    with pytest.raises(ClientError, match=r"\(ValidationException\).*\$\.detail\.\["):
        events.put_targets(Rule="paths", Targets=[target])
