"""Redrive: an execution goes on from what did not succeed.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html and
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

import json
from typing import Any

import pytest

from local.cloud.state_machines import Machines, chain, one, refused

pytestmark = pytest.mark.capability("O14")


def failing_until(local_cloud: Any, name: str) -> dict[str, Any]:
    """A Task that fails until the parameter `name` exists."""
    return {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter", "Parameters": {"Name": name},
            "ResultSelector": {"value.$": "$.Parameter.Value"}, "ResultPath": "$.found"}  # fmt: skip


def test_a_redrive_goes_on_from_the_failed_state_with_its_input(local_cloud: Any, machines: Machines) -> None:
    definition = chain(
        {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Assign": {"kept.$": "$.id"}},
        failing_until(local_cloud, "/redrive/simple"),
        {
            "Type": "Pass",
            "Parameters": {
                "id.$": "$.id",
                "kept.$": "$kept",
                "count.$": "$$.Execution.RedriveCount",
                "v.$": "$.found.value",
            },
        },
    )
    failed = machines.run(definition)
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    before = machines.events(failed["executionArn"])
    local_cloud.place.client("ssm").put_parameter(Name="/redrive/simple", Value="v", Type="String")
    machines.client.redrive_execution(executionArn=failed["executionArn"])
    shown = machines.ended(failed["executionArn"])
    assert (shown["status"], shown["redriveCount"], shown["redriveStatus"]) == ("SUCCEEDED", 1, "NOT_REDRIVABLE")
    made = json.loads(before[2]["stateExitedEventDetails"]["output"])["id"]
    assert shown["output"] == {"id": made, "kept": made, "count": 1, "v": "v"}
    events = machines.events(failed["executionArn"])
    assert events[: len(before)] == before
    assert [event["type"] for event in events[len(before) : len(before) + 2]] == ["ExecutionRedriven", "TaskScheduled"]
    with refused("ExecutionNotRedrivable"):
        machines.client.redrive_execution(executionArn=failed["executionArn"])


def part(local_cloud: Any, name: str, prefix: str) -> dict[str, Any]:
    wanted = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": f"{prefix}T"}],
        "Default": f"{prefix}U",
    }
    made = {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}
    return one(
        {f"{prefix}C": wanted, f"{prefix}T": {**failing_until(local_cloud, name), "End": True}, f"{prefix}U": made},
        f"{prefix}C",
    )


def parts(local_cloud: Any, name: str) -> dict[str, Any]:
    """Return a machine of four branches, of which all but the first fail until the parameter `name` is there."""
    fixed = {**part(local_cloud, name, "B"), "StartAt": "BU"}
    del fixed["States"]["BC"], fixed["States"]["BT"]
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    items = {"Type": "Map", "ItemsPath": "$.xs", "MaxConcurrency": 1}
    return one({"P": {"Type": "Parallel", "End": True, "Branches": [
        fixed,
        chain({**items, "ItemProcessor": part(local_cloud, name, "I")}, prefix="Inline"),
        chain({**items, "ItemProcessor": {**part(local_cloud, name, "D"), **mode}}, prefix="Distributed"),
        chain({"Type": "Wait", "Seconds": 1}, failing_until(local_cloud, name), prefix="Late"),
    ]}}, "P")  # fmt: skip


def test_a_redrive_repeats_only_the_branches_items_and_children_that_failed(
    local_cloud: Any, machines: Machines
) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html"""
    name = "/redrive/parts"
    definition = parts(local_cloud, name)
    failed = machines.run(definition, {"xs": [{"n": 0}, {"n": 1}, {"n": 2}]})
    assert failed["status"] == "FAILED"
    local_cloud.place.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    machines.client.redrive_execution(executionArn=failed["executionArn"])
    shown = machines.ended(failed["executionArn"])
    assert shown["status"] == "SUCCEEDED", shown
    events = machines.events(failed["executionArn"])
    exited = [e["stateExitedEventDetails"] for e in events if "stateExitedEventDetails" in e]
    assert [e["name"] for e in exited].count("BU") == 1, "the branch that succeeded ran once"
    assert json.loads(next(e["output"] for e in exited if e["name"] == "BU")) == shown["output"][0]
    assert [e["name"] for e in exited].count("IU") == 2, "of the inline items, 0 and 2 ran once each"
    (run,) = machines.client.list_map_runs(executionArn=failed["executionArn"])["mapRuns"]
    children = machines.client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert len(children) == 3, "children that succeeded are not started again"
    assert all(child["status"] == "SUCCEEDED" for child in children)
    assert sum(child["redriveCount"] for child in children) == 1
    assert shown["output"][1][1]["found"] == {"value": "v"}
    assert shown["output"][2][1]["found"] == {"value": "v"}
