"""`slipway reindex`: another embedding model, or other chunks, without downtime.

start → status → switch → (rollback) → drop
"""

import time
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli import executions
from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

app = typer.Typer(help="Move the index to another embedding model or other chunks, without downtime.")
POLL_SECONDS = 1.0
ENDED = ("FAILED", "TIMED_OUT", "ABORTED")
Report = dict[str, Any]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end; the run goes on without this command.")]


@app.command()
def start(
    env: Environment = "dev",
    aws: InAws = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Print what it would take, and start nothing.")] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Build a new generation beside the one that is searched; a run that failed goes on where it was."""
    target = find_target(project(), env, aws=aws)
    found = _ask(target, "status")
    if found["building"]:
        arn = _resume(target, found["building"])
    else:
        planned = _ask(target, "estimate")["estimate"]
        people.print(_planned(planned))
        if estimate:
            print_json(planned) if as_json else None
            return
        arn = executions.start(target, _machine(target), {"action": "start"}, name=executions.made_up("build"))
    _begun(target, arn)
    if wait:
        _follow(target, arn)
    _show(target, as_json=as_json)


@app.command()
def status(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show which generations there are, and how far the new one is."""
    _show(find_target(project(), env, aws=aws), as_json=as_json)


@app.command()
def switch(
    documents_only: Annotated[
        bool, typer.Option("--documents-only", help="Compare documents alone, as after other settings of chunks.")
    ] = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Search the new generation, if it holds the same documents with as many chunks; the old one is kept."""
    target = find_target(project(), env, aws=aws)
    found = _ask(target, "switch", documents_only=documents_only)
    text = f"Searches now read {_label(found['active'])}: {found['documents']} documents."
    print_json(found) if as_json else answers.print(f"{text} The one before is kept until `slipway reindex drop`.")


@app.command()
def rollback(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Search the previous generation again, which was written to all the while."""
    found = _ask(find_target(project(), env, aws=aws), "rollback")
    print_json(found) if as_json else answers.print(f"Searches read {_label(found['active'])} again.")


@app.command()
def drop(
    env: Environment = "dev",
    aws: InAws = False,
    grace_seconds: Annotated[
        int | None,
        typer.Option(min=0, help="Seconds until its data goes; left out, as long as a function may still use it."),
    ] = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Give up the new generation, or after a switch the old one: nothing writes to it any more, then its data goes."""
    target = find_target(project(), env, aws=aws)
    grace = int(target.parameter("reindex/grace-seconds")) if grace_seconds is None else grace_seconds
    people.print(f"Its data goes in {grace} seconds.")
    if wait:
        _ask(target, "drop", grace_seconds=grace)
    else:
        executions.start(target, _machine(target), {"action": "drop", "grace_seconds": grace})
    _show(target, as_json=as_json)


def _machine(target: Target) -> str:
    return target.parameter("reindex/state-machine-arn")


def _ask(target: Target, action: str, **other: Any) -> Report:
    return executions.run(target, _machine(target), {"action": action, **other}, what=action)


def _resume(target: Target, building: Report) -> str:
    """Return the ARN of what builds it. A run that ended early is redriven: only what is not done is done."""
    states, arn = target.client("stepfunctions"), str(building["execution"])
    if states.describe_execution(executionArn=arn)["status"] in ENDED:
        people.print(f"{_label(building)} goes on where it was.")
        states.redrive_execution(executionArn=arn)
    elif building["is_built"]:
        raise CommandError(f"{_label(building)} is built: `slipway reindex switch`, or `slipway reindex drop`")
    return arn


def _begun(target: Target, arn: str) -> None:
    """Wait until the new generation is noted. Raises: CommandError if the run ends before."""
    states = target.client("stepfunctions")
    while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if states.list_map_runs(executionArn=arn)["mapRuns"]:
            return
        time.sleep(POLL_SECONDS / 4)
    if found["status"] != "SUCCEEDED":
        raise CommandError(f"the run ended as {found['status']}. {executions.why(found)}")


def _follow(target: Target, arn: str) -> None:
    states = target.client("stepfunctions")
    with progress() as bar:
        task = bar.add_task("documents")
        while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if counts := _counts(states, arn):
                bar.update(task, total=counts["total"], completed=counts["succeeded"])
            time.sleep(POLL_SECONDS)
    if found["status"] != "SUCCEEDED":
        first = executions.first_failure(states, arn)
        raise CommandError(
            f"the run ended as {found['status']}. {executions.why(found)}{first}. Searches are as before; "
            "`slipway reindex start` goes on where it was, `slipway reindex drop` gives it up"
        )


def _counts(states: Any, arn: str) -> dict[str, int] | None:
    for each in states.list_map_runs(executionArn=arn)["mapRuns"]:
        counts: dict[str, int] = states.describe_map_run(mapRunArn=each["mapRunArn"])["itemCounts"]
        return counts
    return None


def _show(target: Target, *, as_json: bool) -> None:
    found = _ask(target, "status")
    names = ("active", "building", "previous", "dropping")
    shown = {name: found[name] for name in names}
    if building := found["building"]:
        states = target.client("stepfunctions")
        run = states.describe_execution(executionArn=building["execution"])
        counts = _counts(states, building["execution"]) or {"total": 0, "succeeded": 0, "failed": 0}
        shown["run"] = {
            "status": run["status"],
            "documents": counts["total"],
            "done": counts["succeeded"],
            "failed": counts["failed"],
            "reason": executions.why(run),
        }
    if as_json:
        print_json(shown)
        return
    for name in names:
        if shown[name]:
            answers.print(f"{name}: {escape(_label(shown[name]))}")
    if run := shown.get("run"):
        reason = f" {run['reason']}" if run["reason"] else ""
        answers.print(escape(f"  {run['status'].lower()}: {run['done']} of {run['documents']} documents{reason}"))


def _label(generation: Report) -> str:
    return f"generation {generation['number']} ({generation['model_id']}, {generation['dimensions']} dimensions)"


def _planned(planned: Report) -> str:
    cost = f"about ${planned['usd']:.2f}" if planned["usd"] is not None else "no price is set"
    return (
        f"{planned['documents']} documents, {planned['bytes'] / 1e6:.1f} MB, about {planned['tokens']:,} tokens of "
        f"{planned['model_id']}, {cost}, about {planned['minutes']:g} minutes."
    )
