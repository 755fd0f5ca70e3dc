"""`slipway models deploy|rollback|resume`: bring a version to its endpoint, and back."""

import getpass
import json
import time
import uuid
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli import executions
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.models import Models, Version
from slipway_cli.options import AsJson, Environment, InAws, Why
from slipway_cli.output import answers, people, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

POLL_SECONDS = 0.5
GOOD = ("promoted", "current", "interrupted")
STATES = {"Check": "checking", "Start": "making the model", "Wait": "rolling out", "Look": "rolling out"}
Endpoint = Annotated[str, typer.Option(help="The endpoint, where several serve the model.")]
Followed = Annotated[str, typer.Argument(metavar="ENDPOINT", help="As it is called in serving.endpoints.")]
Bake = Annotated[int | None, typer.Option(min=0, max=3600, help="Seconds that alarms watch each step.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return as soon as it has begun.")]
Told = Callable[[str], None]


def deploy(
    version: Version,
    endpoint: Endpoint = "",
    bake_seconds: Bake = None,
    why: Why = "",
    no_wait: NoWait = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Bring an approved version to its endpoint: checked, rolled out in steps, watched by alarms, taken back by them.

    Exit code 1 unless the endpoint serves it in the end.
    """
    target = find_target(project(), env, aws=aws)
    found = Models(target).version(version)
    serves = endpoints(target, found["name"])
    if not serves or (endpoint and endpoint not in serves):
        raise CommandError(
            f"no endpoint{f' {endpoint}' if endpoint else ''} of {env} serves {found['name']}; "
            f"give one `model: {{ registry: {found['name']}, … }}` in config/{env}.yaml, and deploy"
        )
    if len(serves) > 1 and not endpoint:
        raise UsageError(f"{', '.join(serves)} serve {found['name']}: name one by --endpoint")
    asked = {"endpoint": endpoint or serves[0], "action": "deploy", "package": found["arn"], "why": why}
    _run(target, asked | ({} if bake_seconds is None else {"bake_seconds": bake_seconds}), no_wait, as_json=as_json)


def rollback(
    endpoint: Followed,
    why: Why = "",
    no_wait: NoWait = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Let an endpoint serve at once what it served before. A deployment that is still running is taken back."""
    target = find_target(project(), env, aws=aws)
    if endpoint not in (known := plans(target)):
        raise CommandError(f"{endpoint} follows no registry in {env}; there are: {', '.join(known) or 'none'}")
    _run(target, {"endpoint": endpoint, "action": "rollback", "why": why}, no_wait, as_json=as_json)


def resume(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A deployment that failed, as its notice names it.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Let a deployment that failed go on from the step that failed."""
    target = find_target(project(), env, aws=aws)
    states, arn = target.client("stepfunctions"), f"{_machine(target).replace(':stateMachine:', ':execution:')}:{run}"
    try:
        states.redrive_execution(executionArn=arn)
    except (states.exceptions.ExecutionNotRedrivable, states.exceptions.ExecutionDoesNotExist) as error:
        raise CommandError(f"{run} cannot go on: {error}") from error
    _followed(target, arn, as_json=as_json)


def endpoints(target: Target, name: str) -> list[str]:
    """Return the endpoints that serve a model of the registry."""
    return [each for each, plan in plans(target).items() if plan["group"] == f"slipway-{target.environment}-{name}"]


def plans(target: Target) -> dict[str, dict[str, Any]]:
    """Return the plan of each endpoint that follows the registry, by its name in the settings."""
    pages = target.client("ssm").get_paginator("get_parameters_by_path")
    path = f"/slipway/{target.environment}/serving/"
    found = [each for page in pages.paginate(Path=path) for each in page["Parameters"]]
    plan = {each["Name"].removeprefix(path): each["Value"] for each in found}
    return {name.removesuffix("-plan"): json.loads(value) for name, value in plan.items() if name.endswith("-plan")}


def start(target: Target, asked: dict[str, Any]) -> str:
    """Start a deployment and return its execution's ARN."""
    asked = {"by": getpass.getuser(), **asked}
    return executions.start(target, _machine(target), asked, name=f"{asked['endpoint']}-{uuid.uuid4().hex[:12]}")


def follow(target: Target, arn: str, told: Told = lambda _text: None) -> dict[str, Any]:
    """Wait for the end of a deployment and return what came of it. Raises: CommandError if it failed."""
    states, began = target.client("stepfunctions"), time.monotonic()
    while (shown := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        events = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=50)["events"]
        entered = [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]
        waits = "EndpointBusyError" in json.dumps(events[:3], default=str)
        state = "waiting for another deployment" if waits else STATES.get(entered[0] if entered else "", "settling")
        told(f"{state}, {time.monotonic() - began:.0f} s")
        time.sleep(POLL_SECONDS)
    run = arn.rpartition(":")[2]
    if shown["status"] != "SUCCEEDED":
        raise CommandError(
            f"{run} ended as {shown['status']}. {executions.why(shown)}. "
            f"`slipway models resume {run}` goes on from there."
        )
    found: dict[str, Any] = json.loads(shown["output"])
    return found | {"run": run}


def _run(target: Target, asked: dict[str, Any], no_wait: bool, *, as_json: bool) -> None:
    arn = start(target, asked)
    if no_wait:
        run = arn.rpartition(":")[2]
        print_json({"run": run, "execution": arn}) if as_json else answers.print(run, highlight=False)
        return
    _followed(target, arn, as_json=as_json)


def _followed(target: Target, arn: str, *, as_json: bool) -> None:
    with progress() as bar:
        task = bar.add_task("starting", total=None)
        found = follow(target, arn, lambda text: bar.update(task, description=text))
    if as_json:
        print_json(found)
    else:
        show(found)
    if found["outcome"] not in GOOD:
        raise typer.Exit(1)


def show(found: dict[str, Any]) -> None:
    """Print what came of a deployment."""
    words = f"{found['endpoint']}: {found['version']} {found['outcome'].replace('_', ' ')}, {found['seconds']} s"
    answers.print(escape(words), highlight=False)
    for line in (found["reason"], found["remedy"]):
        if line:
            people.print(escape(line))
    if found["numbers"]:
        figures = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in found["numbers"].items())
        answers.print(figures, highlight=False)


def _machine(target: Target) -> str:
    return target.parameter_of("deployment", "deployment/state-machine-arn", "serving.endpoints[].model.registry")
