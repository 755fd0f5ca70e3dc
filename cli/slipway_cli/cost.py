"""`slipway cost`: what an environment costs a month, from its templates and a dated price table, offline."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from slipway_cli.costs.estimate import Bill, bill, difference
from slipway_cli.costs.report import as_markdown, as_text
from slipway_cli.costs.usage import Usage, read_usage
from slipway_cli.options import AsJson, Environment, Format
from slipway_cli.output import print_json, print_lines
from slipway_cli.project import Project, project
from slipway_cli.revisions import synthesised
from slipway_cli.synth import run_app
from slipway_cli.templates import WITHOUT_BUNDLING, read_templates


def cost(
    env: Environment = "dev",
    diff: Annotated[
        str | None, typer.Option(help="Also the difference from this git revision or assembly.", metavar="REV")
    ] = None,
    usage: Annotated[
        Path | None, typer.Option(help="A file with the usage of a month, by class of tenants.", metavar="FILE")
    ] = None,
    assembly: Annotated[
        Path | None, typer.Option(help="Price this synthesised assembly, not this checkout.", metavar="FOLDER")
    ] = None,
    form: Format = "text",
    as_json: AsJson = False,
) -> None:
    """Price an environment: idle, and at stated usage; by stack, feature and class of tenants.

    Exit code 1 if the price of a resource type is not known.
    """
    here = project()
    here.require_environment(env)
    stated = read_usage(usage) if usage else None
    new = _price_here(here, env, stated) if assembly is None else bill(read_templates(assembly, env), stated)
    old = _price(here, diff, env, stated) if diff else None
    change = difference(old, new) if old else None
    if as_json or form == "json":
        print_json({"environment": env, **new.as_json(), **({"diff": change} if change else {})})
    else:
        print_lines((as_markdown if form == "markdown" else as_text)(env, new, change))


def _price_here(here: Project, environment: str, usage: Usage | None) -> Bill:
    with TemporaryDirectory(prefix="slipway-") as folder:
        run_app(here.root, Path(folder), WITHOUT_BUNDLING | {"env": environment})
        return bill(read_templates(Path(folder), environment), usage)


def _price(here: Project, source: str, environment: str, usage: Usage | None) -> Bill:
    with synthesised(here.root, source, environment) as made:
        return bill(read_templates(made.assembly, environment), usage)
