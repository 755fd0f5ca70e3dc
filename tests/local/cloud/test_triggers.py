"""What makes functions run: S3 notifications, topics, buses, schedules.

Expectations: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
and https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")

HEARS = "import json\ndef handler(e, context): print('heard', json.dumps(e))"


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


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
            "FromSchedule": local_cloud.function(HEARS),
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
    shown = ("Role", "FromBucket", "FromTopic", "FromSchedule", "Queue", "FromBus", "Lost", "Topic", "Bucket")
    body["Outputs"] = {name: {"Value": {"Ref": name}} for name in shown}
    body["Outputs"] |= {"ScheduleArn": {"Value": arn("FromSchedule")}, "RoleArn": {"Value": arn("Role")}}
    body["Outputs"] |= {"QueueArn": {"Value": arn("Queue")}}
    return dict(local_cloud.outputs(local_cloud.deploy(Triggers=body), "Triggers"))


def heard(local_cloud: Any, name: str) -> list[Any]:
    """Return the events that a function wrote; a line without its end is still being written."""
    path = local_cloud.state / "logs" / f"{name}.log"
    lines = path.read_text().rpartition("\n")[0].splitlines() if path.exists() else []
    return [json.loads(line.removeprefix("heard ")) for line in lines if line.startswith("heard ")]


def message(local_cloud: Any, url: str) -> Any:
    """Return the next message, taking it out."""
    sqs = local_cloud.place.client("sqs")
    arguments = {"QueueUrl": url, "WaitTimeSeconds": 1, "MessageAttributeNames": ["All"]}
    found = local_cloud.eventually(lambda: sqs.receive_message(**arguments).get("Messages"), seconds=30)[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
    return found


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
    entry = {name: destination or out["ScheduleArn"], "Events": ["s3:ObjectCreated:*"]}
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


def test_a_fifo_topic_identifies_messages_by_their_content(local_cloud: Any) -> None:
    """Source: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html"""
    fifo = {"FifoTopic": True, "TopicName": "ordered.fifo", "ContentBasedDeduplication": True}
    body = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": fifo},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "QueueName": "ordered.fifo"}},
            "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": arn("Queue")}},
        },
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}, "Queue": {"Value": {"Ref": "Queue"}}},
    }  # fmt: skip
    made = local_cloud.outputs(local_cloud.deploy(Ordered=body), "Ordered")
    sns, sqs = local_cloud.place.client("sns"), local_cloud.place.client("sqs")
    for text in ("one", "one", "two"):
        sns.publish(TopicArn=made["Topic"], Message=text, MessageGroupId="g")
    sns.publish(TopicArn=made["Topic"], Message="two", MessageGroupId="g", MessageDeduplicationId="again")
    got: list[str] = []

    def received() -> bool:
        found = sqs.receive_message(QueueUrl=made["Queue"], MaxNumberOfMessages=10).get("Messages", [])
        got.extend(json.loads(one["Body"])["Message"] for one in found)
        for one in found:
            sqs.delete_message(QueueUrl=made["Queue"], ReceiptHandle=one["ReceiptHandle"])
        return len(got) >= 3

    local_cloud.eventually(received, what="three messages")
    assert got == ["one", "two", "two"]


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


def schedule(out: Any, expression: str, **more: Any) -> dict[str, Any]:
    target = {"Arn": out["ScheduleArn"], "RoleArn": out["RoleArn"], **more.pop("Target", {})}
    window = {"FlexibleTimeWindow": {"Mode": "OFF"}}
    return {"ScheduleExpression": expression, "Target": target, **window, **more}


def test_a_one_time_schedule_fires_in_its_time_zone_and_is_gone(local_cloud: Any, out: Any) -> None:
    client = local_cloud.place.client("scheduler")
    moment = datetime.now(UTC) + timedelta(seconds=2)
    local = moment.astimezone(ZoneInfo("Asia/Tokyo"))
    given = '{"when": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    expression = f"at({local:%Y-%m-%dT%H:%M:%S})"
    once = schedule(out, expression, Target={"Input": given}, ActionAfterCompletion="DELETE")
    made = client.create_schedule(Name="once", ScheduleExpressionTimezone="Asia/Tokyo", **once)
    assert client.get_schedule(Name="once")["ScheduleExpression"] == expression
    wanted = {"when": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "by": made["ScheduleArn"]}
    local_cloud.eventually(lambda: wanted in heard(local_cloud, out["FromSchedule"]))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_schedule(Name="once")


def test_a_schedule_of_a_template_fires_changes_and_goes(local_cloud: Any, out: Any) -> None:
    """A rate without a start date begins at once."""
    target = {"Arn": out["QueueArn"], "RoleArn": out["RoleArn"], "Input": "first"}
    properties = schedule(out, "rate(1 hour)") | {"GroupName": {"Ref": "Group"}, "Target": target}
    body: dict[str, Any] = {
        "Resources": {
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "mine"}},
            "It": {"Type": "AWS::Scheduler::Schedule", "Properties": properties},
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}, "Arn": {"Value": arn("It")}},
    }
    made = local_cloud.outputs(local_cloud.deploy(Scheduled=body), "Scheduled")
    assert made["Arn"] == f"arn:aws:scheduler:us-east-1:123456789012:schedule/mine/{made['It']}"
    assert message(local_cloud, out["Queue"])["Body"] == "first"
    properties["Target"] = {**target, "Input": "second"}
    local_cloud.deploy(Scheduled=body)
    assert message(local_cloud, out["Queue"])["Body"] == "second"
    local_cloud.remove("Scheduled")
    client = local_cloud.place.client("scheduler")
    assert not [one for one in client.list_schedules()["Schedules"] if one["Name"] == made["It"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "sometimes"}, "Invalid Schedule Expression sometimes"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:s3:listBuckets", "RoleArn": "r"}}, "delivers to SQS queues"),
    ],
)
def test_schedules_that_cannot_fire_are_refused(local_cloud: Any, out: Any, change: Any, message: str) -> None:
    client = local_cloud.place.client("scheduler")
    with pytest.raises(client.exceptions.ValidationException, match=message):
        client.create_schedule(Name="never", **{**schedule(out, "rate(1 hour)"), **change})


@pytest.mark.timeout(150)
def test_a_rule_fires_by_the_wall_clock(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
    events = local_cloud.place.client("events")
    rule = events.put_rule(Name="each-minute", ScheduleExpression="cron(* * * * ? *)")["RuleArn"]
    events.put_targets(Rule="each-minute", Targets=[{"Id": "f", "Arn": out["ScheduleArn"]}])

    def fired() -> list[Any]:
        return [one for one in heard(local_cloud, out["FromSchedule"]) if one.get("resources") == [rule]]

    (event, *_) = local_cloud.eventually(fired, seconds=90)
    events.disable_rule(Name="each-minute")
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").second == 0
