"""Event patterns through EventBridge, Lambda's filters and SNS's filter policies.

Expectations: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("O14")

EVENT = {
    "id": "1", "account": "123456789012", "source": "papers", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
    "resources": [], "detail-type": "Read", "detail": {"pages": 5, "name": "abc"},
}  # fmt: skip
WRONG = (
    ({"bogus": 1}, "Unrecognized match type bogus at x"),
    ({"numeric": [">"]}, r"numeric does not take \[\">\"\]"),
    ({"numeric": [">", "1"]}, "numeric does not take"),
    ({"cidr": "10.0.0.0/99"}, "cidr does not take"),
    ({"exists": "yes"}, "exists does not take"),
    ({"anything-but": {"numeric": 1}}, "anything-but does not take"),
    ({"wildcard": "a**b"}, "wildcard does not take"),
    ({"prefix": "a", "suffix": "b"}, "an object with one operator"),
)


@pytest.mark.parametrize(("match", "error"), WRONG)
def test_a_pattern_that_eventbridge_does_not_know_is_refused(local_cloud: Any, match: Any, error: str) -> None:
    events = local_cloud.place.client("events")
    for pattern in ({"detail": {"x": [match]}}, {"$or": [{"detail": {"x": ["a", match]}}, {"source": ["s"]}]}):
        with pytest.raises(events.exceptions.InvalidEventPatternException, match=error):
            events.put_rule(Name="wrong-pattern", EventPattern=json.dumps(pattern))


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"pages": [{"numeric": [">", 4, "<=", 5]}]}, True),
        ({"pages": [{"numeric": [">", 5]}]}, False),
        ({"name": [{"prefix": {"equals-ignore-case": "AB"}}]}, True),
        ({"name": [{"anything-but": {"suffix": ["bc", "x"]}}]}, False),
        ({"name": [{"anything-but": ["x"]}], "none": [{"exists": False}]}, True),
        ({"$or": [{"pages": [1]}, {"name": [{"wildcard": "a*c"}]}]}, True),
    ],
)
def test_a_pattern_is_tried_on_an_event(local_cloud: Any, detail: Any, expected: bool) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html"""
    events = local_cloud.place.client("events")
    pattern = json.dumps({"source": ["papers"], "detail": detail})
    assert events.test_event_pattern(EventPattern=pattern, Event=json.dumps(EVENT))["Result"] is expected
    with pytest.raises(ClientError, match="Parameter Event is not valid"):
        events.test_event_pattern(EventPattern=pattern, Event='{"source": "papers"}')


def test_a_mapping_whose_filter_is_wrong_is_refused(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"""
    function = local_cloud.function("def handler(event, context): pass", FunctionName="filtered-wrong")
    role = local_cloud.role()
    role["Properties"]["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]
    stack = {"Resources": {"Role": role, "Function": function, "Queue": {"Type": "AWS::SQS::Queue"}},
             "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}}}  # fmt: skip
    source = local_cloud.outputs(local_cloud.deploy(FilteredWrong=stack), "FilteredWrong")["Arn"]
    client = local_cloud.place.client("lambda")
    pattern = json.dumps({"body": {"x": [{"bogus": 1}]}})
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Invalid filter pattern definition"):
        client.create_event_source_mapping(
            FunctionName="filtered-wrong", EventSourceArn=source, FilterCriteria={"Filters": [{"Pattern": pattern}]}
        )
    local_cloud.remove("FilteredWrong")


@pytest.mark.parametrize(("scope", "sent"), [("MessageAttributes", {"kind": "aBc"}), ("MessageBody", {"kind": "aBc"})])
def test_a_topics_filter_may_ignore_case(local_cloud: Any, scope: str, sent: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html"""
    sns, sqs = local_cloud.place.client("sns"), local_cloud.place.client("sqs")
    name = f"ignoring-case-{scope}"
    topic, queue = sns.create_topic(Name=name)["TopicArn"], sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    wanted = json.dumps({"kind": [{"equals-ignore-case": "ABC"}]})
    attributes = {"FilterPolicy": wanted, "FilterPolicyScope": scope, "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    for one in (sent, {"kind": "other"}):
        named = {key: {"DataType": "String", "StringValue": value} for key, value in one.items()}
        sns.publish(TopicArn=topic, Message=json.dumps(one), MessageAttributes=named)
    [message] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
    assert json.loads(message["Body"]) == sent
