"""The datasets stack: what it makes, with which permissions, and that off means nothing."""

import json
from typing import Any

import pytest

ON = """
removal: destroy
encryption: {customer_managed_key: true}
datasets: {enabled: true, max_concurrency: 7}
"""


@pytest.fixture
def trial(synthesise: Any) -> Any:
    return synthesise(ON)


def definition(template: Any) -> dict[str, Any]:
    """Return the state machine's definition, with tokens in place of what is only known when it is deployed."""
    text = template.one("datasets", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = text["Fn::Join"][1] if isinstance(text, dict) else [text]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))
    return found


def test_what_is_off_makes_nothing(synthesise: Any) -> None:
    assert "datasets" not in synthesise("removal: destroy")


@pytest.mark.capability("D13")
def test_shards_come_from_a_list_in_the_bucket_and_results_go_there(trial: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""
    states = definition(trial)["States"]

    assert trial.unpublished() == []
    assert states["Collect"]["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert states["Collect"]["MaxConcurrency"] == 7
    assert states["Collect"]["ResultPath"] is None
    assert states["Collect"]["ItemReader"]["Resource"].endswith("s3:getObject")
    assert [states[name]["Next"] for name in ("Plan", "Collect")] == ["Collect", "Finish"]


def test_a_mistake_in_a_recipe_is_not_tried_again(trial: Any) -> None:
    retried = definition(trial)["States"]["Plan"]["Retry"]

    assert all(error.startswith("Lambda.") for one in retried for error in one["ErrorEquals"])


def test_the_last_function_has_room_for_a_whole_dataset(trial: Any) -> None:
    functions = {
        one["Properties"]["Handler"].split(".")[2]: one["Properties"]
        for one in trial.of("datasets", "AWS::Lambda::Function")
    }

    assert functions["dataset_finish"]["EphemeralStorage"] == {"Size": 10240}
    assert {one["Timeout"] for one in functions.values()} == {900}


def test_only_what_each_part_needs_is_allowed(trial: Any) -> None:
    every = {"logs:CreateLogStream", "logs:PutLogEvents", "kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucket"}
    every |= {"s3:GetObject", "s3:PutObject"}

    assert trial.allowed("datasets", "Plan") == every | {"dynamodb:Query"}
    assert trial.allowed("datasets", "Collect") == every | {"dynamodb:GetItem"}
    removal = {"s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"}
    assert trial.allowed("datasets", "Finish") == every | removal


def test_failed_builds_are_alarmed(trial: Any) -> None:
    alarms = {item["Properties"]["MetricName"] for item in trial.of("observability", "AWS::CloudWatch::Alarm")}

    assert {"ExecutionsFailed", "ExecutionsTimedOut"} <= alarms


def test_each_function_has_its_alarms(trial: Any) -> None:
    alarms = [item["Properties"] for item in trial.of("observability", "AWS::CloudWatch::Alarm")]

    for metric in ("Errors", "Throttles", "Duration"):
        watched = json.dumps([alarm["Dimensions"] for alarm in alarms if alarm["MetricName"] == metric])
        assert all(f"datasets{name}functionname" in watched for name in ("plan", "collect", "finish")), metric
