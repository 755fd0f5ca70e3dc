"""The stack of deployments: who owns what an endpoint runs, its alarms and way back, what starts it, what it may do.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html,
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from slipway_runtime.operate.deploy.plan import baked, poll_seconds
from stacks.settings import Settings
from support.plans import plans, text

pytestmark = pytest.mark.capability("O9")
SHIPPED = ("release", "staging")
YAML = """
serving:
  endpoints:
    - name: first
      model: { registry: answers, like: Qwen/Qwen2.5-7B }
      instance: ml.g5.xlarge
      scaling: { min: 2, max: 4 }
      rollout: { kind: linear, step_percent: 20, on_approval: false }
      capture_percent: 5
    - name: second
      model: { registry: answers, like: Qwen/Qwen2.5-7B }
      container: tgi
      instance: ml.g5.xlarge
"""


@pytest.mark.parametrize("environment", SHIPPED)
def test_a_followed_endpoint_needs_no_model_to_be_deployed(environments: dict[str, Any], environment: str) -> None:
    found = environments[environment]
    followed = {f"slipway-{environment}-{name}" for name in plans(found)}
    endpoints = [item["Properties"] for item in found.of("serving", "AWS::SageMaker::Endpoint")]
    owned = [
        item["Properties"]["InferenceComponentName"]
        for item in found.of("serving", "AWS::SageMaker::InferenceComponent")
    ]

    assert followed
    assert found.unpublished() == []
    assert not followed & set(owned), "the flow owns what runs: the template has no model of it"
    configs = [item["Properties"] for item in found.of("serving", "AWS::SageMaker::EndpointConfig")]
    empty = [one for one in configs if not any("ModelName" in each for each in one["ProductionVariants"])]
    shells = [one for one in endpoints if one["EndpointName"] in followed]
    assert len(empty) == len(shells)


def rollbacks(found: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield each endpoint, inference component and plan with the alarms that roll it back."""
    for kind, name in (("Endpoint", "EndpointName"), ("InferenceComponent", "InferenceComponentName")):
        for item in found.of("serving", f"AWS::SageMaker::{kind}"):
            given = item["Properties"]
            if given.get("DeploymentConfig"):
                yield given[name], given["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    for name, plan in plans(found).items():
        assert [one["AlarmName"] for one in plan.deployment["AutoRollbackConfiguration"]["Alarms"]] == plan.alarms
        yield name, plan.alarms


@pytest.mark.capability("S4")
def test_every_endpoint_of_every_environment_has_alarms_that_roll_it_back(environments: dict[str, Any]) -> None:
    seen = 0
    for found in environments.values():
        if "serving" not in found:
            continue
        alarms = found["serving"]["Resources"]
        for name, named in rollbacks(found):
            seen += 1
            metrics = {
                alarms[each if isinstance(each, str) else each["AlarmName"]["Ref"]]["Properties"]["MetricName"]
                for each in named
            }
            assert {"Invocation5XXErrors", "ModelLatency"} <= metrics, name
        acted = [one["Properties"] for one in alarms.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
        assert all(one["AlarmActions"] for one in acted)
    assert seen >= 3


def test_a_slow_canary_is_seen_by_its_alarm(environments: dict[str, Any]) -> None:
    """Old and new instances share a metric: 10 % that are slow do not move the p90 of all."""
    release = environments["release"]["serving"]["Resources"]
    (latency,) = (
        release[name]["Properties"]["ExtendedStatistic"]
        for name in plans(environments["release"])["support"].alarms
        if release[name]["Properties"]["MetricName"] == "ModelLatency"
    )

    assert latency == "p95"


@pytest.mark.parametrize("environment", SHIPPED)
def test_an_approval_starts_the_deployment_of_its_version(environments: dict[str, Any], environment: str) -> None:
    found, plan = environments[environment], next(iter(plans(environments[environment]).items()))
    rules = [item["Properties"] for item in found.of("deployment", "AWS::Events::Rule")]
    (rule,) = (one for one in rules if one.get("EventPattern", {}).get("source") == ["aws.sagemaker"])
    (target,) = rule["Targets"]

    assert rule["EventPattern"]["detail-type"] == ["SageMaker Model Package State Change"]
    assert rule["EventPattern"]["detail"] == {
        "ModelPackageGroupName": [plan[1].group],
        "ModelApprovalStatus": ["Approved"],
    }
    assert target["InputTransformer"]["InputPathsMap"] == {"detail-ModelPackageArn": "$.detail.ModelPackageArn"}
    assert f'"endpoint":"{plan[0]}"' in target["InputTransformer"]["InputTemplate"]
    assert target["DeadLetterConfig"]


def test_what_fails_is_not_caught_so_that_a_redrive_goes_on(environments: dict[str, Any]) -> None:
    machine = environments["release"].one("deployment", "AWS::StepFunctions::StateMachine")
    definition = json.loads(text(machine["DefinitionString"]))
    tasks = [state for state in definition["States"].values() if state["Type"] == "Task"]

    assert not [state for state in tasks if "Catch" in state]
    busy = [rule for state in tasks for rule in state["Retry"] if rule["ErrorEquals"] == ["EndpointBusyError"]]
    assert len(busy) == len(tasks)


def test_a_deployment_may_touch_no_other_endpoint(synthesise: Callable[[str], Any]) -> None:
    policies = synthesise(YAML).of("deployment", "AWS::IAM::Policy")
    statements = [one for item in policies for one in item["Properties"]["PolicyDocument"]["Statement"]]
    changing = [one for one in statements if "sagemaker:UpdateEndpoint" in one["Action"]]
    resources = [
        text(each)
        for one in changing
        for each in (one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]])
    ]

    assert resources
    assert all("/slipway-trial-first" in each or "/slipway-trial-second" in each for each in resources), resources
    passing = [one for one in statements if "iam:PassRole" in one["Action"]]
    assert all(
        one["Condition"]["StringEquals"] == {"iam:PassedToService": "sagemaker.amazonaws.com"} for one in passing
    )


