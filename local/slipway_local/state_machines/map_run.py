"""Distributed Map: each item, or batch of items, is an execution of its own; the map run counts them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import dataclasses
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from slipway_local.permissions.enforcement import enforcement
from slipway_local.state_machines.errors import HaltedError, StatesError
from slipway_local.state_machines.execution import Execution
from slipway_local.state_machines.fan_out import fan_out, items_of, selected
from slipway_local.state_machines.flow import Visit
from slipway_local.state_machines.item_reader import read_items
from slipway_local.state_machines.result_writer import results_of

LOCAL_CONCURRENCY = 40
COUNTED = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}


class MapRun:
    """One run of a distributed Map state. `inputs` are the children's, `sizes` how many items each has."""

    def __init__(self, visit: Visit, processor: dict[str, Any]) -> None:
        self.visit = visit
        self.parent = visit.flow.execution
        machine, self.id = self.parent.machine, str(uuid.uuid4())
        self.label = visit.state.get("Label", uuid.uuid4().hex[:8])
        self.arn = f"{machine.arn.replace(':stateMachine:', ':mapRun:')}/{self.label}:{self.id}"
        self.status, self.start_date = "RUNNING", time.time()
        self.stop_date: float | None = None
        self.redrive_count = 0
        self.redrive_date: float | None = None
        self.max_concurrency = int(visit.data.value(visit.state, "MaxConcurrency") or 0)
        self.tolerated_count = int(visit.data.value(visit.state, "ToleratedFailureCount") or 0)
        self.tolerated_percentage = float(visit.data.value(visit.state, "ToleratedFailurePercentage") or 0)
        self.inputs: list[Any] = []
        self._exported = "Resource" in visit.state.get("ResultWriter", {})
        self.sizes: list[int] = []
        self.children: list[Execution | None] = []
        self._machine = dataclasses.replace(
            machine,
            arn=f"{machine.arn}/{self.label}",
            name=f"{machine.name}/{self.label}",
            type=processor.get("ProcessorConfig", {}).get("ExecutionType", "STANDARD"),
            definition={"QueryLanguage": visit.flow.language, **processor},
            map_run_arn=self.arn,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "visit"}  # the next visit is another one

    def settle(self) -> None:
        """End, after a restart, what nobody goes on with: a run whose parent has ended or that was still reading."""
        if self.status == "RUNNING" and (self.parent.status != "RUNNING" or not self.children):
            self.end("ABORTED")
        if self.status != "RUNNING":
            for child in self.children:
                if child:
                    child.end("ABORTED")

    def read(self) -> None:
        """Read, select and batch the items. Raises StatesError if the source cannot be read."""
        reader = self.visit.state.get("ItemReader")
        items = read_items(self.visit, reader) if reader else items_of(self.visit)
        items = [selected(self.visit, index, item) for index, item in enumerate(items)]
        batcher = self.visit.state.get("ItemBatcher")
        batches = _batches(self.visit, items, batcher) if batcher else [(item, 1) for item in items]
        self.inputs, self.sizes = [given for given, _ in batches], [size for _, size in batches]
        self.children = [None] * len(batches)

    def run(self) -> None:
        """Run every child that has not ended, on a redrive that has not succeeded.

        Raises StatesError if more fail than is tolerated.
        """
        over = {"SUCCEEDED", "FAILED", "TIMED_OUT"} if self.status == "RUNNING" else {"SUCCEEDED"}
        self.status, self.stop_date = "RUNNING", None
        jobs = [self._job(i) for i, child in enumerate(self.children) if child is None or child.status not in over]
        try:
            fan_out(jobs, min(self.max_concurrency or LOCAL_CONCURRENCY, LOCAL_CONCURRENCY))
            self._check()
        except BaseException as error:
            self.end("FAILED" if isinstance(error, StatesError) else "ABORTED")
            raise
        self.end("SUCCEEDED")

    def end(self, status: str) -> None:
        """Note how the run ended."""
        self.status, self.stop_date = status, time.time()

    def _job(self, index: int) -> Callable[["Future[None]"], None]:
        def run(halt: "Future[None]") -> None:
            stops = (*self.visit.flow.stops, halt)
            child = self.children[index]
            if child is None:
                self._may_start()
                child = self._child(index)
                self.children[index] = child
                child.run(stops)
            elif child.status == "RUNNING":
                child.resume(stops)
            else:
                self._may_start(child)
                child.redrive(stops)
            if child.status in ("ABORTED", "RUNNING") and any(stop.done() for stop in stops):
                raise HaltedError
            self._check()

        return run

    def _may_start(self, redriven: Execution | None = None) -> None:
        """Raise StatesError if the machine's role may not start a child, or redrive one; Express ones start anew.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#maprun-iam-permission
        """
        action, resource = "states:StartExecution", self.parent.machine.arn.partition("/")[0]
        if redriven and self._machine.type != "EXPRESS":
            action, resource = "states:RedriveExecution", redriven.arn
        role = self.parent.machine.role_arn
        if not enforcement.role_may(role, action, resource, "states"):
            raise StatesError(
                "States.Permissions", f"{role} is not authorized to perform: {action} on resource: {resource}"
            )

    def _check(self) -> None:
        if self._exceeded():
            raise StatesError(
                "States.ExceedToleratedFailureThreshold",
                "The specified tolerated failure threshold was exceeded",
            )

    def _child(self, index: int) -> Execution:
        name = str(uuid.uuid4())
        arn = f"{self._machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        child = Execution(self.parent.engine, self._machine, arn, name, json.dumps(self.inputs[index]))
        self.parent.engine.add(child)
        return child

    def _exceeded(self) -> bool:
        counts = self._counts(self.sizes)
        bad = counts["failed"] + counts["timedOut"]
        count, share = self._tolerated
        return bad > 0 and (
            (count is not None and bad > count) or (share is not None and bad * 100 > share * counts["total"])
        )

    @property
    def _tolerated(self) -> tuple[float | None, float | None]:
        """Return how many and how many percent may fail; where neither is given, none.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold
        """
        given = {name.removesuffix("Path") for name in self.visit.state}
        count = self.tolerated_count if "ToleratedFailureCount" in given else None
        share = self.tolerated_percentage if "ToleratedFailurePercentage" in given else None
        return (0, None) if count is None and share is None else (count, share)

    def _counts(self, weights: list[int]) -> dict[str, int]:
        counts = dict.fromkeys(
            ("aborted", "failed", "pending", "resultsWritten", "running", "succeeded", "timedOut"), 0
        )
        for child, weight in zip(self.children, weights, strict=True):
            counts["pending" if child is None else COUNTED.get(child.status, "running")] += weight
        written = self._exported and self.status != "RUNNING"
        ended = counts["succeeded"] + counts["failed"] + counts["timedOut"]
        return {**counts, "resultsWritten": ended if written else 0, "total": sum(weights)}

    def describe(self) -> dict[str, Any]:
        """Return the run as DescribeMapRun shows it."""
        shown = {
            "mapRunArn": self.arn,
            "executionArn": self.parent.arn,
            "status": self.status,
            "startDate": self.start_date,
            "stopDate": self.stop_date,
            "maxConcurrency": self.max_concurrency,
            "toleratedFailurePercentage": self.tolerated_percentage,
            "toleratedFailureCount": self.tolerated_count,
            "itemCounts": self._counts(self.sizes),
            "executionCounts": self._counts([1] * len(self.sizes)),
            "redriveCount": self.redrive_count,
            "redriveDate": self.redrive_date,
        }
        return {key: value for key, value in shown.items() if value is not None}


