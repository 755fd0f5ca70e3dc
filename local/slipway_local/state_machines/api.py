"""Puts the state machines behind moto's Step Functions, which keeps machines, aliases, activities and tags."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions import responses

from slipway_local.permissions.execution_roles import states_may_assume
from slipway_local.state_machines.api_executions import ExecutionsApi
from slipway_local.state_machines.api_machines import Answer, MachinesApi, check_definition, error
from slipway_local.state_machines.engine import Engine


def install(engine: Engine) -> None:
    """Put the operations into moto's Step Functions."""
    target = responses.StepFunctionResponse
    create, update = target.create_state_machine, target.update_state_machine

    def create_state_machine(self: Any) -> Any:
        request = json.loads(self.body)
        check_definition(request["definition"], request.get("type", "STANDARD"))
        place = self.stepfunction_backend
        named = f"arn:{place.partition}:states:{place.region_name}:{place.account_id}:stateMachine:{request['name']}"
        _check_role(request["roleArn"], named)
        _refuse_second(self.stepfunction_backend, request)
        return create(self)

    def update_state_machine(self: Any) -> Any:
        request = json.loads(self.body)
        machine = self.stepfunction_backend.describe_state_machine(request["stateMachineArn"])
        if "definition" in request:
            check_definition(request["definition"], machine.type)
        if "roleArn" in request:
            _check_role(request["roleArn"], machine.arn)
        return update(self)

    def answering(operation: Any) -> Any:
        def answer(self: Any) -> Any:
            result = operation(json.loads(self.body or "{}"), self.stepfunction_backend)
            return ActionResult(result) if result else EmptyResult()

        return answer

    def test_state(request: Any, backend: Any) -> Any:
        raise error("ValidationException", "TestState is not emulated; start an execution of a machine with the state")

    target.test_state = answering(test_state)
    target.create_state_machine, target.update_state_machine = create_state_machine, update_state_machine
    for api in (MachinesApi(engine), ExecutionsApi(engine)):
        for name in vars(type(api)):
            if not name.startswith("_"):
                setattr(target, name, answering(getattr(api, name)))


def _check_role(role: str, machine_arn: str) -> None:
    if not states_may_assume(role, machine_arn):
        raise error(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role.",
        )


def _refuse_second(backend: Any, request: Answer) -> None:
    """Raise StateMachineAlreadyExists for a name that is taken by another machine; moto answers with that one."""
    for machine in backend.state_machines:
        if machine.name == request["name"]:
            same = (machine.definition, machine.roleArn, machine.type) == (
                request["definition"], request["roleArn"], request.get("type", "STANDARD"),
            )  # fmt: skip
            if not same:
                raise error("StateMachineAlreadyExists", f"State Machine Already Exists: '{machine.arn}'")
