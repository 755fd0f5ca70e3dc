"""What makes functions run: S3 notifications, topics, buses, schedules.

Expectations: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
and https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

import json
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.heard import HEARS, arn, heard, message

pytestmark = pytest.mark.capability("O14")


def lets_in(action: str, resource: Any) -> dict[str, Any]:
    """A policy that lets S3 do one thing."""
    who = {"Principal": {"Service": "s3.amazonaws.com"}, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **who}]}


@pytest.fixture(scope="module")
def out(local_cloud: Any) -> dict[str, str]:
    prefix = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}
    created = {"Event": "s3:ObjectCreated:*", "Filter": prefix}
    body: dict[str, Any] = {
        "Resources": {
            "Role": local_cloud.role(),
            "FromBucket": local_cloud.function(HEARS),
            "FromTopic": local_cloud.function(HEARS),
            "Closed": local_cloud.function(HEARS),
            **{name: {"Type": "AWS::SQS::Queue"} for name in ("Queue", "FromBus", "Lost")},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "lambda", "Endpoint": arn("FromTopic"),
                "FilterPolicy": {"kind": ["wanted"]}}},
            "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
                "FunctionName": {"Ref": "FromBucket"}, "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com"}},
            "QueuePolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
                "Queues": [{"Ref": "Queue"}], "PolicyDocument": lets_in("sqs:SendMessage", arn("Queue"))}},
            "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": ["Permission", "QueuePolicy"], "Properties": {
                "NotificationConfiguration": {
                    "LambdaConfigurations": [{**created, "Function": arn("FromBucket")}],
                    "QueueConfigurations": [{"Event": "s3:ObjectRemoved:*", "Queue": arn("Queue")}]}}},
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "triggers"}},
            "Forward": {"Type": "AWS::Events::Rule", "Properties": {
                "EventPattern": {"source": ["triggers"]}, "Targets": [{"Id": "bus", "Arn": arn("Bus")}]}},
            "Receive": {"Type": "AWS::Events::Rule", "Properties": {
                "EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["triggers"]},
                "Targets": [
                    {"Id": "q", "Arn": arn("FromBus")},
                    {"Id": "gone", "Arn": "arn:aws:sqs:us-east-1:123456789012:never-made",
                     "DeadLetterConfig": {"Arn": arn("Lost")}}]}},
        },
    }  # fmt: skip
    shown = ("Role", "FromBucket", "FromTopic", "Queue", "FromBus", "Lost", "Topic", "Bucket")
    body["Outputs"] = {name: {"Value": {"Ref": name}} for name in shown}
    body["Outputs"] |= {"ClosedArn": {"Value": arn("Closed")}}
    return dict(local_cloud.outputs(local_cloud.deploy(Triggers=body), "Triggers"))


def test_a_bucket_tells_a_function_and_a_queue(local_cloud: Any, out: Any) -> None:
    s3, bucket = local_cloud.place.client("s3"), out["Bucket"]
    put = s3.put_object(Bucket=bucket, Key="in/red flower+1.txt", Body=b"hello")
    s3.put_object(Bucket=bucket, Key="out/other.txt", Body=b"hello")
    (event,) = local_cloud.eventually(lambda: heard(local_cloud, out["FromBucket"]))
    (record,) = event["Records"]
    assert (record["eventVersion"], record["eventSource"], record["eventName"]) == (
        "2.1",
        "aws:s3",
        "ObjectCreated:Put",
    )
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    item = record["s3"]["object"]
    assert item == {
        "key": "in/red+flower%2B1.txt",
        "size": 5,
        "eTag": put["ETag"].strip('"'),
        "sequencer": item["sequencer"],
    }
    assert datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%S.%fZ")
    s3.delete_object(Bucket=bucket, Key="in/red flower+1.txt")
    test = json.loads(message(local_cloud, out["Queue"])["Body"])  # S3 sends it when the notification is set
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)
    (gone,) = json.loads(message(local_cloud, out["Queue"])["Body"])["Records"]
    assert (gone["eventName"], gone["s3"]["object"]["key"]) == ("ObjectRemoved:Delete", "in/red+flower%2B1.txt")
    assert int(gone["s3"]["object"]["sequencer"], 16) > int(item["sequencer"], 16)


@pytest.mark.parametrize(
    ("kind", "name", "destination"),
    [
        ("Queue", "QueueArn", "arn:aws:sqs:us-east-1:123456789012:closed"),
        ("Queue", "QueueArn", "arn:aws:sqs:us-east-1:123456789012:never-made"),
        ("Topic", "TopicArn", "arn:aws:sns:us-east-1:123456789012:closed"),
        ("LambdaFunction", "LambdaFunctionArn", None),
    ],
)
def test_a_bucket_takes_only_destinations_that_let_it_in(
    local_cloud: Any, out: Any, kind: str, name: str, destination: str | None
) -> None:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html"""
    s3, sqs, sns = (local_cloud.place.client(service) for service in ("s3", "sqs", "sns"))
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    sns.create_topic(Name="closed")
    s3.create_bucket(Bucket="asks-to-be-let-in")
    entry = {name: destination or out["ClosedArn"], "Events": ["s3:ObjectCreated:*"]}
    given = {"Bucket": "asks-to-be-let-in", "NotificationConfiguration": {f"{kind}Configurations": [entry]}}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations") as raised:
        s3.put_bucket_notification_configuration(**given)
    assert raised.value.response["Error"]["Code"] == "InvalidArgument"
    if destination and destination.endswith("sqs:us-east-1:123456789012:closed"):
        policy = {"Policy": json.dumps(lets_in("sqs:SendMessage", destination))}
        sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
        s3.put_bucket_notification_configuration(**given)
        sqs.delete_queue(QueueUrl=url)
    s3.put_bucket_notification_configuration(**given, SkipDestinationValidation=True)


