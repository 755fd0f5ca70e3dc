"""`slipway preflight`: what would make a deployment of an environment fail, before it is tried."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import boto3
import typer

from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment
from slipway_cli.output import print_json, print_lines
from slipway_cli.preflights.checks import offline
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.online import online
from slipway_cli.preflights.report import Report
from slipway_cli.preflights.subject import Subject, read_subject
from slipway_cli.project import project
from slipway_cli.synth import run_app
from slipway_cli.templates import WITHOUT_BUNDLING
from stacks.settings_file import SettingsError, read_settings

ASSUMED_REGION = "us-east-1"


def preflight(
    env: Environment = "dev",
    region: Annotated[
        str | None, typer.Option(help="The region to deploy to; left open: the settings', or AWS_REGION.")
    ] = None,
    assembly: Annotated[
        Path | None, typer.Option(help="Examine this synthesised assembly, not this checkout.", metavar="FOLDER")
    ] = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Also ask the account, read-only: quotas, roles, models, permissions.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what would make the deployment of an environment fail: each with the setting, the remedy and a page.

    Exit code 1 if anything is an error; warnings let it pass.
    """
    here = project()
    here.require_environment(env)
    file = here.root / "config" / f"{env}.yaml"
    try:
        settings = read_settings(file)
    except SettingsError as error:
        raise CommandError(str(error)) from error
    said = region or settings.region or boto3.Session().region_name
    with TemporaryDirectory(prefix="slipway-") as folder:
        if assembly is None:
            run_app(here.root, Path(folder), WITHOUT_BUNDLING | {"env": env})
        subject = read_subject(assembly or Path(folder), env, settings, said or ASSUMED_REGION)
        findings = _examine(subject, aws=aws)
    report = Report(
        environment=env, region=subject.region, assumed=said is None, online=aws, file=file, findings=findings
    )
    print_json(report.as_json()) if as_json else print_lines(report.as_text())
    if report.errors:
        raise typer.Exit(1)


def _examine(subject: Subject, *, aws: bool) -> list[Finding]:
    found = offline(subject)
    if aws:
        session = boto3.Session(region_name=subject.region)
        # mypy: boto3's overloads want a literal service name.
        found += online(subject, lambda service: session.client(service))  # type: ignore[call-overload] # noqa: PLW0108
    return found