def _batches(visit: Visit, items: list[Any], batcher: dict[str, Any]) -> list[tuple[Any, int]]:
    """Return batches by number of items and bytes, each with the input that all of them share."""
    most = int(visit.data.value(batcher, "MaxItemsPerBatch") or len(items) or 1)
    limit = int(visit.data.value(batcher, "MaxInputBytesPerBatch") or 256 * 1024)
    shared = {"BatchInput": visit.data.render(batcher["BatchInput"], "BatchInput")} if "BatchInput" in batcher else {}
    batches: list[list[Any]] = []
    for item in items:
        last = batches[-1] if batches else None
        if last is not None and len(last) < most and len(json.dumps({**shared, "Items": [*last, item]})) <= limit:
            last.append(item)
        else:
            batches.append([item])
    return [({**shared, "Items": batch}, len(batch)) for batch in batches]


def run_distributed(visit: Visit, processor: dict[str, Any]) -> Any:
    """Return the results of a distributed Map state; on a redrive only unsuccessful children run again."""
    run: MapRun | None = visit.flow.progress.children.get("map run")
    visit.trail.add("MapStateStarted", length=0 if run is None else len(run.children))
    try:
        if run is None:
            run = MapRun(visit, processor)
            visit.flow.execution.map_runs.append(run)
            visit.trail.add("MapRunStarted", mapRunArn=run.arn)
            run.read()
            visit.flow.progress.children["map run"] = run
        else:
            run.visit = visit
            if run.status != "RUNNING":
                run.redrive_count, run.redrive_date = run.redrive_count + 1, time.time()
                visit.trail.add("MapRunRedriven", mapRunArn=run.arn, redriveCount=run.redrive_count)
        try:
            run.run()
        except StatesError:
            if "ResultWriter" in visit.state:
                results_of(visit, run)
            raise
        results = results_of(visit, run)
    except StatesError as error:
        if run is not None:
            run.end("FAILED")
        visit.trail.add("MapRunFailed", error=error.name, cause=error.cause or None)
        visit.trail.add("MapStateFailed")
        raise
    visit.trail.add("MapRunSucceeded")
    visit.trail.add("MapStateSucceeded")
    return results
