"""Stacks through CloudFormation's own API."""

import json
from typing import Any


def text(outputs: dict[str, Any] | None = None, /, parameters: dict[str, Any] | None = None, **resources: Any) -> str:
    return json.dumps({"Resources": resources, "Outputs": outputs or {}, "Parameters": parameters or {}})


def wait(client: Any, what: str, name: str) -> None:
    client.get_waiter(what).wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})


def create(client: Any, name: str, template: str, **more: Any) -> dict[str, Any]:
    client.create_stack(StackName=name, TemplateBody=template, **more)
    wait(client, "stack_create_complete", name)
    return dict(client.describe_stacks(StackName=name)["Stacks"][0])


def status(client: Any, name: str) -> str:
    return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