def test_a_bucket_takes_no_overlapping_notifications(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"""
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="overlapping")

    def put(*rules: tuple[str, dict[str, str]]) -> None:
        queues = [
            {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:any", "Events": [event], "Filter": {"Key": {
                "FilterRules": [{"Name": name, "Value": value} for name, value in wanted.items()]}}}
            for event, wanted in rules
        ]  # fmt: skip
        s3.put_bucket_notification_configuration(
            Bucket="overlapping",
            NotificationConfiguration={"QueueConfigurations": queues},
            SkipDestinationValidation=True,
        )

    with pytest.raises(ClientError, match="Configuration is ambiguously defined"):
        put(("s3:ObjectCreated:*", {"prefix": "a/"}), ("s3:ObjectCreated:Put", {"prefix": "a/b", "suffix": ".pdf"}))
    put(("s3:ObjectCreated:*", {"prefix": "a/"}), ("s3:ObjectCreated:*", {"prefix": "b/"}))
    put(("s3:ObjectCreated:*", {"suffix": ".pdf"}), ("s3:ObjectCreated:*", {"suffix": ".txt"}))
    put(("s3:ObjectCreated:*", {"prefix": "a/"}), ("s3:ObjectRemoved:*", {"prefix": "a/"}))


def test_a_topic_runs_a_function_with_what_was_published(local_cloud: Any, out: Any) -> None:
    sns = local_cloud.place.client("sns")
    wanted = {"kind": {"DataType": "String", "StringValue": "wanted"}}
    sns.publish(TopicArn=out["Topic"], Message="not for it")
    sent = sns.publish(TopicArn=out["Topic"], Message="news", Subject="today", MessageAttributes=wanted)
    (event,) = local_cloud.eventually(lambda: heard(local_cloud, out["FromTopic"]), seconds=60)
    (record,) = event["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    told = record["Sns"]
    assert (told["Message"], told["Subject"], told["MessageId"]) == ("news", "today", sent["MessageId"])
    assert told["TopicArn"] == out["Topic"]
    assert told["MessageAttributes"] == {"kind": {"Type": "String", "Value": "wanted"}}


def test_a_bus_hands_events_on_and_keeps_those_it_cannot_deliver(local_cloud: Any, out: Any) -> None:
    entry = {"Source": "triggers", "DetailType": "test", "Detail": '{"n": 1}'}
    local_cloud.place.client("events").put_events(Entries=[entry])
    event = json.loads(message(local_cloud, out["FromBus"])["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("triggers", "test", {"n": 1})
    lost = message(local_cloud, out["Lost"])
    assert json.loads(lost["Body"])["detail"] == {"n": 1}
    assert lost["MessageAttributes"]["TARGET_ARN"]["StringValue"].endswith(":never-made")
    assert ":rule/triggers/" in lost["MessageAttributes"]["RULE_ARN"]["StringValue"]


def test_targets_that_are_not_emulated_are_refused_by_name(local_cloud: Any) -> None:
    events = local_cloud.place.client("events")
    events.put_rule(Name="refused", ScheduleExpression="rate(1 hour)")
    target = {"Id": "k", "Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/x"}
    with pytest.raises(ClientError, match=r"delivers to SQS queues.*kinesis"):
        events.put_targets(Rule="refused", Targets=[target])
    events.delete_rule(Name="refused")
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        events.put_rule(Name="never", ScheduleExpression="rate(1 minutes)")
