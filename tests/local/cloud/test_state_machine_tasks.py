"""Tasks: functions, AWS services, callbacks, jobs, activities, time limits.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html and
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import json
import time
from typing import Any

import pytest

from local.cloud.state_machines import Machines, chain, one, refused, task

pytestmark = pytest.mark.capability("O14")


CODE = """
import json, os, time, boto3
class NoStock(Exception): pass
def handler(event, context):
    if event.get("fail"): raise NoStock("none of " + event["fail"])
    if event.get("sleep"): time.sleep(event["sleep"])
    if event.get("token"):
        boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output=json.dumps({"back": 1}))
    return {"got": event}
"""


@pytest.fixture(scope="module")
def stack(local_cloud: Any) -> dict[str, Any]:
    """A function, a queue, a table and a bucket."""
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "Worker": local_cloud.function(CODE),
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}},
        },
        "Outputs": {
            **{key: {"Value": {"Ref": key}} for key in ("Worker", "Queue", "Bucket", "Table")},
            "WorkerArn": {"Value": {"Fn::GetAtt": ["Worker", "Arn"]}},
        },
    }  # fmt: skip
    return dict(local_cloud.outputs(local_cloud.deploy(Tasks=body), "Tasks"))


def received(local_cloud: Any, url: str) -> list[Any]:
    sqs = local_cloud.place.client("sqs")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def test_a_function_is_invoked_by_integration_and_by_arn(machines: Machines, stack: dict[str, Any]) -> None:
    integration = task("lambda:invoke", {"FunctionName": stack["Worker"], "Payload.$": "$"}, OutputPath="$.Payload.got")
    assert machines.output(chain(integration), {"x": 1}) == {"x": 1}
    by_arn = {"Type": "Task", "Resource": stack["WorkerArn"], "ResultPath": "$.answer"}
    shown = machines.run(chain(by_arn), {"x": 1})
    assert shown["output"] == {"x": 1, "answer": {"got": {"x": 1}}}
    types = machines.event_types(shown["executionArn"])
    assert types == [
        "ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


@pytest.mark.parametrize("by_arn", [True, False])
def test_a_functions_error_is_named_by_its_class(machines: Machines, stack: dict[str, Any], by_arn: bool) -> None:
    state = task("lambda:invoke", {"FunctionName": stack["Worker"], "Payload.$": "$"})
    state = {"Type": "Task", "Resource": stack["WorkerArn"]} if by_arn else state
    caught = {**state, "Catch": [{"ErrorEquals": ["NoStock"], "Next": "B"}], "End": True}
    output = machines.output(one({"A": caught, "B": {"Type": "Pass", "End": True}}), {"fail": "tea"})
    assert output["Error"] == "NoStock"
    assert json.loads(output["Cause"])["errorMessage"] == "none of tea"


def test_a_function_that_is_not_there_is_a_lambda_error(machines: Machines) -> None:
    shown = machines.run(chain(task("lambda:invoke", {"FunctionName": "nobody"})))
    assert shown["error"] == "Lambda.ResourceNotFoundException"


def test_a_task_that_takes_too_long_times_out(machines: Machines, stack: dict[str, Any]) -> None:
    state = {"Type": "Task", "Resource": stack["WorkerArn"], "TimeoutSeconds": 1}
    shown = machines.run(chain(state), {"sleep": 5})
    assert shown["error"] == "States.Timeout"
    assert "LambdaFunctionTimedOut" in machines.event_types(shown["executionArn"])


def test_dynamodb_items_and_its_errors(machines: Machines, stack: dict[str, Any]) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-ddb.html"""
    key = {"TableName": stack["Table"], "Key": {"pk": {"S.$": "$.id"}}}
    definition = chain(
        task(
            "dynamodb:putItem",
            {"TableName": stack["Table"], "Item": {"pk": {"S.$": "$.id"}, "n": {"N": "1"}}},
            ResultPath=None,
        ),
        task(
            "dynamodb:updateItem",
            {**key, "UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": {":one": {"N": "4"}}},
            ResultPath=None,
        ),
        task("dynamodb:getItem", key, OutputPath="$.Item"),
    )
    assert machines.output(definition, {"id": "a"}) == {"pk": {"S": "a"}, "n": {"N": "5"}}
    again = {"TableName": stack["Table"], "Item": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    assert machines.run(chain(task("dynamodb:putItem", again)))["error"] == "DynamoDB.ConditionalCheckFailedException"
    shown = machines.run(chain(task("aws-sdk:dynamodb:putItem", again)))
    assert shown["error"] == "DynamoDb.ConditionalCheckFailedException"


def test_queues_topics_and_events(local_cloud: Any, machines: Machines, stack: dict[str, Any]) -> None:
    received(local_cloud, stack["Queue"])
    sns = local_cloud.place.client("sns")
    topic = sns.create_topic(Name="from-machine")["TopicArn"]
    definition = chain(
        task("sqs:sendMessage", {"QueueUrl": stack["Queue"], "MessageBody": {"n.$": "$.n"}}, ResultPath=None),
        task("sns:publish", {"TopicArn": topic, "Message.$": "$.n"}, ResultPath="$.sns"),
        task(
            "events:putEvents",
            {"Entries": [{"Source": "m", "DetailType": "d", "Detail": {"n.$": "$.n"}}]},
            ResultPath="$.events",
        ),
    )
    output = machines.output(definition, {"n": 3})
    assert received(local_cloud, stack["Queue"]) == [{"n": 3}]
    assert output["sns"]["MessageId"]
    assert output["events"]["FailedEntryCount"] == 0


def test_any_aws_sdk_call_with_its_error_names(machines: Machines, stack: dict[str, Any]) -> None:
    definition = chain(
        task("aws-sdk:s3:putObject", {"Bucket": stack["Bucket"], "Key": "k", "Body": {"a": 1}}, ResultPath=None),
        task(
            "aws-sdk:s3:getObject",
            {"Bucket": stack["Bucket"], "Key": "k"},
            ResultSelector={"body.$": "States.StringToJson($.Body)", "length.$": "$.ContentLength"},
        ),
    )
    assert machines.output(definition) == {"body": {"a": 1}, "length": 7}
    missing = task("aws-sdk:s3:getObject", {"Bucket": stack["Bucket"], "Key": "nothing"})
    assert machines.run(chain(missing))["error"] == "S3.NoSuchKeyException"
    wrong = machines.run(chain(task("aws-sdk:s3:getObject", {"Buckets": "b"})))
    assert (wrong["error"], "'Buckets' is not supported" in wrong["cause"]) == ("States.Runtime", True)
    sfn = machines.output(chain(task("aws-sdk:sfn:listActivities", {"MaxResults": 5})))
    assert isinstance(sfn["Activities"], list)


def test_bedrock_invokes_a_model(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html"""
    body = {"ModelId": "amazon.titan-embed-text-v2:0", "Body": {"inputText": "hello", "dimensions": 256}}
    output = machines.output(chain(task("bedrock:invokeModel", body)))
    assert len(output["Body"]["embedding"]) == 256
    assert output["ContentType"] == "application/json"


def test_a_callback_by_the_function_itself(machines: Machines, stack: dict[str, Any]) -> None:
    payload = {"FunctionName": stack["Worker"], "Payload": {"token.$": "$$.Task.Token"}}
    shown = machines.run(chain(task("lambda:invoke.waitForTaskToken", payload, TimeoutSeconds=20)))
    assert shown["output"] == {"back": 1}
    assert "TaskSubmitted" in machines.event_types(shown["executionArn"])


def waiting(local_cloud: Any, machines: Machines, stack: dict[str, Any], **fields: Any) -> tuple[str, str]:
    """Start an execution that waits for a callback; return its ARN and its token."""
    received(local_cloud, stack["Queue"])
    send = {"QueueUrl": stack["Queue"], "MessageBody": {"token.$": "$$.Task.Token"}}
    arn = machines.start(chain(task("sqs:sendMessage.waitForTaskToken", send, **fields)))
    (message,) = local_cloud.eventually(lambda: received(local_cloud, stack["Queue"]), what="the token")
    return arn, message["token"]


def test_callbacks_fail_and_are_taken_once(local_cloud: Any, machines: Machines, stack: dict[str, Any]) -> None:
    arn, token = waiting(local_cloud, machines, stack)
    machines.client.send_task_failure(taskToken=token, error="Refused", cause="by hand")
    shown = machines.ended(arn)
    assert (shown["error"], shown["cause"]) == ("Refused", "by hand")
    with pytest.raises(machines.client.exceptions.TaskTimedOut):
        machines.client.send_task_success(taskToken=token, output="{}")
    with pytest.raises(machines.client.exceptions.InvalidToken):
        machines.client.send_task_heartbeat(taskToken="nonsense")


def test_heartbeats_keep_a_task_until_they_stop(local_cloud: Any, machines: Machines, stack: dict[str, Any]) -> None:
    began = time.monotonic()
    arn, token = waiting(local_cloud, machines, stack, HeartbeatSeconds=1, TimeoutSeconds=60)
    for _ in range(4):
        time.sleep(0.4)
        machines.client.send_task_heartbeat(taskToken=token)
    assert machines.ended(arn)["error"] == "States.HeartbeatTimeout"
    assert time.monotonic() - began > 1.6
    with pytest.raises(machines.client.exceptions.TaskTimedOut):
        machines.client.send_task_heartbeat(taskToken=token)


@pytest.mark.parametrize(
    "resource",
    ["sagemaker:createTransformJob.sync", "batch:submitJob.sync", "http:invoke", "eks:call", "ecs:runTask.sync"],
)
def test_what_is_not_emulated_fails_by_name_and_is_never_caught(machines: Machines, resource: str) -> None:
    state = task(resource, {}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}], End=True)
    shown = machines.run(one({"A": state, "B": {"Type": "Succeed"}}))
    assert shown["error"] == "States.Runtime"
    assert resource in shown["cause"]
    assert "not emulated" in shown["cause"]


def test_an_activity_worker_takes_and_returns_work(local_cloud: Any, machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html"""
    body = {"Resources": {"Work": {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": "by-hand"}}},
            "Outputs": {"Work": {"Value": {"Ref": "Work"}}}}  # fmt: skip
    activity = local_cloud.outputs(local_cloud.deploy(Activity=body), "Activity")["Work"]
    arn = machines.start(chain({"Type": "Task", "Resource": activity}), {"n": 2})
    work = machines.client.get_activity_task(activityArn=activity, workerName="w")
    assert json.loads(work["input"]) == {"n": 2}
    machines.client.send_task_success(taskToken=work["taskToken"], output="[1]")
    shown = machines.ended(arn)
    assert shown["output"] == [1]
    assert "ActivitySucceeded" in machines.event_types(arn)


def test_a_call_without_a_required_field_fails_and_names_it(machines: Machines) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"""
    shown = machines.run(chain(task("aws-sdk:s3:getObject", {"Bucket": "b"})))
    assert (shown["error"], "'Key' is required" in shown["cause"]) == ("States.Runtime", True)


def test_a_state_cannot_be_tried_alone(machines: Machines) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html"""
    with refused("ValidationException"):
        machines.client.test_state(definition="{}", roleArn="arn:aws:iam::123456789012:role/machine")
