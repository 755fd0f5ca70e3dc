"""Asynchronous events: retries, destinations, dead-letter queues.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.capability("O14")

FAILS = "def handler(event, context): raise ValueError('no: ' + str(event['n']))"
QUEUES = ("Failed", "Thrice", "Dead", "FromBus", "FromTopic", "Zero")
WORKS = "def handler(event, context): return {'got': event}"


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def settings(function: str, **properties: Any) -> dict[str, Any]:
    named = {"FunctionName": {"Ref": function}, "Qualifier": "$LATEST"}
    return {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {**named, **properties}}


def to(side: str, target: Any) -> dict[str, Any]:
    return {"DestinationConfig": {side: {"Destination": target}}}


@pytest.fixture(scope="module")
def out(local_cloud: Any) -> dict[str, str]:
    pattern = {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Success"]}
    bus_target = {"Id": "q", "Arn": arn("FromBus")}
    dead = {"DeadLetterConfig": {"TargetArn": arn("Dead")}}
    body: dict[str, Any] = {
        "Resources": {
            "Role": local_cloud.role(),
            **{name: {"Type": "AWS::SQS::Queue"} for name in QUEUES},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "ToQueue": {"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": arn("FromTopic")}},
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "async-results"}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {
                "EventBusName": {"Ref": "Bus"}, "EventPattern": pattern, "Targets": [bus_target]}},
            "Listener": local_cloud.function("import json\ndef handler(e, context): print('heard', json.dumps(e))"),
            "Once": local_cloud.function(FAILS, **dead),
            "OnceConfig": settings("Once", MaximumRetryAttempts=0, **to("OnFailure", arn("Failed"))),
            "Again": local_cloud.function(FAILS),
            "AgainConfig": settings("Again", **to("OnFailure", arn("Thrice"))),
            "ToBus": local_cloud.function(WORKS),
            "ToBusConfig": settings("ToBus", **to("OnSuccess", arn("Bus"))),
            "ToTopic": local_cloud.function(WORKS),
            "ToTopicConfig": settings("ToTopic", **to("OnSuccess", {"Ref": "Topic"})),
            "ToFunction": local_cloud.function(WORKS),
            "ToFunctionConfig": settings("ToFunction", **to("OnSuccess", arn("Listener"))),
            "Off": local_cloud.function(WORKS, ReservedConcurrentExecutions=0),
            "OffConfig": settings("Off", **to("OnFailure", arn("Zero"))),
            "Slow": local_cloud.function(
                "import time\ndef handler(e, c): time.sleep(1); print('ran', e['n'])", ReservedConcurrentExecutions=1),
        },
    }  # fmt: skip
    shown = (*QUEUES, "Again", "Once", "ToBus", "ToTopic", "ToFunction", "Off", "Slow")
    body["Outputs"] = {name: {"Value": {"Ref": name}} for name in (*shown, "Listener", "Topic")}
    return dict(local_cloud.outputs(local_cloud.deploy(Async=body), "Async"))


def send(local_cloud: Any, name: str, event: Any) -> None:
    client = local_cloud.place.client("lambda")
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
    assert answer["StatusCode"] == 202


def message(local_cloud: Any, url: str) -> Any:
    sqs = local_cloud.place.client("sqs")
    return local_cloud.eventually(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"]).get("Messages"),
        seconds=30,
    )[0]


def lines(local_cloud: Any, name: str) -> list[str]:
    path = local_cloud.state / "logs" / f"{name}.log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_failure_goes_to_its_destination_and_the_dead_letter_queue(local_cloud: Any, out: Any) -> None:
    send(local_cloud, out["Once"], {"n": 1})
    record = json.loads(message(local_cloud, out["Failed"])["Body"])
    assert record["version"] == "1.0"
    request_id = record["requestContext"]["requestId"]
    assert f"START RequestId: {request_id} Version: $LATEST" in lines(local_cloud, out["Once"])
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"arn:aws:lambda:us-east-1:123456789012:function:{out['Once']}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no: 1"
    dead = message(local_cloud, out["Dead"])
    assert json.loads(dead["Body"]) == {"n": 1}
    attributes = {name: (value["DataType"], value["StringValue"]) for name, value in dead["MessageAttributes"].items()}
    assert attributes == {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "no: 1"),
    }


def test_an_event_is_tried_three_times_before_it_goes_to_its_destination(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
    send(local_cloud, out["Again"], {"n": 7})
    record = json.loads(message(local_cloud, out["Thrice"])["Body"])
    asked, answered = record["requestContext"], record["responsePayload"]
    assert (asked["condition"], asked["approximateInvokeCount"]) == ("RetriesExhausted", 3)
    assert (record["requestPayload"], answered["errorType"]) == ({"n": 7}, "ValueError")


def test_a_success_goes_to_a_bus_as_an_event(local_cloud: Any, out: Any) -> None:
    send(local_cloud, out["ToBus"], {"n": 2})
    event = json.loads(message(local_cloud, out["FromBus"])["Body"])
    assert (event["source"], event["detail-type"]) == ("lambda", "Lambda Function Invocation Result - Success")
    assert event["resources"][0].endswith(f":function:{out['ToBus']}:$LATEST")
    assert event["detail"]["requestContext"]["condition"] == "Success"
    assert event["detail"]["responsePayload"] == {"got": {"n": 2}}


def test_a_success_goes_to_a_topic(local_cloud: Any, out: Any) -> None:
    send(local_cloud, out["ToTopic"], {"n": 3})
    envelope = json.loads(message(local_cloud, out["FromTopic"])["Body"])
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", out["Topic"])
    assert json.loads(envelope["Message"])["requestPayload"] == {"n": 3}


def test_a_success_goes_to_another_function(local_cloud: Any, out: Any) -> None:
    send(local_cloud, out["ToFunction"], {"n": 4})
    heard = local_cloud.eventually(
        lambda: [line for line in lines(local_cloud, out["Listener"]) if line.startswith("heard")]
    )
    assert json.loads(heard[0].removeprefix("heard "))["responsePayload"] == {"got": {"n": 4}}


def test_a_function_that_is_switched_off_fails_its_events_without_trying(local_cloud: Any, out: Any) -> None:
    send(local_cloud, out["Off"], {"n": 5})
    record = json.loads(message(local_cloud, out["Zero"])["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record["requestPayload"] == {"n": 5}
    assert "responsePayload" not in record


def test_throttled_events_wait_and_run(local_cloud: Any, out: Any) -> None:
    for number in range(4):
        send(local_cloud, out["Slow"], {"n": number})
    local_cloud.eventually(
        lambda: (
            {line for line in lines(local_cloud, out["Slow"]) if line.startswith("ran")}
            == {f"ran {number}" for number in range(4)}
        ),
        seconds=40,
    )


def test_settings_can_be_read_changed_and_deleted(local_cloud: Any, out: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionEventInvokeConfig.html"""
    client = local_cloud.place.client("lambda")
    name = {"FunctionName": out["Slow"]}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_event_invoke_config(**name)
    client.put_function_event_invoke_config(**name, MaximumRetryAttempts=1)
    client.update_function_event_invoke_config(**name, MaximumEventAgeInSeconds=60)
    found = client.get_function_event_invoke_config(**name)
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 60)
    client.put_function_event_invoke_config(**name, MaximumEventAgeInSeconds=120)
    found = client.get_function_event_invoke_config(**name)
    assert ("MaximumRetryAttempts" in found, found["MaximumEventAgeInSeconds"]) == (False, 120)
    client.delete_function_event_invoke_config(**name)
    assert client.list_function_event_invoke_configs(**name)["FunctionEventInvokeConfigs"] == []


def test_a_destination_that_is_gone_does_not_keep_the_event_from_the_dead_letter_queue(local_cloud: Any) -> None:
    """Both are sent to: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    resources = {
        "Role": local_cloud.role(),
        **{name: {"Type": "AWS::SQS::Queue"} for name in ("Gone", "Dead")},
        "Fails": local_cloud.function(FAILS, DeadLetterConfig={"TargetArn": arn("Dead")}),
        "Config": settings("Fails", MaximumRetryAttempts=0, **to("OnFailure", arn("Gone"))),
    }
    outputs = {name: {"Value": {"Ref": name}} for name in ("Gone", "Dead", "Fails")}
    made = local_cloud.outputs(local_cloud.deploy(AsyncGone={"Resources": resources, "Outputs": outputs}), "AsyncGone")
    local_cloud.place.client("sqs").delete_queue(QueueUrl=made["Gone"])
    send(local_cloud, made["Fails"], {"n": 7})
    assert json.loads(message(local_cloud, made["Dead"])["Body"]) == {"n": 7}
