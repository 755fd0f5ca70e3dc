"""One execution of a state machine: its status, its history, and stopping, timing out and redriving it.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

import json
import sys
import threading
import time
import traceback
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slipway_local.state_machines.errors import RUNTIME, TIMEOUT, HaltedError, StatesError
from slipway_local.state_machines.flow import WHOLE, Flow, Progress
from slipway_local.state_machines.history import Event, History, Trail

if TYPE_CHECKING:
    from slipway_local.state_machines.engine import Engine
    from slipway_local.state_machines.map_run import MapRun

EXPRESS_SECONDS = 300.0
JOIN_SECONDS = 5.0
LAST_EVENT = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "ABORTED": "ExecutionAborted",
    "TIMED_OUT": "ExecutionTimedOut",
}
UNKEPT = ("engine", "history", "finished", "_ended", "_stop", "_lock")  # made again after a restart
Stops = tuple["Future[None]", ...]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A state machine as it was when an execution of it began."""

    arn: str
    name: str
    role_arn: str
    type: str
    definition: dict[str, Any]
    logging: dict[str, Any]
    version_arn: str | None = None
    alias_arn: str | None = None
    map_run_arn: str | None = None


class Execution:
    """Runs in the thread that calls `run`; `finished` settles at its end, and again after each redrive."""

    def __init__(self, engine: "Engine", machine: Machine, arn: str, name: str, input_text: str) -> None:
        self.engine, self.machine, self.arn, self.name, self.input_text = engine, machine, arn, name, input_text
        self.status = "RUNNING"
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.start_date, self.redrive_count = time.time(), 0
        self.stop_date: float | None = None
        self.redrive_date: float | None = None
        self.map_runs: list[MapRun] = []
        self.answers_caller = False
        self._progress = Progress()
        self._begin([])

    def _begin(self, events: list[Event]) -> None:
        """Make what a snapshot does not hold; `events` are the history so far."""
        self.history = History(lambda event: self.engine.heard(self, event), events)
        self.finished: Future[None] = Future()
        self._ended: Future[None] = Future()
        self._stop: Future[None] = Future()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name not in UNKEPT}
        return {**kept, "events": self.history.events}

    def __setstate__(self, state: dict[str, Any]) -> None:
        events = state.pop("events")
        vars(self).update(state)
        self._begin(events)
        if self.status != "RUNNING":
            self.finished.set_result(None)
            self._ended.set_result(None)

    def attach(self, engine: "Engine") -> None:
        """Belong to this engine after a restart, with all children."""
        self.engine = engine
        for child in (child for run in self.map_runs for child in run.children if child):
            child.attach(engine)

    def start(self) -> None:
        """Run in a thread of its own."""
        threading.Thread(target=self.run, name=self.arn, daemon=True).start()

    def run(self, stops: Stops = ()) -> None:
        """Run to the end, unless one of `stops` is set before."""
        trail = Trail(self.history)
        trail.add("ExecutionStarted", input=self.input_text, inputDetails=WHOLE, roleArn=self.machine.role_arn)
        trail.last_id = 0  # the first state's event follows event 0, as Step Functions numbers them
        self.engine.announce(self)
        self._run(trail, stops)

    def resume(self, stops: Stops = ()) -> None:
        """Go on after a restart of the local cloud, from the states that had not ended; the history does not tell."""
        if self.answers_caller:
            self.end("FAILED", RUNTIME, "The local cloud was stopped, and nobody waits for the answer any more")
        elif self.history.events:
            self._run(Trail(self.history, len(self.history.events)), stops)
        else:
            self.run(stops)

    def halt(self) -> None:
        """Go no further, as the local cloud stops; the status stays."""
        with self._lock:
            self.history.closed = True
            if not self._stop.done():
                self._stop.set_result(None)

    def _run(self, trail: Trail, stops: Stops) -> None:
        seconds = self.machine.definition.get("TimeoutSeconds", EXPRESS_SECONDS if self._express else None)
        left = (self.redrive_date or self.start_date) + (seconds or 0) - time.time()
        timer = threading.Timer(max(0.0, left), self.end, ("TIMED_OUT", TIMEOUT))
        timer.daemon = True
        if seconds is not None:
            timer.start()
        ended = self._ended
        flow = Flow(
            self,
            self.machine.definition,
            language="JSONPath",
            progress=self._progress,
            trail=trail,
            stops=(*stops, self._stop),
        )
        try:
            output = flow.run(json.loads(self.input_text))
            self.end("SUCCEEDED", output=output)
        except HaltedError:
            self.end("ABORTED")
        except StatesError as error:
            self.end("FAILED", error.name, error.cause)
        except Exception as error:  # a defect of ours must not leave the execution running for ever
            traceback.print_exc(file=sys.stderr)
            self.end("FAILED", RUNTIME, f"{type(error).__name__}: {error}")
        finally:
            timer.cancel()
            ended.set_result(None)

    def end(self, status: str, error: str | None = None, cause: str | None = None, output: Any = None) -> None:
        """End the execution with a status; only the first call counts."""
        with self._lock:
            if self.status != "RUNNING" or self.engine.closed:
                return
            self.status, self.error, self.cause, self.output = status, error, cause, output
            self.stop_date = time.time()
            trail = Trail(self.history, len(self.history.events))
            text = json.dumps(output) if status == "SUCCEEDED" else None
            details = WHOLE if text is not None else None
            trail.add(LAST_EVENT[status], error=error, cause=cause or None, output=text, outputDetails=details)
            self._stop.set_result(None)
            self.finished.set_result(None)
        self.engine.announce(self)

    def redrive(self, stops: Stops | None = None) -> None:
        """Go on from the states that did not succeed: in this thread if `stops` are given, else in a new one."""
        self._ended.exception(JOIN_SECONDS)
        with self._lock:
            self.status, self.stop_date, self.error, self.cause = "RUNNING", None, None, None
            self._stop, self._ended, self.finished = Future(), Future(), Future()
            self.redrive_count, self.redrive_date = self.redrive_count + 1, time.time()
            self.history.closed = False
        trail = Trail(self.history, len(self.history.events))
        trail.add("ExecutionRedriven", redriveCount=self.redrive_count)
        self.engine.announce(self)
        if stops is None:
            threading.Thread(target=self._run, args=(trail, ()), name=self.arn, daemon=True).start()
        else:
            self._run(trail, stops)

    @property
    def _express(self) -> bool:
        return self.machine.type == "EXPRESS"

    def client(self, service: str, role_arn: str | None = None) -> Any:
        """Return a boto3 client that acts as the machine's role, or as the role of a state's Credentials."""
        return self.engine.client(service, role_arn or self.machine.role_arn)

    def context(self) -> dict[str, Any]:
        """Return the part of the context object that all states share."""
        execution = {
            "Id": self.arn,
            "Input": json.loads(self.input_text),
            "Name": self.name,
            "RoleArn": self.machine.role_arn,
            "StartTime": _iso(self.start_date),
            "RedriveCount": self.redrive_count,
        }
        if self.redrive_date:
            execution["RedriveTime"] = _iso(self.redrive_date)
        return {"Execution": execution, "StateMachine": {"Id": self.machine.arn, "Name": self.machine.name}}

    def not_redrivable(self) -> str:
        """Return why the execution cannot be redriven; an empty text if it can."""
        if self.status == "RUNNING":
            return "Execution is RUNNING and cannot be redriven"
        if self.status == "SUCCEEDED":
            return "Execution is SUCCEEDED and cannot be redriven"
        return "Execution is EXPRESS and cannot be redriven" if self._express else ""

    def events(self) -> list[Event]:
        """Return the history."""
        return list(self.history.events)

    def describe(self) -> dict[str, Any]:
        """Return the execution as DescribeExecution shows it."""
        reason = self.not_redrivable()
        shown = {
            "executionArn": self.arn,
            "stateMachineArn": self.machine.arn,
            "stateMachineVersionArn": self.machine.version_arn,
            "stateMachineAliasArn": self.machine.alias_arn,
            "mapRunArn": self.machine.map_run_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.start_date,
            "stopDate": self.stop_date,
            "input": self.input_text,
            "inputDetails": {"included": True},
            "output": json.dumps(self.output) if self.status == "SUCCEEDED" else None,
            "outputDetails": {"included": True} if self.status == "SUCCEEDED" else None,
            "error": self.error,
            "cause": self.cause,
            "redriveCount": self.redrive_count,
            "redriveDate": self.redrive_date,
            "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
            "redriveStatusReason": reason or None,
        }
        return {key: value for key, value in shown.items() if value is not None}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
