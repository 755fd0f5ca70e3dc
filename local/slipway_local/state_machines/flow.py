"""One thread of control through a block of states: order, retries, catchers, and where a redrive goes on.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html and
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import json
import random
import threading
from collections import ChainMap, Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slipway_local.state_machines.dataflow import Dataflow, ExpressionDataflow, JsonObject, PathDataflow, checked
from slipway_local.state_machines.errors import TIMEOUT, HaltedError, StatesError, runtime_error
from slipway_local.state_machines.history import Trail

if TYPE_CHECKING:
    from slipway_local.state_machines.execution import Execution

WHOLE = {"truncated": False}
MAXIMUM_EVENTS = 25_000


def now() -> str:
    """Return the time as the context object writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Progress:
    """How far a block has come: enough to go on from the state that did not finish.

    `children` are those of the state's branches, and what the state itself goes on from after a restart of the cloud.
    """

    state: str | None = None
    entered: bool = False
    input: Any = None
    variables: JsonObject = field(default_factory=dict)
    done: bool = False
    output: Any = None
    children: dict[Any, Any] = field(default_factory=dict)

    def child(self, key: Any) -> "Progress":
        """Return the progress of a branch or iteration."""
        return self.children.setdefault(key, Progress())  # type: ignore[no-any-return]


@dataclass
class Visit:
    """One state being run; `progress.children` are those of its branches."""

    flow: "Flow"
    name: str
    state: JsonObject
    data: Dataflow
    retries: int = 0

    @property
    def trail(self) -> Trail:
        """Return the flow's place in the history."""
        return self.flow.trail


class Flow:
    """Runs a block (`StartAt`, `States`). Setting any of `stops` ends it with HaltedError."""

    def __init__(
        self,
        execution: "Execution",
        block: JsonObject,
        *,
        language: str,
        progress: Progress,
        trail: Trail,
        stops: tuple["Future[None]", ...],
        variables: "ChainMap[str, Any] | None" = None,
        extra: JsonObject | None = None,
    ) -> None:
        self.execution, self.block, self.progress, self.trail, self.stops = execution, block, progress, trail, stops
        self.language = block.get("QueryLanguage", language)
        self.variables: ChainMap[str, Any] = variables if variables is not None else ChainMap()
        self.extra = extra or {}

    def branch(self, block: JsonObject, key: Any, halt: "Future[None]", extra: JsonObject | None = None) -> "Flow":
        """Return the flow of a branch or iteration, with variables of its own over these."""
        return Flow(
            self.execution,
            block,
            language=self.language,
            progress=self.progress.child(key),
            trail=self.trail.fork(),
            stops=(*self.stops, halt),
            variables=self.variables.new_child(),
            extra={**self.extra, **(extra or {})},
        )

    def run(self, data: Any) -> Any:
        """Return the block's output. Raises StatesError for an error that nothing caught, HaltedError if stopped."""
        progress = self.progress
        if progress.done:
            return progress.output
        resumed = progress.state is not None
        name: str | None = progress.state or self.block["StartAt"]
        if resumed:
            data = progress.input
            self.variables.update(progress.variables)
        while name is not None:
            if not resumed:
                progress.children.clear()
                progress.entered = False
            progress.state, progress.input, progress.variables = name, data, dict(self.variables.maps[0])
            if any(stop.done() for stop in self.stops):
                raise HaltedError
            if len(self.execution.history.events) >= MAXIMUM_EVENTS:
                raise runtime_error(f"The execution reached the maximum number of history events ({MAXIMUM_EVENTS})")
            name, data = self._step(name, data)
            resumed = False
        progress.done, progress.output = True, data
        return data

    def context(self, name: str, retries: int = 0) -> JsonObject:
        """Return the context object of a state that is entered now."""
        state = {"EnteredTime": now(), "Name": name, "RetryCount": retries}
        return {**self.execution.context(), "State": state, **self.extra}

    def _step(self, name: str, raw: Any) -> tuple[str | None, Any]:
        from slipway_local.state_machines.states import RUNNERS

        state = self.block["States"][name]
        kind = state["Type"]
        if not self.progress.entered:
            self.progress.entered = True
            self.trail.add(f"{kind}StateEntered", name=name, input=json.dumps(raw), inputDetails=WHOLE)
        language = state.get("QueryLanguage", self.language)
        make = ExpressionDataflow if language == "JSONata" else PathDataflow
        visit = Visit(self, name, state, make(state, raw, self.context(name), self.variables))
        following, output = self._attempts(visit, RUNNERS[kind])
        checked(output, f"The output of the state '{name}'")
        self.trail.add(f"{kind}StateExited", name=name, output=json.dumps(output), outputDetails=WHOLE)
        return following, output

    def _attempts(self, visit: Visit, runner: Callable[[Visit], tuple[str | None, Any]]) -> tuple[str | None, Any]:
        used: Counter[int] = Counter()
        while True:
            try:
                return runner(visit)
            except StatesError as error:
                if error.name == "States.QueryEvaluationError":
                    self.trail.add("EvaluationFailed", error=error.name, cause=error.cause, state=visit.name)
                delay = retry_delay(visit.state, error, used)
                if delay is None:
                    return _catch(visit, error)
            self.sleep(delay)
            visit.retries += 1
            visit.data.context["State"]["RetryCount"] = visit.retries
            self.progress.children.clear()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises HaltedError if the flow is stopped meanwhile."""
        self.wait_for(None, seconds)

    def wait_for(self, future: "Future[Any] | None", seconds: float | None) -> bool:
        """Return whether the future is settled within the time. Raises HaltedError if the flow is stopped first."""
        awaited = {*self.stops, *([future] if future else [])}
        done, _ = wait(awaited, timeout=None if seconds is None else max(0.0, seconds), return_when=FIRST_COMPLETED)
        if future in done:
            return True
        if done:
            raise HaltedError
        return False

    def call(
        self, work: Callable[[], Any], seconds: float | None, unwanted: Callable[[Any], None] | None = None
    ) -> Any:
        """Return what a blocking call returns; leave it behind when the time is over or the flow is stopped.

        `unwanted` undoes what a call that was left behind returns in the end.
        """
        future: Future[Any] = Future()
        threading.Thread(target=settle, args=(future, work), daemon=True).start()
        try:
            if not self.wait_for(future, seconds):
                raise StatesError(TIMEOUT)
        except (StatesError, HaltedError):
            if unwanted:
                future.add_done_callback(lambda left: left.exception() or unwanted(left.result()))
            raise
        return future.result()


def settle(future: "Future[Any]", work: Callable[[], Any]) -> None:
    """Give a future what a call returns or raises."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


def retry_delay(state: JsonObject, error: StatesError, used: "Counter[int]") -> float | None:
    """Return the seconds until the next attempt, None if there is none; `used` counts attempts by retrier."""
    for index, retrier in enumerate(state.get("Retry", [])):
        if not error.matches(retrier["ErrorEquals"]):
            continue
        if used[index] >= retrier.get("MaxAttempts", 3):
            return None
        delay = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used[index])
        used[index] += 1
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay  # noqa: S311 - jitter
    return None


def _catch(visit: Visit, error: StatesError) -> tuple[str, Any]:
    for catcher in visit.state.get("Catch", []):
        if error.matches(catcher["ErrorEquals"]):
            return catcher["Next"], visit.data.caught(catcher, error)
    raise error
