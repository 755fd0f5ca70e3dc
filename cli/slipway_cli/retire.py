"""`slipway models retire`: versions that nobody uses leave, and keep their cards."""

import getpass
import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.models import Models
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

SETTING = "serving.endpoints[].model.registry"


def retire(
    versions: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME/VERSION]…", help="These; left out: by --days.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=0, help="Those without a request for so many days.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be retired.")] = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Archive versions that no endpoint serves or would go back to; card and lineage stay, files move to cold storage.

    Exit code 1 if a version that is named is kept.
    """
    if not versions and days is None:
        raise UsageError("name versions, or say --days: how long without a request")
    target = find_target(project(), env, aws=aws)
    found = ask(target, [_label(target, each) for each in versions or []], days=days or 0, dry_run=dry_run)
    if as_json:
        print_json(found)
    else:
        verb = "would be retired" if dry_run else "retired"
        for label in found["retired"]:
            answers.print(f"{label}  {verb}", highlight=False)
        for name in found["idle"]:
            people.print(f"nobody has asked the endpoint {name} for {days} days; take it out of the settings to end it")
        people.print(f"{len(found['retired'])} version(s) {verb}")
        for each in found["kept"]:
            people.print(escape(f"{each['version']} is kept: {each['reason']}"))
    if found["kept"]:
        raise typer.Exit(1)


def ask(target: Target, labels: list[str], *, days: int, dry_run: bool) -> dict[str, Any]:
    """Return what the environment's function did. Raises: CommandError with its error."""
    function = target.parameter_of("retirement of models", "deployment/retire-function-name", SETTING)
    body = {"by": getpass.getuser(), "days": days, "versions": labels, "dry_run": dry_run}
    answer = target.client("lambda").invoke(FunctionName=function, Payload=json.dumps(body))
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandError(str(found.get("errorMessage", found)))
    return found


def _label(target: Target, named: str) -> str:
    if "/" not in named:
        raise UsageError(f"{named!r} is no version: write NAME/VERSION")
    found = Models(target).version(named)
    return f"slipway-{target.environment}-{found['name']}/{found['version']}"
