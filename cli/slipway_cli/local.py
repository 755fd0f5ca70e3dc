"""`slipway local …`: the cloud on this machine."""

from collections import Counter
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli import cdk, fault
from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment
from slipway_cli.output import answers, people, print_json
from slipway_cli.permissions import print_permissions
from slipway_cli.project import Project, project
from slipway_cli.synth import synthesise
from slipway_cli.target import find_target
from slipway_local import cloud
from slipway_local.remote import LocalCloudError

app = typer.Typer(
    help="The local cloud: the environment's own templates and functions, on this machine.", no_args_is_help=True
)
app.add_typer(fault.fault, name="fault")
app.add_typer(fault.database, name="database")
app.add_typer(fault.spot, name="spot")


def describe(here: Project, environment: str) -> dict[str, Any]:
    """The local cloud's status in the form that scripts rely on; without it, `gateway_url` and `api_key` are None."""
    status = cloud.status(here.state(environment))
    running = status.state == "running"
    target = find_target(here, environment, aws=False) if running else None
    return {
        "environment": environment,
        "gateway_url": target.gateway_url if target else None,
        "api_key": target.api_key if target else None,
        "endpoint_url": status.endpoint_url,
        "state": status.state,
        "error": status.error,
        "resources": asdict(status)["resources"],
        "enforce_iam": status.enforce_iam,
        "notices": list(status.notices),
        "not_emulated": list(status.not_emulated),
    }


class Via(StrEnum):
    """What deploys: our own reader of the assembly, or the CDK CLI."""

    DIRECT = "direct"
    CDK = "cdk"


def bring_up(here: Project, environment: str, via: Via = Via.DIRECT, *, enforce_iam: bool | None = None) -> None:
    """Synthesise the environment and deploy it to its local cloud, telling on stderr what is being done.

    `enforce_iam` switches the evaluation of IAM policies on or off; None leaves it as it is.

    Raises: CommandError if it cannot be synthesised or deployed; what was begun is rolled back then.
    """
    with here.lock(environment), people.status(f"Synthesising {environment}") as line:
        assembly = synthesise(here, environment)

        def show(stack: str, logical_id: str, what: str) -> None:
            line.update(escape(" ".join(filter(None, ("Local cloud:", what, stack, logical_id)))))

        try:
            endpoint_url = cloud.start(
                assembly, here.state(environment),
                environment=environment, progress=show, cache=here.cache, enforce_iam=enforce_iam,
            )  # fmt: skip
            if via is Via.CDK:
                where = cdk.variables(endpoint_url, cloud.credentials(here.state(environment)))
                cdk.deploy(here, assembly, where, lambda text: show("", "", text))
            else:
                cloud.deploy(here.state(environment), assembly, show)
        except LocalCloudError as error:
            raise CommandError(f"{error}\nThe daemon's log: slipway local logs --env {environment}") from error


def _print_status(description: dict[str, Any]) -> None:
    resources = description["resources"]
    answers.print(f"Local cloud of [bold]{description['environment']}[/bold]: {description['state']}")
    if description["error"]:
        answers.print(f"  {escape(description['error'])}")
    for notice in description["notices"]:
        answers.print(f"  {escape(notice)}")
    if description["state"] == "running":
        answers.print(
            f"  gateway   {description['gateway_url']}  (any OpenAI client; key: slipway local status --json)"
        )
        answers.print(f"  AWS API   {description['endpoint_url']}  (its variables: slipway local env)")
    live = Counter(name.split(" ")[0] for name in resources["live"])
    lists = {
        "live": ("an emulated service stands behind it", [f"{count} {kind}" for kind, count in sorted(live.items())]),
        "recorded": ("kept and queryable, but does nothing here", resources["recorded"]),
        "refused": ("not supported, so not deployed", resources["refused"]),
    }
    for kind, (meaning, lines) in lists.items():
        answers.print(f"  {kind:9} {len(resources[kind])} resources: {meaning}")
        for line in lines:
            answers.print(f"    {escape(line)}", style="dim")
    for sentence in description["not_emulated"]:
        answers.print(f"  differs from AWS: {sentence}", style="dim")