def test_plans_say_all_that_a_deployment_needs(synthesise: Callable[[str], Any]) -> None:
    found = synthesise(YAML)
    first, second = plans(found)["first"], plans(found)["second"]
    rules = [item["Properties"] for item in found.of("deployment", "AWS::Events::Rule")]

    assert (first.group, second.group) == ("slipway-trial-answers",) * 2
    assert first.variant
    assert (first.variant["InitialInstanceCount"], first.variant["InstanceType"]) == (2, "ml.g5.xlarge")
    assert first.capture
    assert first.capture["InitialSamplingPercentage"] == 5
    assert first.scaling
    assert first.scaling["limits"] == {"MinCapacity": 2, "MaxCapacity": 4}
    assert second.scaling is None
    assert "huggingface-pytorch-tgi-inference" in second.image
    assert second.environment["SM_NUM_GPUS"] == "1"
    assert sum("aws.sagemaker" in one.get("EventPattern", {}).get("source", ()) for one in rules) == 1, (
        "first waits for a person"
    )
    values = [item["Properties"]["Value"] for item in found.of("serving", "AWS::SSM::Parameter")]
    assert all(len(text(value)) < 4096 for value in values), "a standard parameter of SSM holds 4 KB"


def test_a_deployment_may_be_watched_for_another_time() -> None:
    blue_green = {
        "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 600},
        "TerminationWaitInSeconds": 600,
    }
    config = {"AutoRollbackConfiguration": {"Alarms": []}, "BlueGreenUpdatePolicy": blue_green}
    rolling = {"RollingUpdatePolicy": {"WaitIntervalInSeconds": 600}}

    assert baked(config, None) == config
    assert baked(config, 5)["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 5
    assert baked(rolling, 0) == {"RollingUpdatePolicy": {"WaitIntervalInSeconds": 0}}
    assert [poll_seconds(baked(config, seconds)) for seconds in (0, 60, 3600)] == [1, 5, 15]


@pytest.mark.parametrize(
    "more",
    [
        {"variants": [{"name": "b", "model": {"artifacts": "models/b/", "like": "Qwen/Qwen2.5-7B"}}]},
        {"shadow": {"model": {"artifacts": "models/b/", "like": "Qwen/Qwen2.5-7B"}}},
    ],
)
def test_nothing_stands_beside_a_model_that_follows_the_registry(more: dict[str, Any]) -> None:
    endpoint = {"name": "a", "model": {"registry": "a", "like": "Qwen/Qwen2.5-7B"}, "instance": "ml.g5.xlarge"}

    with pytest.raises(ValueError, match="follows the registry"):
        Settings.model_validate({"serving": {"endpoints": [endpoint | more]}})


def test_without_a_followed_model_there_is_no_flow(environments: dict[str, Any]) -> None:
    assert "deployment" not in environments["dev"]
    assert "deployment" not in environments["prod"]
