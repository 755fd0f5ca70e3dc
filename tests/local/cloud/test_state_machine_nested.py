"""Executions that a task starts, waits for and stops.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html and
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

import json
from typing import Any

import pytest

from local.cloud.state_machines import Machines, chain, task
from slipway_local import remote

pytestmark = pytest.mark.capability("O14")


def test_a_nested_execution_is_started_or_waited_for(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"""
    inner = machines.create(chain({"Type": "Pass", "Parameters": {"twice.$": "States.Array($.x, $.x)"}}))
    given = {"StateMachineArn": inner, "Input": {"x": 1}}
    started = machines.output(chain(task("states:startExecution", given)))
    assert machines.ended(started["ExecutionArn"])["output"] == {"twice": [1, 1]}
    as_text = machines.output(chain(task("states:startExecution.sync", given)))
    assert json.loads(as_text["Output"]) == {"twice": [1, 1]}
    as_json = machines.output(chain(task("states:startExecution.sync:2", given)))
    assert (as_json["Status"], as_json["Output"]) == ("SUCCEEDED", {"twice": [1, 1]})


def test_a_nested_execution_that_fails_fails_the_task(machines: Machines) -> None:
    inner = machines.create(chain({"Type": "Fail", "Error": "Inner"}))
    shown = machines.run(chain(task("states:startExecution.sync:2", {"StateMachineArn": inner})))
    assert shown["error"] == "States.TaskFailed"
    assert json.loads(shown["cause"])["Error"] == "Inner"


def test_stopping_the_outer_execution_stops_the_nested_one(local_cloud: Any, machines: Machines) -> None:
    inner = machines.create(chain({"Type": "Wait", "Seconds": 300}))
    outer = machines.start(chain(task("states:startExecution.sync:2", {"StateMachineArn": inner})))

    def nested() -> Any:
        return machines.client.list_executions(stateMachineArn=inner)["executions"]

    (running,) = local_cloud.eventually(nested)
    machines.client.stop_execution(executionArn=outer)
    assert machines.ended(running["executionArn"])["status"] == "ABORTED"


def test_a_nested_execution_that_starts_after_the_outer_was_stopped_is_stopped(
    local_cloud: Any, machines: Machines
) -> None:
    """The outer execution is stopped while its call to StartExecution is under way, so that it never hears the answer.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
    """
    inner = machines.create(chain({"Type": "Wait", "Seconds": 300}))
    outer = machines.create(chain(task("states:startExecution.sync:2", {"StateMachineArn": inner})))
    late = {"operation": "stepfunctions.StartExecution", "error": None, "latency_seconds": 1.5}
    added = remote.ask(local_cloud.state, "POST", "faults", late)
    try:
        # The cloud's own client is spared, so only the call of the outer execution is late.
        running = machines.start_arn(outer)
        local_cloud.eventually(
            lambda: remote.ask(local_cloud.state, "GET", "faults")[-1]["hit"] == 1, what="the call to begin"
        )
        machines.client.stop_execution(executionArn=running)
    finally:
        remote.ask(local_cloud.state, "DELETE", f"faults/{added['id']}")

    def nested() -> Any:
        return machines.client.list_executions(stateMachineArn=inner)["executions"]

    (begun,) = local_cloud.eventually(nested, what="the nested execution to begin after all")
    assert machines.ended(begun["executionArn"])["status"] == "ABORTED"
