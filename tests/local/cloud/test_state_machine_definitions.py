"""Machines of a template: substitutions, versions, aliases, and definitions that are refused.

Expectations: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
and https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

import json
from typing import Any

import pytest

from local.cloud.state_machines import ROLE, Machines, chain, one, refused
from slipway_local import cloud

pytestmark = pytest.mark.capability("O14")

LOG_GROUP = "/aws/vendedlogs/states/deployed"


def deployed(local_cloud: Any, answer: str) -> dict[str, Any]:
    definition = '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":{"is":"${answer}","n":${n}},"End":true}}}'
    group = {"Fn::GetAtt": ["Log", "Arn"]}
    return {
        "Resources": {
            "Role": local_cloud.role(),
            "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOG_GROUP}},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
                "StateMachineName": "deployed", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": definition, "DefinitionSubstitutions": {"answer": answer, "n": 3},
                "Tags": [{"Key": "team", "Value": "blue"}],
                "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": True,
                                         "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}]}}},
            "Version": {"Type": "AWS::StepFunctions::StateMachineVersion",
                        "Properties": {"StateMachineArn": {"Ref": "Machine"}}},
            "Alias": {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {"Name": "live",
                "RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}]}},
        },
        "Outputs": {"Alias": {"Value": {"Ref": "Alias"}}, "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
                    "Arn": {"Value": {"Ref": "Machine"}}},
    }  # fmt: skip


def test_a_deployed_machine_has_substitutions_logs_versions_and_an_alias(local_cloud: Any, machines: Machines) -> None:
    """As AWS's page of AWS::StepFunctions::StateMachine and its neighbours say."""
    out = local_cloud.outputs(local_cloud.deploy(Deployed=deployed(local_cloud, "first")), "Deployed")
    assert out["Name"] == "deployed"
    shown = machines.ended(machines.start_arn(out["Alias"]))
    assert shown["output"] == {"is": "first", "n": 3}
    assert (shown["stateMachineAliasArn"], shown["stateMachineVersionArn"]) == (out["Alias"], out["Arn"] + ":1")
    tags = machines.client.list_tags_for_resource(resourceArn=out["Arn"])["tags"]
    assert {"key": "team", "value": "blue"} in tags
    logs = local_cloud.place.client("logs")
    found = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
    lines = [json.loads(event["message"]) for event in found]
    assert [line["type"] for line in lines] == machines.event_types(shown["executionArn"])
    assert lines[0]["details"]["input"] == "{}"

    out = local_cloud.outputs(local_cloud.deploy(Deployed=deployed(local_cloud, "second")), "Deployed")
    assert machines.ended(machines.start_arn(out["Arn"]))["output"]["is"] == "second"
    assert machines.ended(machines.start_arn(out["Alias"]))["output"]["is"] == "first", "the version stays as it was"
    local_cloud.remove("Deployed")
    with refused("StateMachineDoesNotExist"):
        machines.start_arn(out["Arn"])


def test_a_definition_comes_from_s3(local_cloud: Any, machines: Machines) -> None:
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="definitions")
    s3.put_object(Bucket="definitions", Key="m.json", Body=json.dumps(chain({"Type": "Pass", "Result": 5})).encode())
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": ROLE, "DefinitionS3Location": {"Bucket": "definitions", "Key": "m.json"}}}  # fmt: skip
    body = {"Resources": {"Machine": machine}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}}
    out = local_cloud.outputs(local_cloud.deploy(FromS3=body), "FromS3")
    assert machines.ended(machines.start_arn(out["Arn"]))["output"] == 5


SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"


TWICE = {"Type": "Parallel", "Branches": [one({"S0": {"Type": "Succeed"}}, "S0")]}


