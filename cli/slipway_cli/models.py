"""`slipway models`: the versions in the registry, where each came from, and which may be deployed."""

import getpass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

app = typer.Typer(help="The model registry: versions, lineage, approval.", no_args_is_help=True)
Version = Annotated[str, typer.Argument(metavar="NAME[/VERSION]", help="A model's newest version, or the one named.")]
Comment = Annotated[str, typer.Option(help="Why; it is kept with the version.")]


class Models:
    """The registry of an environment, by SageMaker's own API."""

    def __init__(self, target: Target) -> None:
        self.client, self._prefix = target.client("sagemaker"), f"slipway-{target.environment}-"

    def versions(self, name: str = "") -> list[dict[str, Any]]:
        """Return the versions of all models or of one, newest first."""
        groups = self.client.get_paginator("list_model_package_groups").paginate(NameContains=self._prefix)
        names = [each["ModelPackageGroupName"] for page in groups for each in page["ModelPackageGroupSummaryList"]]
        wanted = [each for each in names if each.startswith(self._prefix) and (not name or each == self._prefix + name)]
        found = [summary for group in wanted for summary in self._summaries(group)]
        found.sort(key=lambda one: (one["CreationTime"], one["ModelPackageVersion"]), reverse=True)
        return [self.described(one["ModelPackageArn"]) for one in found]

    def version(self, named: str) -> dict[str, Any]:
        """Return a version. Raises: CommandError if there is none."""
        name, _, number = named.partition("/")
        for one in self.versions(name):
            if not number or str(one["version"]) == number:
                return one
        raise CommandError(f"there is no version {named}; `slipway models list` shows those that are there")

    def update(self, named: str, status: str, comment: str, **properties: str) -> dict[str, Any]:
        """Change the approval of a version and return it."""
        found = self.version(named)
        by = f"{getpass.getuser()}: {comment}"
        self.client.update_model_package(
            ModelPackageArn=found["arn"], ModelApprovalStatus=status, ApprovalDescription=by,
            **({"CustomerMetadataProperties": properties} if properties else {}),
        )  # fmt: skip
        return self.described(found["arn"])

    def _summaries(self, group: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        return [each for page in pages for each in page["ModelPackageSummaryList"]]

    def described(self, arn: str) -> dict[str, Any]:
        """Return a version as the commands show it."""
        found = self.client.describe_model_package(ModelPackageName=arn)
        lineage = found.get("CustomerMetadataProperties", {})
        return {
            "name": found["ModelPackageGroupName"].removeprefix(self._prefix),
            "version": found["ModelPackageVersion"],
            "arn": arn,
            "status": "Archived" if "archived_at" in lineage else found["ModelApprovalStatus"],
            "approval": found.get("ApprovalDescription", ""),
            "created_at": found["CreationTime"].isoformat(),
            "model": found.get("SourceUri", ""),
            "lineage": lineage,
            "card": found.get("ModelCard", {}).get("ModelCardContent", ""),
        }


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help="Of one model; left out: of all.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """List the versions, newest first."""
    found = Models(find_target(project(), env, aws=aws)).versions(name)
    if as_json:
        print_json(found)
        return
    for one in found:
        loss = one["lineage"].get("validation_loss", "")
        answers.print(escape(f"{one['name']}/{one['version']}  {one['status']}  loss {loss}"), highlight=False)
    people.print(f"{len(found)} version(s)")


@app.command()
def show(version: Version, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show a version and its lineage: data, code, image, base, evaluation, approver."""
    found = Models(find_target(project(), env, aws=aws)).version(version)
    _print(found, as_json=as_json)


@app.command()
def compare(
    first: Version, second: Version, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """Show in what two versions differ."""
    models = Models(find_target(project(), env, aws=aws))
    one, other = models.version(first), models.version(second)
    names = sorted(one["lineage"].keys() | other["lineage"].keys())
    pairs = {name: [one["lineage"].get(name, ""), other["lineage"].get(name, "")] for name in names}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if as_json:
        print_json({"versions": [one["arn"], other["arn"]], "differences": differing})
        return
    table = Table("", f"{one['name']}/{one['version']}", f"{other['name']}/{other['version']}")
    for name, pair in differing.items():
        table.add_row(name, *map(escape, pair))
    answers.print(table)


@app.command()
def approve(
    version: Version,
    comment: Comment = "",
    bake_seconds: Annotated[
        int | None, typer.Option(min=0, max=3600, help="Seconds that alarms watch each step of its deployment.")
    ] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Let a version be deployed. Endpoints that follow its model begin at once."""
    said = {} if bake_seconds is None else {"bake_seconds": str(bake_seconds)}
    found = Models(find_target(project(), env, aws=aws)).update(version, "Approved", comment, **said)
    _print(found, as_json=as_json)


@app.command()
def reject(
    version: Version, comment: Comment = "", env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """Keep a version from being deployed."""
    _print(Models(find_target(project(), env, aws=aws)).update(version, "Rejected", comment), as_json=as_json)


@app.command()
def archive(
    version: Version, comment: Comment = "", env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """Retire a version: it is rejected, keeps its lineage, and says since when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    models = Models(find_target(project(), env, aws=aws))
    _print(models.update(version, "Rejected", comment, archived_at=now), as_json=as_json)


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    answers.print(
        escape(f"{found['name']}/{found['version']}  {found['status']}  {found['approval']}"), highlight=False
    )
    for name, value in sorted(found["lineage"].items()):
        answers.print(f"{name:>18}  {escape(value)}", highlight=False)
