"""All executions of this cloud, and what they share: clients, task tokens, logs, and the events of their status."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from slipway_local.aws import Place
from slipway_local.metrics.executions import executions_reported
from slipway_local.snapshot.pickling import Unpickler, dump
from slipway_local.state_machines.clients import client_for
from slipway_local.state_machines.execution import Execution, Machine
from slipway_local.state_machines.history import Event
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
        self._last: bytes | None = None
        self.changes = 0  # events of histories so far

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

    @property
    def closed(self) -> bool:
        """Return whether the local cloud stops; no execution ends any more."""
        return self._last is not None

    def close(self) -> None:
        """Keep the executions as they are now and let them go no further."""
        self._last = dump(self._now(), {})
        for execution in self.all():
            execution.halt()

    def state(self) -> Any:
        """Return the executions and the task tokens; after `close`, as they were at that moment."""
        return self._now() if self._last is None else self._last

    def _now(self) -> Any:
        return dict(self._executions), self.tokens.state()

    def restore(self, state: Any) -> None:
        """Bring the executions back; those that were running go on, as soon as the local cloud answers them."""
        self._executions, tokens = Unpickler(state, {}).load() if isinstance(state, bytes) else state
        self.tokens.restore(tokens)
        for execution in self.all():
            execution.attach(self)
        running = [one for one in self.all() if one.status == "RUNNING" and not one.machine.map_run_arn]
        threading.Thread(target=_resume, args=(running, self.map_runs()), name="resume", daemon=True).start()

    def heard(self, execution: Execution, event: Event) -> None:
        """Count and log an event of an execution's history."""
        self.changes += 1
        self.logs.write(execution, event)

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
        if execution.status != "RUNNING" or not execution.redrive_count:
            seconds = (execution.stop_date or execution.start_date) - execution.start_date
            executions_reported(execution.machine.arn, execution.status, seconds * 1000)
        shown = execution.describe()
        dates = {key: int(shown[key] * 1000) for key in ("startDate", "stopDate", "redriveDate") if key in shown}
        empty = dict.fromkeys(("stopDate", "output", "outputDetails", "error", "cause"))
        detail = json.loads(json.dumps({**empty, **shown, **dates}))
        self._publish("aws.states", "Step Functions Execution Status Change", [execution.arn], detail)


def _resume(running: list[Execution], map_runs: list[MapRun]) -> None:
    for run in map_runs:
        run.settle()
    for execution in running:
        threading.Thread(target=execution.resume, name=execution.arn, daemon=True).start()
