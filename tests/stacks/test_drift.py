"""Drift detection: every stack but its watchers is compared, in its own right, and a difference fails the run.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import json
from typing import Any

import pytest

from slipway_local.state_machines import expressions
from stacks.drift_flow import definition


def evaluate(value: Any, given: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: evaluate(each, given) for name, each in value.items()}
    return expressions.evaluate(value, given)


def run_of(statuses: dict[str, str | None]) -> dict[str, Any]:
    """What the map's output and the judgement come to, by the interpreter that the local cloud runs machines with."""
    states = definition(list(statuses), "aws")["States"]
    looked = [
        evaluate(
            states["EachStack"]["ItemProcessor"]["States"]["Look"]["Output"],
            {
                "states": {
                    "input": {"stack": stack, "id": "d-1"},
                    "result": {
                        "DetectionStatus": "DETECTION_COMPLETE" if status else "DETECTION_FAILED",
                        **({"StackDriftStatus": status} if status else {}),
                    },
                }
            },
        )
        for stack, status in statuses.items()
    ]
    output = evaluate(states["EachStack"]["Output"], {"states": {"result": looked}})
    given = {"states": {"input": output}}
    return {
        "calm": evaluate(states["Judge"]["Choices"][0]["Condition"], given),
        "cause": evaluate(states["Drifted"]["Cause"], given),
    }


def test_nothing_that_differs_is_calm() -> None:
    assert run_of({"slipway-prod-foundation": "IN_SYNC", "slipway-prod-gateway": "IN_SYNC"})["calm"] is True


@pytest.mark.parametrize("status", ["DRIFTED", "NOT_CHECKED", None])
def test_one_that_differs_or_is_not_known_fails_the_run_by_its_name(status: str | None) -> None:
    found = run_of({"slipway-prod-foundation": "IN_SYNC", "slipway-prod-gateway": status})
    assert found == {"calm": False, "cause": f"slipway-prod-gateway: {status or 'UNKNOWN'}"}


def test_every_stack_of_prod_is_compared_each_night(prod: Any) -> None:
    machine = prod.one("drift", "AWS::StepFunctions::StateMachine")
    text = json.dumps(machine)
    for part in prod:
        assert f"slipway-prod-{part}" in text, part
    assert prod.one("drift", "AWS::Scheduler::Schedule")["ScheduleExpression"] == "cron(0 4 * * ? *)"
    assert "cloudformation:DetectStackDrift" in prod.allowed("drift", "MachineRole")
    alarms = [item["Properties"] for item in prod.of("observability", "AWS::CloudWatch::Alarm")]
    assert any("Drift:" in alarm["AlarmDescription"] for alarm in alarms)


def test_off_it_creates_nothing(dev: Any) -> None:
    assert "drift" not in dev