@app.command()
def up(
    env: Environment = "dev",
    via: Annotated[Via, typer.Option(help="Deploy directly (fast), or by the real CDK CLI.")] = Via.DIRECT,
    as_json: AsJson = False,
    enforce_iam: Annotated[
        bool | None,
        typer.Option(
            "--enforce-iam/--no-enforce-iam", help="Evaluate the roles' policies. Default: as it was, or off."
        ),
    ] = None,
) -> None:
    """Synthesise the environment, start its local cloud and deploy it there; harmless when it is already up."""
    here = project()
    here.require_environment(env)
    bring_up(here, env, via, enforce_iam=enforce_iam)
    description = describe(here, env)
    if description["state"] != "running":
        raise CommandError(f"the local cloud of {env} was stopped meanwhile; it is {description['state']}")
    print_json(description) if as_json else _print_status(description)


@app.command()
def down(
    env: Environment = "dev",
    every: Annotated[bool, typer.Option("--all", help="Every environment's local cloud.")] = False,
) -> None:
    """Stop the local cloud; harmless when it is not up."""
    here = project()
    for name in here.environments() if every else [here.require_environment(env)]:
        with here.lock(name):
            warning = cloud.down(here.state(name))
        people.print(f"The local cloud of {name} is stopped. {escape(warning)}".strip())


@app.command()
def reset(
    env: Environment = "dev",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop the local cloud and remove its state: objects, tables, queues, databases and logs. There is no way back."""
    here = project()
    here.require_environment(env)
    state = here.state(env)
    if not state.exists():
        people.print(f"The local cloud of {env} has no state: {state} does not exist.")
        return
    if not yes:
        stacks = ", ".join(cloud.deployed(state)) or "no stacks"
        people.print(f"This removes {state}: {stacks}, with their objects, tables, queues, databases and logs.")
        typer.confirm("Go on?", abort=True)
    with here.lock(env):
        cloud.reset(state)
    people.print(f"The local cloud of {env} is empty.")


@app.command()
def status(env: Environment = "dev", as_json: AsJson = False) -> None:
    """Say whether the local cloud runs, where, and which resources are live, recorded or refused."""
    here = project()
    here.require_environment(env)
    description = describe(here, env)
    print_json(description) if as_json else _print_status(description)


@app.command("env")
def environment_variables(env: Environment = "dev", as_json: AsJson = False) -> None:
    """Print the variables with which the AWS CLI, the CDK CLI and SDKs reach the local cloud, as its administrator.

    Meant for `eval "$(slipway local env)"`.
    """
    here = project()
    target = find_target(here, env, aws=False)
    where = cdk.variables(str(target.endpoint_url), cloud.credentials(here.state(env)))
    if as_json:
        print_json(where)
        return
    for name, value in where.items():
        answers.print(f"export {name}={value}", markup=False, highlight=False, soft_wrap=True)
    answers.print("unset AWS_SESSION_TOKEN AWS_PROFILE")


@app.command()
def permissions(
    env: Environment = "dev",
    everything: Annotated[bool, typer.Option("--all", help="Also the roles of the CDK's bootstrap.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say, for each role, which calls were denied and what its policies allow but no call needed since the start."""
    here = project()
    here.require_environment(env)
    try:
        report = cloud.permissions(here.state(env))
    except LocalCloudError as error:
        raise CommandError(str(error)) from error
    print_json(report) if as_json else print_permissions(report, everything=everything)


@app.command()
def logs(
    function: Annotated[str | None, typer.Argument(help="Part of a function's name; without it, all.")] = None,
    env: Environment = "dev",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes.")] = False,
) -> None:
    """Print the logs of the functions and of the local cloud itself."""
    here = project()
    here.require_environment(env)
    for line in cloud.logs(here.state(env), function, follow=follow):
        answers.print(line, markup=False, soft_wrap=True)
