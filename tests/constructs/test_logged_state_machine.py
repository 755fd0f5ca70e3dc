import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from slipway_constructs.logged_state_machine import ExecutionLog, LoggedStateMachine

FLOW = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:step"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
LOG = ExecutionLog(name="trial", retention=logs.RetentionDays.ONE_WEEK, removal=cdk.RemovalPolicy.DESTROY)
Found = Callable[[str], list[dict[str, Any]]]


def allowed(resources: Found) -> set[str]:
    statements = [
        one for item in resources("AWS::IAM::Policy") for one in item["Properties"]["PolicyDocument"]["Statement"]
    ]
    lists = [one["Action"] for one in statements]
    return {action for item in lists for action in (item if isinstance(item, list) else [item])}


def test_executions_are_logged_without_their_data_and_traced(stack: cdk.Stack, resources: Found) -> None:
    LoggedStateMachine(stack, "Flow", definition=FLOW, functions=[FUNCTION], log=LOG)

    (machine,) = [item["Properties"] for item in resources("AWS::StepFunctions::StateMachine")]
    assert (machine["LoggingConfiguration"]["Level"], machine["LoggingConfiguration"]["IncludeExecutionData"]) == (
        "ALL",
        False,
    )
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert "TimeoutSeconds" not in machine["DefinitionString"]
    (group,) = [item["Properties"] for item in resources("AWS::Logs::LogGroup")]
    assert (group["LogGroupName"], group["RetentionInDays"]) == ("/aws/vendedlogs/states/trial", 7)


def test_without_map_runs_it_may_invoke_and_deliver_and_nothing_else(stack: cdk.Stack, resources: Found) -> None:
    LoggedStateMachine(stack, "Flow", definition=FLOW, functions=[FUNCTION], log=LOG)

    assert {action.split(":")[0] for action in allowed(resources)} == {"lambda", "logs", "xray"}


@pytest.mark.parametrize("key_arn", [None, KEY])
def test_map_runs_start_children_of_the_same_state_machine_only(
    stack: cdk.Stack, resources: Found, key_arn: str | None
) -> None:
    key = kms.Key.from_key_arn(stack, "Key", key_arn) if key_arn else None
    LoggedStateMachine(stack, "Flow", definition=FLOW, functions=[FUNCTION], log=LOG).allow_map_runs(key)

    (runs,) = [
        item["Properties"]["PolicyDocument"]["Statement"]
        for item in resources("AWS::IAM::Policy")
        if "MapRuns" in item["Properties"]["PolicyName"]
    ]
    start = next(one for one in runs if one["Action"] == "states:StartExecution")
    assert list(start["Resource"]) == ["Ref"]
    assert all(one["Resource"] != "*" for one in runs)
    # https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#maprun-iam-permission
    (redrive,) = [one for one in runs if "states:RedriveExecution" in one["Action"]]
    assert ":execution:" in json.dumps(redrive["Resource"])
    assert json.dumps(redrive["Resource"]).count("/*") == 1
    assert ("kms:GenerateDataKey" in allowed(resources)) is (key_arn is not None)
