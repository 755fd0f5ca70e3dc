"""What each type of state does, given its visit: returns the next state's name (None at the end) and the output.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slipway_local.state_machines import choice, json_path
from slipway_local.state_machines.errors import StatesError, runtime_error
from slipway_local.state_machines.fan_out import inline_map, parallel
from slipway_local.state_machines.flow import Visit
from slipway_local.state_machines.json_path import Scope
from slipway_local.state_machines.map_run import run_distributed
from slipway_local.state_machines.tasks import run_task

Outcome = tuple[str | None, Any]


def _pass(visit: Visit) -> Outcome:
    given = visit.state["Result"] if "Result" in visit.state else visit.data.arguments()
    if visit.state.get("QueryLanguage", visit.flow.language) == "JSONata":
        return visit.state.get("Next"), visit.data.through(visit.state)
    return visit.state.get("Next"), visit.data.finish(given)


def _succeed(visit: Visit) -> Outcome:
    return None, visit.data.through(visit.state)


def _fail(visit: Visit) -> Outcome:
    name, cause = visit.data.value(visit.state, "Error"), visit.data.value(visit.state, "Cause")
    raise StatesError(str(name or ""), str(cause or ""))


def _wait(visit: Visit) -> Outcome:
    seconds, until = visit.data.value(visit.state, "Seconds"), visit.data.value(visit.state, "Timestamp")
    if until is not None:
        try:
            seconds = (choice.moment(until) - datetime.now(UTC)).total_seconds()
        except ValueError as error:
            raise runtime_error(f"The Timestamp of the state '{visit.name}': {error}") from error
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or (until is None and seconds < 0):
        raise runtime_error(f"The Seconds of the state '{visit.name}' are {seconds!r}, not a number of at least 0")
    kept = visit.flow.progress.children
    try:
        visit.flow.sleep(kept.setdefault("until", time.time() + seconds) - time.time())
    finally:
        del kept["until"]
    return visit.state.get("Next"), visit.data.through(visit.state)


def _choice(visit: Visit) -> Outcome:
    scope = Scope(visit.data.input, visit.data.context, visit.flow.variables)
    for rule in visit.state["Choices"]:
        if "Condition" in rule:
            truth = visit.data.value(rule, "Condition")
            if not isinstance(truth, bool):
                raise StatesError("States.QueryEvaluationError", f"Condition is {truth!r}, not true or false")
        else:
            truth = choice.holds(rule, lambda path: json_path.read(path, scope, "Variable"))
        if truth:
            return rule["Next"], visit.data.through(rule)
    if "Default" not in visit.state:
        raise StatesError(
            "States.NoChoiceMatched", f"No choice of the state '{visit.name}' holds and it has no Default"
        )
    return visit.state["Default"], visit.data.through(visit.state)


def _parallel(visit: Visit) -> Outcome:
    return visit.state.get("Next"), visit.data.finish(parallel(visit))


def _map(visit: Visit) -> Outcome:
    processor = visit.state.get("ItemProcessor") or visit.state["Iterator"]
    distributed = processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    results = run_distributed(visit, processor) if distributed else inline_map(visit, processor)
    return visit.state.get("Next"), visit.data.finish(results)


def _task(visit: Visit) -> Outcome:
    return visit.state.get("Next"), visit.data.finish(run_task(visit))


RUNNERS: dict[str, Callable[[Visit], Outcome]] = {
    "Pass": _pass,
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": _map,
}
