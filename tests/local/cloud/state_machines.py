"""Starts state machines in the running local cloud and waits for them."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/machine"
Json = Any


def chain(*states: dict[str, Any], prefix: str = "S", **machine: Any) -> dict[str, Any]:
    """A definition of states S0, S1, … in a row."""
    linked = {}
    for number, state in enumerate(states):
        onward = {"End": True} if number == len(states) - 1 else {"Next": f"{prefix}{number + 1}"}
        linked[f"{prefix}{number}"] = state if state["Type"] in ("Succeed", "Fail") else {**state, **onward}
    return {"StartAt": f"{prefix}0", "States": linked, **machine}


def one(states: dict[str, Any], start: str = "A", **machine: Any) -> dict[str, Any]:
    """A definition of named states."""
    return {"StartAt": start, "States": states, **machine}


def task(resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    """A Task state of an integration."""
    given = {"Parameters": parameters} if parameters is not None else {}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **given, **fields}


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


class Machines:
    """Runs definitions."""

    def __init__(self, local_cloud: Any) -> None:
        self.cloud = local_cloud
        self.client = local_cloud.place.client("stepfunctions")

    def create(self, definition: Json, **settings: Any) -> str:
        name = settings.pop("name", f"m-{uuid.uuid4().hex[:12]}")
        answer = self.client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE, **settings
        )
        return str(answer["stateMachineArn"])

    def start(self, definition: Json, given: Json = None, **settings: Any) -> str:
        """Start an execution of a new machine and return its ARN."""
        return self.start_arn(self.create(definition, **settings), given)

    def start_arn(self, arn: str, given: Json = None) -> str:
        return str(self.client.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))["executionArn"])

    def ended(self, execution_arn: str, seconds: float = 20.0) -> dict[str, Any]:
        """Wait for an execution's end and return its description, `output` parsed."""

        def look() -> Any:
            shown = self.client.describe_execution(executionArn=execution_arn)
            return shown if shown["status"] != "RUNNING" else None

        shown = dict(self.cloud.eventually(look, seconds=seconds, what="the execution's end"))
        return {**shown, "output": json.loads(shown["output"])} if "output" in shown else shown

    def run(self, definition: Json, given: Json = None, **settings: Any) -> dict[str, Any]:
        return self.ended(self.start(definition, given, **settings))

    def output(self, definition: Json, given: Json = None) -> Json:
        """Return the output of an execution that succeeds."""
        shown = self.run(definition, given)
        assert shown["status"] == "SUCCEEDED", shown
        return shown["output"]

    def events(self, execution_arn: str) -> list[dict[str, Any]]:
        return list(self.client.get_execution_history(executionArn=execution_arn)["events"])

    def event_types(self, execution_arn: str) -> list[str]:
        return [event["type"] for event in self.events(execution_arn)]