UNRETRIABLE = {"Type": "Parallel", "Branches": [], "Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:any"


def retried(**more: Any) -> dict[str, Any]:
    """A task with one retrier.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    return {"Type": "Task", "Resource": FUNCTION, "Retry": [{"ErrorEquals": ["E"], **more}]}


WRONG = [
    ({"StartAt": "A"}, SCHEMA, "/States"),
    (one({"A": {"Type": "Pass", "Next": "Gone"}}), TARGET, "/States/A/Next"),
    (one({"A": {"Type": "Nope", "End": True}}), SCHEMA, "/States/A/Type"),
    (one({"A": {"Type": "Pass"}}), SCHEMA, "/States/A"),
    (one({"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}), TARGET, "/States/B"),
    (chain({"Type": "Pass", "Colour": 1}), SCHEMA, "/States/S0/Colour"),
    (chain({"Type": "Pass", "Output": 1}), SCHEMA, "/States/S0/Output"),
    (chain({"Type": "Pass", "InputPath": "$"}, QueryLanguage="JSONata"), SCHEMA, "/States/S0/InputPath"),
    (chain({"Type": "Pass", "Output": "{% 1 + %}"}, QueryLanguage="JSONata"), SCHEMA, "/States/S0/Output"),
    (chain({"Type": "Pass", "Parameters": {"a.$": "x"}}), SCHEMA, "/States/S0/Parameters/a.$"),
    (chain({"Type": "Pass", "Parameters": {"b.$": "States.Nope()"}}), SCHEMA, "/States/S0/Parameters/b.$"),
    (chain({"Type": "Task", "Resource": "arn:nonsense"}), SCHEMA, "/States/S0/Resource"),
    # https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html: SQS runs no jobs
    (chain({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.sync"}), SCHEMA, "/States/S0/Resource"),
    (chain(TWICE), "DUPLICATE_STATE_NAME", "/States/S0/Branches[0]/States/S0"),
    (chain(UNRETRIABLE), SCHEMA, "/States/S0/Retry[0]/ErrorEquals"),
    ({**chain({"Type": "Pass"}), "TimeoutSeconds": 0}, SCHEMA, "/TimeoutSeconds"),
    ({**chain({"Type": "Pass"}), "TimeoutSeconds": 100_000_000}, SCHEMA, "/TimeoutSeconds"),
    (chain({"Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 0}), SCHEMA, "/States/S0/TimeoutSeconds"),
    (chain({"Type": "Wait", "Seconds": -1}), SCHEMA, "/States/S0/Seconds"),
    (chain({"Type": "Wait", "Seconds": 100_000_000}), SCHEMA, "/States/S0/Seconds"),
    (chain(retried(IntervalSeconds=0)), SCHEMA, "/States/S0/Retry[0]/IntervalSeconds"),
    (chain(retried(MaxAttempts=-1)), SCHEMA, "/States/S0/Retry[0]/MaxAttempts"),
    (chain(retried(BackoffRate=0.5)), SCHEMA, "/States/S0/Retry[0]/BackoffRate"),
    (chain({"Type": "Pass", "ResultPath": "$.items.length()"}), SCHEMA, "/States/S0/ResultPath"),
]


@pytest.mark.parametrize(("definition", "code", "location"), WRONG, ids=[location for _, _, location in WRONG])
def test_a_wrong_definition_is_refused_with_its_place(
    machines: Machines, definition: Any, code: str, location: str
) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html"""
    answer = machines.client.validate_state_machine_definition(definition=json.dumps(definition))
    assert answer["result"] == "FAIL"
    assert (code, location) in [(one["code"], one["location"]) for one in answer["diagnostics"]]
    with refused("InvalidDefinition") as caught:
        machines.create(definition)
    assert f"at {location}" in str(caught.value)


def test_a_right_definition_has_no_diagnostics(machines: Machines) -> None:
    answer = machines.client.validate_state_machine_definition(definition=json.dumps(chain({"Type": "Pass"})))
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_a_wrong_definition_rolls_the_deployment_back(local_cloud: Any) -> None:
    wrong = one({"A": {"Type": "Pass", "Next": "Gone"}})
    properties = {"RoleArn": ROLE, "StateMachineName": "wrong", "Definition": wrong}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    with pytest.raises(cloud.LocalCloudError, match="/States/A/Next"):
        local_cloud.deploy(Wrong={"Resources": {"Machine": machine}})
    names = [one["name"] for one in local_cloud.place.client("stepfunctions").list_state_machines()["stateMachines"]]
    assert "wrong" not in names
