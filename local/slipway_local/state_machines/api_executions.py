"""Step Functions' API for executions, callbacks, activities' workers and map runs.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
"""

import json
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions

from slipway_local.state_machines.api_machines import Answer, error, machine_of, page
from slipway_local.state_machines.engine import Engine
from slipway_local.state_machines.errors import StatesError
from slipway_local.state_machines.execution import Execution
from slipway_local.state_machines.map_run import MapRun

MAXIMUM_INPUT_BYTES = 262_144


class ExecutionsApi:
    """Operations by their names in snake case: each takes the request and moto's backend, and returns the answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start_execution(self, request: Answer, backend: Any) -> Answer:
        """Start an execution; the same name with the same input is the same execution while it runs."""
        machine = machine_of(backend, request["stateMachineArn"])
        given, name = self._input(request), self._name(request, backend)
        if name and machine.type == "STANDARD":
            existing = self._engine.find(f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}")
            if existing and existing.status == "RUNNING" and existing.input_text == given:
                return {"executionArn": existing.arn, "startDate": existing.start_date}
            if existing:
                raise exceptions.ExecutionAlreadyExists(f"Execution Already Exists: '{existing.arn}'")
        execution = self._engine.create(machine, name, given)
        execution.start()
        return {"executionArn": execution.arn, "startDate": execution.start_date}

    def start_sync_execution(self, request: Answer, backend: Any) -> Answer:
        """Run an express machine and return how it ended."""
        machine = machine_of(backend, request["stateMachineArn"])
        if machine.type != "EXPRESS":
            raise error("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
        execution = self._engine.create(machine, self._name(request, backend), self._input(request))
        execution.answers_caller = True
        execution.start()
        execution.finished.result()
        shown = execution.describe()
        milliseconds = round((shown["stopDate"] - shown["startDate"]) * 1000)
        billing = {"billedDurationInMilliseconds": -(-milliseconds // 100) * 100, "billedMemoryUsedInMB": 64}
        status = "FAILED" if shown["status"] == "ABORTED" else shown["status"]
        kept = {key: value for key, value in shown.items() if not key.startswith("redrive")}
        return {**kept, "status": status, "billingDetails": billing}

    def describe_execution(self, request: Answer, backend: Any) -> Answer:
        """Return an execution."""
        return self._execution(request).describe()

    def describe_state_machine_for_execution(self, request: Answer, backend: Any) -> Answer:
        """Return the machine as it was when the execution began."""
        execution = self._execution(request)
        machine = execution.machine
        return {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "definition": json.dumps(machine.definition),
            "roleArn": machine.role_arn,
            "updateDate": execution.start_date,
            "loggingConfiguration": machine.logging,
            **({"mapRunArn": machine.map_run_arn} if machine.map_run_arn else {}),
        }

    def get_execution_history(self, request: Answer, backend: Any) -> Answer:
        """Return an execution's events, oldest or newest first."""
        events = self._execution(request).events()
        return page(request, "events", events[::-1] if request.get("reverseOrder") else events, 1000)

    def list_executions(self, request: Answer, backend: Any) -> Answer:
        """Return the executions of a machine, or a map run's, newest first."""
        if "mapRunArn" in request:
            chosen = [one for one in self._map_run(request).children if one]
        else:
            machine = machine_of(backend, request["stateMachineArn"])
            if machine.type == "EXPRESS":
                raise error(
                    "StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"
                )
            ids = {machine.arn, request["stateMachineArn"]}
            chosen = [
                e for e in self._engine.all() if ids & {e.machine.arn, e.machine.version_arn, e.machine.alias_arn}
            ]
        status = request.get("statusFilter")
        keys = (
            "executionArn", "stateMachineArn", "stateMachineVersionArn", "stateMachineAliasArn", "mapRunArn", "name",
            "status", "startDate", "stopDate", "redriveCount", "redriveDate",
        )  # fmt: skip
        shown = [execution.describe() for execution in reversed(chosen) if status in (None, execution.status)]
        return page(request, "executions", [{k: one[k] for k in keys if k in one} for one in shown], 100)

    def stop_execution(self, request: Answer, backend: Any) -> Answer:
        """Abort an execution."""
        execution = self._execution(request)
        execution.end("ABORTED", request.get("error"), request.get("cause"))
        return {"stopDate": execution.stop_date}

    def redrive_execution(self, request: Answer, backend: Any) -> Answer:
        """Go on from the states that did not succeed."""
        execution = self._execution(request)
        reason = execution.not_redrivable()
        if reason or execution.machine.map_run_arn:
            raise error("ExecutionNotRedrivable", reason or "A child of a map run is redriven with its parent")
        try:
            execution.redrive()
        except TimeoutError:
            raise error("ExecutionNotRedrivable", "The execution is still winding down; try again") from None
        return {"redriveDate": execution.redrive_date}

    def send_task_success(self, request: Answer, backend: Any) -> Answer:
        """Report a task's output."""
        try:
            output = json.loads(request["output"])
        except ValueError as cause:
            raise error("InvalidOutput", f"Invalid Output: {cause}") from cause
        return self._settle(request["taskToken"], output)

    def send_task_failure(self, request: Answer, backend: Any) -> Answer:
        """Report a task's failure."""
        return self._settle(request["taskToken"], StatesError(request.get("error", ""), request.get("cause", "")))

    def send_task_heartbeat(self, request: Answer, backend: Any) -> Answer:
        """Report that a task is still worked on."""
        if not self._engine.tokens.heartbeat(request["taskToken"]):
            raise self._no_task(request["taskToken"])
        return {}

    def get_activity_task(self, request: Answer, backend: Any) -> Answer:
        """Return work for an activity's worker, waiting for it up to a minute."""
        backend.describe_activity(request["activityArn"])
        work = self._engine.tokens.take(request["activityArn"])
        return {"taskToken": work[0], "input": work[1]} if work else {}

    def describe_map_run(self, request: Answer, backend: Any) -> Answer:
        """Return a map run."""
        return self._map_run(request).describe()

    def list_map_runs(self, request: Answer, backend: Any) -> Answer:
        """Return an execution's map runs, newest first."""
        keys = ("executionArn", "mapRunArn", "startDate", "stopDate")
        execution = self._execution(request)
        runs = [{k: v for k, v in run.describe().items() if k in keys} for run in reversed(execution.map_runs)]
        return page(request, "mapRuns", [{**run, "stateMachineArn": execution.machine.arn} for run in runs], 100)

    def update_map_run(self, request: Answer, backend: Any) -> Answer:
        """Change the tolerated failures of a map run."""
        run = self._map_run(request)
        if "maxConcurrency" in request:
            raise error("ValidationException", "The concurrency of a map run that runs cannot be changed here")
        run.tolerated_count = int(request.get("toleratedFailureCount", run.tolerated_count))
        run.tolerated_percentage = float(request.get("toleratedFailurePercentage", run.tolerated_percentage))
        return {}

    def _settle(self, token: str, value: Any) -> Answer:
        if not self._engine.tokens.settle(token, value):
            raise self._no_task(token)
        return {}

    @staticmethod
    def _no_task(token: str) -> AWSError:
        if len(token) != 64 or not token.isalnum():
            return error("InvalidToken", f"Invalid Token: '{token}'")
        return error("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")

    def _map_run(self, request: Answer) -> MapRun:
        for run in self._engine.map_runs():
            if run.arn == request["mapRunArn"]:
                return run
        raise exceptions.ResourceNotFound(request["mapRunArn"])

    def _execution(self, request: Answer) -> Execution:
        arn = request["executionArn"]
        if ":express:" in arn:
            raise exceptions.InvalidArn(f"Invalid Arn: 'Resource type not valid in this context: express' {arn}")
        execution = self._engine.find(arn)
        if execution is None:
            raise exceptions.ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return execution

    @staticmethod
    def _input(request: Answer) -> str:
        text = request.get("input", "{}")
        try:
            json.loads(text)
        except ValueError as cause:
            raise exceptions.InvalidExecutionInput(f"Invalid State Machine Execution Input: '{cause}'") from cause
        if len(text.encode()) > MAXIMUM_INPUT_BYTES:
            raise exceptions.InvalidExecutionInput(f"The input is longer than {MAXIMUM_INPUT_BYTES} bytes")
        return str(text)

    @staticmethod
    def _name(request: Answer, backend: Any) -> str | None:
        if request.get("name"):
            backend._validate_name(request["name"])
        return request.get("name")
