"""Executions of the environment's state machines: start one, wait for its end, and say why it failed."""

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from slipway_cli.errors import CommandError
from slipway_cli.target import Target

POLL_SECONDS = 0.5
Progress = Callable[[int, int], None]


def made_up(prefix: str) -> str:
    """Return a name that no execution has yet."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def start(target: Target, machine: str, given: dict[str, Any], *, name: str = "") -> str:
    """Start an execution of a state machine, an ARN, and return its own ARN; without a name AWS makes one up.

    Raises: CommandError if it cannot be named so.
    """
    states = target.client("stepfunctions")
    named = {"name": name} if name else {}
    try:
        arn: str = states.start_execution(stateMachineArn=machine, input=json.dumps(given), **named)["executionArn"]
    except (states.exceptions.ExecutionAlreadyExists, states.exceptions.InvalidName) as error:
        raise CommandError(f"a run cannot be named {name!r}: {error}") from error
    return arn


def run(
    target: Target,
    machine: str,
    given: dict[str, Any],
    *,
    name: str = "",
    what: str = "run",
    remedy: str = "",
    progress: Progress | None = None,
    waiting: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Start an execution, wait for its end and return its output.

    `what`, `remedy`: of the message if it fails.   `progress`: told of the items of its Distributed Maps, done and in
    all; the message then names the first that failed.   `waiting`: called while it runs.
    Raises: CommandError if it fails.
    """
    states, arn = target.client("stepfunctions"), start(target, machine, given, name=name)
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if progress:
            _tell(states, arn, progress)
        if waiting:
            waiting()
        time.sleep(POLL_SECONDS)
    if found["status"] != "SUCCEEDED":
        reasons = [f"{why(found)}{first_failure(states, arn) if progress else ''}", remedy]
        said = ". ".join(reason for reason in reasons if reason)
        raise CommandError(f"the {what} {name or arn} ended as {found['status']}. {said}")
    output: dict[str, Any] = json.loads(found["output"])
    return output


def wait_until_submitted(target: Target, arn: str, *, what: str) -> None:
    """Return when an execution waits for somebody else: a task was handed over, and its token is known there.

    Raises: CommandError with the cause if it ends before, and not well.
    Source: Step Functions API reference, HistoryEvent, type TaskSubmitted.
    """
    states = target.client("stepfunctions")
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        events = states.get_execution_history(executionArn=arn, maxResults=100)["events"]
        if any(event["type"] == "TaskSubmitted" for event in events):
            return
        time.sleep(POLL_SECONDS)
    if found["status"] != "SUCCEEDED":
        raise CommandError(f"the {what} ended as {found['status']}. {why(found)}")


def _tell(states: Any, arn: str, progress: Progress) -> None:
    for each in states.list_map_runs(executionArn=arn)["mapRuns"]:
        counts = states.describe_map_run(mapRunArn=each["mapRunArn"])["itemCounts"]
        progress(counts["succeeded"] + counts["failed"], counts["total"])


def why(execution: dict[str, Any]) -> str:
    """Return error and cause; of a function's error its message, without the stack trace."""
    cause = execution.get("cause", "")
    with contextlib.suppress(ValueError, TypeError, KeyError):
        cause = json.loads(cause)["errorMessage"]
    return f"{execution.get('error', '')}: {cause}".strip(": ")


def first_failure(states: Any, arn: str) -> str:
    """Return why the first of the documents failed, "" if none did."""
    for each in states.list_map_runs(executionArn=arn)["mapRuns"]:
        failed = states.list_executions(mapRunArn=each["mapRunArn"], statusFilter="FAILED", maxResults=1)["executions"]
        if failed:
            found = states.describe_execution(executionArn=failed[0]["executionArn"])
            return f"; the first of its documents: {why(found)}"
    return ""
