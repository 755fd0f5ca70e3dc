"""Step Functions' API for definitions and versions; the rest of what is kept is moto's.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
"""

import json
import random
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.models import StateMachine, StateMachineVersion

from slipway_local.state_machines.engine import Engine
from slipway_local.state_machines.execution import Machine
from slipway_local.state_machines.template_validation import Problem
from slipway_local.state_machines.validation import problems

Answer = dict[str, Any]


def error(code: str, message: str) -> AWSError:
    """Return an error that boto3 raises as the exception named `code`."""
    return AWSError(message, code, 400)


def page(request: Answer, key: str, items: list[Any], default: int) -> Answer:
    """Return the part of a list that a request asks for, and the token of the next."""
    start, size = int(request.get("nextToken") or 0), int(request.get("maxResults") or default)
    more = {"nextToken": str(start + size)} if start + size < len(items) else {}
    return {key: items[start : start + size], **more}


def machine_of(backend: Any, arn: str) -> Machine:
    """Return the machine that an ARN of it, of a version or of an alias means."""
    alias_arn, known = None, {machine.arn: machine for machine in backend.state_machines}
    base, _, last = arn.rpartition(":")
    if base in known and last in known[base].aliases:
        routes = known[base].aliases[last].routing_configuration
        weights = [route["weight"] for route in routes]
        alias_arn, arn = arn, random.choices(routes, weights)[0]["stateMachineVersionArn"]  # noqa: S311 - traffic, no secret
    found: StateMachine | StateMachineVersion = backend.describe_state_machine(arn)
    version = found.arn if isinstance(found, StateMachineVersion) else None
    return Machine(
        arn=getattr(found, "source_arn", found.arn),
        name=found.name,
        role_arn=found.roleArn,
        type=found.type,
        definition=json.loads(found.definition),
        logging=dict(found.loggingConfiguration or {}),
        version_arn=version,
        alias_arn=alias_arn,
    )


def check_definition(definition: str, machine_type: str) -> None:
    """Raise InvalidDefinition, naming what is wrong and where."""
    found = problems(definition, machine_type)
    if found:
        text = ", ".join(_shown(problem) for problem in found)
        raise error("InvalidDefinition", f"Invalid State Machine Definition: '{text}'")


def _shown(problem: Problem) -> str:
    code, message, location = problem
    return f"{code}: {message} at {location}"


class MachinesApi:
    """Operations by their names in snake case: each takes the request and moto's backend, and returns the answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def validate_state_machine_definition(self, request: Answer, backend: Any) -> Answer:
        """Return the problems of a definition as diagnostics."""
        found = problems(request["definition"], request.get("type", "STANDARD"))
        shown = [
            {"severity": "ERROR", "code": code, "message": message, "location": location}
            for code, message, location in found[: int(request.get("maxResults") or 100)]
        ]
        return {"result": "FAIL" if found else "OK", "diagnostics": shown, "truncated": len(shown) < len(found)}

    def delete_state_machine(self, request: Answer, backend: Any) -> Answer:
        """Delete a machine and stop its executions."""
        backend.delete_state_machine(request["stateMachineArn"])
        self._engine.stop_all(request["stateMachineArn"])
        return {}

    def publish_state_machine_version(self, request: Answer, backend: Any) -> Answer:
        """Publish a version of a machine; moto publishes only when it creates or updates."""
        machine = backend.describe_state_machine(request["stateMachineArn"])
        machine.publish(request.get("description"))
        return {
            "creationDate": machine.latest_version.creation_date,
            "stateMachineVersionArn": machine.latest_version.arn,
        }

    def list_state_machine_versions(self, request: Answer, backend: Any) -> Answer:
        """Return a machine's versions, newest first."""
        versions = backend.describe_state_machine(request["stateMachineArn"]).versions.values()
        shown = [
            {"stateMachineVersionArn": one.arn, "creationDate": one.creation_date} for one in reversed(list(versions))
        ]
        return page(request, "stateMachineVersions", shown, 100)

    def delete_state_machine_version(self, request: Answer, backend: Any) -> Answer:
        """Delete a version, unless an alias routes to it."""
        arn = request["stateMachineVersionArn"]
        for machine in backend.state_machines:
            routed = {r["stateMachineVersionArn"] for a in machine.aliases.values() for r in a.routing_configuration}
            if arn in routed:
                raise error("ConflictException", f"Version to be deleted must not be referenced by an alias: '{arn}'")
            if arn.rpartition(":")[0] == machine.arn:
                machine.versions.pop(int(arn.rpartition(":")[2]), None)
        return {}
