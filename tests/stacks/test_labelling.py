"""The labelling stack: its state machine, with people or Ground Truth, its permissions, and that off means nothing."""

import json
from typing import Any

import botocore.session
import cfnlint.api
import pytest
from cfnlint.core import get_rules

from support.settings import errors

GROUND_TRUTH = """
removal: destroy
encryption: {customer_managed_key: true}
labelling:
  enabled: true
  ground_truth: true
  workteam_arn: arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team
"""


def definition(templates: Any) -> dict[str, Any]:
    """Return the state machine's definition, with tokens in place of what is only known when it is deployed."""
    text = templates.one("labelling", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = text["Fn::Join"][1] if isinstance(text, dict) else [text]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))
    return found


def test_what_is_off_makes_nothing(synthesise: Any) -> None:
    trial = synthesise("removal: destroy")

    assert "labelling" not in trial
    assert "Labelling" not in json.dumps(trial)
    assert trial.unpublished() == []


@pytest.mark.capability("D7")
def test_the_execution_waits_for_people_until_the_deadline_and_goes_on_either_way(dev: Any) -> None:
    wait = definition(dev)["States"]["WaitForPeople"]

    assert wait["Resource"].endswith(":states:::lambda:invoke.waitForTaskToken")
    assert wait["Parameters"]["Payload"]["token.$"] == "$$.Task.Token"
    assert wait["TimeoutSecondsPath"] == "$.prepared.found.deadline_seconds"
    assert [(one["ErrorEquals"], one["Next"]) for one in wait["Catch"]] == [(["States.Timeout"], wait["Next"])]
    assert "sagemaker" not in json.dumps(dev["labelling"])


def test_no_log_of_the_state_machine_holds_data(dev: Any) -> None:
    logged = dev.one("labelling", "AWS::StepFunctions::StateMachine")["LoggingConfiguration"]

    assert (logged["Level"], logged["IncludeExecutionData"]) == ("ALL", False)


def test_the_functions_scan_nothing_and_write_only_jobs(dev: Any, prod: Any) -> None:
    assert dev.allowed("gateway", "Labelling") - {"logs:CreateLogStream", "logs:PutLogEvents"} == {
        *("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        *("dynamodb:Query", "dynamodb:UpdateItem", "s3:GetObject", "states:SendTaskSuccess"),
    }
    assert "dynamodb:Scan" not in json.dumps([dev, prod])
    table = next(
        item["Properties"]
        for item in dev.of("foundation", "AWS::DynamoDB::Table")
        if item["Properties"]["KeySchema"][0]["AttributeName"] == "job"
    )
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= prod.allowed("gateway", "Labelling")


@pytest.mark.capability("D7")
def test_ground_truth_takes_the_place_of_the_wait(synthesise: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html: createLabelingJob, .sync"""
    trial = synthesise(GROUND_TRUTH)
    states = definition(trial)["States"]
    label = states["LabelInGroundTruth"]
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateLabelingJob")
    given = {name.removesuffix(".$") for name in label["Parameters"]}

    assert "WaitForPeople" not in states
    assert label["Resource"].endswith(":states:::sagemaker:createLabelingJob.sync")
    assert set(model.input_shape.required_members) <= given <= set(model.input_shape.members)
    assert {"sagemaker:CreateLabelingJob", "sagemaker:DescribeLabelingJob", "iam:PassRole"} <= trial.allowed(
        "labelling", "MachineRole"
    )
    assert trial.unpublished() == []
    found = cfnlint.api.lint(json.dumps(trial["labelling"]), get_rules([], [], []), regions=["eu-west-1"])
    assert [str(match) for match in found if match.rule.severity == "error"] == []


def test_ground_truth_needs_a_team_and_a_team_needs_ground_truth(tmp_path: Any) -> None:
    (without,) = errors(tmp_path, "labelling: {enabled: true, ground_truth: true}")
    team = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team"
    (alone,) = errors(tmp_path, f"labelling: {{enabled: true, workteam_arn: '{team}'}}")
    (off,) = errors(tmp_path, f"labelling: {{ground_truth: true, workteam_arn: '{team}'}}")

    assert "labelling.workteam_arn" in without
    assert "leave Ground Truth off" in without
    assert "labelling.workteam_arn" in alone
    assert "labelling.enabled: true" in off
