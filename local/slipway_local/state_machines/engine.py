"""All executions of this cloud, and what they share: clients, task tokens, logs, and the events of their status."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from slipway_local.aws import Place
from slipway_local.state_machines.clients import client_for
from slipway_local.state_machines.execution import Execution, Machine
from slipway_local.state_machines.logs import Logs
from slipway_local.state_machines.map_run import MapRun
from slipway_local.state_machines.tokens import Tokens

KEPT_EXECUTIONS = 5000
Publish = Callable[[str, str, list[str], dict[str, Any]], None]


class Engine:
    """Starts executions and finds them again. `publish` sends an event (source, type, resources, detail)."""

    def __init__(self, place: Place, publish: Publish) -> None:
        self.place, self.tokens, self.logs = place, Tokens(), Logs(place)
        self._publish = publish
        self._executions: dict[str, Execution] = {}
        self._lock = threading.Lock()

    def client(self, service: str, role_arn: str) -> Any:
        """Return a boto3 client that acts as a role."""
        return client_for(self.place, service, role_arn)

    def create(self, machine: Machine, name: str | None, input_text: str) -> Execution:
        """Return a new execution, not yet running."""
        name = name or str(uuid.uuid4())
        kind = ":express:" if machine.type == "EXPRESS" else ":execution:"
        arn = f"{machine.arn.replace(':stateMachine:', kind)}:{name}"
        arn += f":{uuid.uuid4()}" if machine.type == "EXPRESS" else ""
        execution = Execution(self, machine, arn, name, input_text)
        self.add(execution)
        return execution

    def add(self, execution: Execution) -> None:
        """Keep an execution; the oldest that ended is forgotten when there are too many."""
        with self._lock:
            self._executions[execution.arn] = execution
            if len(self._executions) > KEPT_EXECUTIONS:
                ended = next((arn for arn, one in self._executions.items() if one.status != "RUNNING"), None)
                if ended:
                    del self._executions[ended]

    def find(self, arn: str) -> Execution | None:
        """Return an execution by its ARN."""
        return self._executions.get(arn)

    def all(self) -> list[Execution]:
        """Return the executions, oldest first."""
        with self._lock:
            return list(self._executions.values())

    def map_runs(self) -> list[MapRun]:
        """Return all map runs."""
        return [run for execution in self.all() for run in execution.map_runs]

    def close(self) -> None:
        """Stop every execution."""
        self.stop_all()

    def stop_all(self, machine_arn: str | None = None) -> None:
        """Abort what runs, of one machine or of all."""
        for execution in self.all():
            if execution.status == "RUNNING" and machine_arn in (None, execution.machine.arn):
                execution.end("ABORTED")

    def announce(self, execution: Execution) -> None:
        """Publish the status of a standard execution.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        if execution.machine.type == "EXPRESS" or execution.machine.map_run_arn:
            return
        shown = execution.describe()
        dates = {key: int(shown[key] * 1000) for key in ("startDate", "stopDate", "redriveDate") if key in shown}
        empty = dict.fromkeys(("stopDate", "output", "outputDetails", "error", "cause"))
        detail = json.loads(json.dumps({**empty, **shown, **dates}))
        self._publish("aws.states", "Step Functions Execution Status Change", [execution.arn], detail)
