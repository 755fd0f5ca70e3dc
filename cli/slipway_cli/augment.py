"""`slipway augment`: examples that a model makes of documents, and their labels."""

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

POLL_SECONDS = 0.5
Progress = Callable[[int, int], None]


def augment(
    prefix: Annotated[str, typer.Argument(help="The source: how its keys begin, like default/handbooks/.")],
    run_id: Annotated[str, typer.Option(help="Names what the run writes; left open: made up.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Make examples of a source's documents through a model, within the budget of the settings, and label them.

    Exit code 1 if the run fails. What is running goes on when this command is interrupted.
    """
    if "/" not in prefix:
        raise UsageError(f"{prefix!r} names no source: a prefix is a tenant and a slash, like default/handbooks/")
    target = find_target(project(), env, aws=aws)
    with progress() as bar:
        task = bar.add_task("documents", total=None)
        report = run(
            target,
            prefix,
            run_id or f"run-{uuid.uuid4().hex[:12]}",
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    print_json(report) if as_json else _show(report)


def run(target: Target, prefix: str, run_id: str, progress: Progress = lambda _done, _total: None) -> dict[str, Any]:
    """Start an execution of the state machine, wait for its end and return its report.

    Raises: CommandError if it fails, or if augmentation is not deployed in the environment.
    """
    states = target.client("stepfunctions")
    machine = _machine(target)
    given = json.dumps({"prefix": prefix, "run_id": run_id})
    try:
        arn = states.start_execution(stateMachineArn=machine, name=run_id, input=given)["executionArn"]
    except (states.exceptions.ExecutionAlreadyExists, states.exceptions.InvalidName) as error:
        raise CommandError(f"a run cannot be named {run_id!r}: {error}") from error
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        for each in states.list_map_runs(executionArn=arn)["mapRuns"]:
            counts = states.describe_map_run(mapRunArn=each["mapRunArn"])["itemCounts"]
            progress(counts["succeeded"] + counts["failed"], counts["total"])
        time.sleep(POLL_SECONDS)
    if found["status"] != "SUCCEEDED":
        raise CommandError(f"the run {run_id} ended as {found['status']}. {_why(found)}{_first_failure(states, arn)}")
    report: dict[str, Any] = json.loads(found["output"])
    return report


def _why(execution: dict[str, Any]) -> str:
    """Return error and cause; of a function's error its message, without the stack trace."""
    cause = execution.get("cause", "")
    with contextlib.suppress(ValueError, TypeError, KeyError):
        cause = json.loads(cause)["errorMessage"]
    return f"{execution.get('error', '')}: {cause}".strip(": ")


def _first_failure(states: Any, arn: str) -> str:
    """Return why the first of the documents failed, "" if none did."""
    for run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        failed = states.list_executions(mapRunArn=run["mapRunArn"], statusFilter="FAILED", maxResults=1)["executions"]
        if failed:
            found = states.describe_execution(executionArn=failed[0]["executionArn"])
            return f"; the first of its documents: {_why(found)}"
    return ""


def _machine(target: Target) -> str:
    try:
        return target.parameter("augmentation/state-machine-arn")
    except CommandError as error:
        remedy = f"Is `augmentation: {{enabled: true}}` in config/{target.environment}.yaml? It is off by default."
        raise CommandError(f"{error} {remedy}") from error


def _show(report: dict[str, Any]) -> None:
    refused = sum(report["refused"].values())
    answers.print(
        f"{report['planned']} documents = {report['done']} done + {refused} refused + {report['failed']} failed; "
        f"run {report['run_id']}"
    )
    for kind, tally in report["tallies"].items():
        rejects = sum(tally["rejects"].values())
        answers.print(
            f"  {kind}: {tally['asked']} asked = {tally['kept']} kept + {rejects} rejected + "
            f"{tally['duplicates']} duplicates"
        )
        for code, number in sorted(tally["rejects"].items()):
            answers.print(f"    {number} {code}", style="yellow")
    spent = report["spent"]
    answers.print(f"  {spent['calls']} calls, {spent['input_tokens']} tokens in, {spent['output_tokens']} out")
    if not report["complete"]:
        unasked = f"{report['over_budget']} documents and {spent['unasked']} things of others were left out"
        answers.print(f"  not complete: {unasked} for want of budget", style="yellow")
    answers.print(escape(report["examples"]))
