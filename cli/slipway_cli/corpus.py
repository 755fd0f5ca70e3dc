"""`slipway corpus`: the whole raw bucket made into curated documents."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from slipway_cli import executions
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import Project, project
from slipway_cli.target import Target, find_target
from slipway_local.functions.packages import Packages
from slipway_local.glue import runtime

SETTING = "ingestion.corpus.map: true, or ingestion.corpus.spark: glue or emr_serverless"
app = typer.Typer(help="Prepare a whole corpus.", no_args_is_help=True)


class Engine(StrEnum):
    """What works on the corpus."""

    MAP = "map"
    SPARK = "spark"


@app.callback()
def _group() -> None:
    """Prepare a whole corpus."""


@app.command()
def prepare(
    via: Annotated[Engine, typer.Option(help="A Distributed Map, or Spark on Glue or EMR Serverless.")] = Engine.MAP,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so, like default/handbooks/.")] = "",
    run_id: Annotated[str, typer.Option(help="Names what the run writes; left open: made up.")] = "",
    acknowledge: Annotated[str, typer.Option(help="What a held run asked to be said, separated by commas.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Run over the raw bucket, by the rules of the document path; the report says in = out + rejects + duplicates.

    Exit code 1 if the run fails. What is running goes on when this command is interrupted.
    """
    here = project()
    target = find_target(here, env, aws=aws)
    if via is Engine.SPARK and not aws:
        _say_download(here)
    named = run_id or executions.made_up("run")
    report = run(target, via.value, prefix=prefix, run_id=named, acknowledged=acknowledge)
    if as_json:
        print_json(report)
        return
    rejected = sum(report["rejects"].values())
    answers.print(
        f"{report['in']} in = {report['out']} out + {rejected} rejected + {report['duplicates']} duplicates; "
        f"run {report['run_id']}"
    )
    for code, number in sorted(report["rejects"].items()):
        answers.print(f"  {number} {code}", style="yellow")


def run(target: Target, via: str, *, prefix: str, run_id: str, acknowledged: str = "") -> dict[str, Any]:
    """Start an execution of the corpus state machine, wait for its end and return its report.

    Raises: CommandError if it fails, or if the environment has no corpus engine.
    """
    machine = target.parameter_of("the corpus engine", "corpus/state-machine-arn", SETTING)
    today = datetime.now(UTC).date().isoformat()
    given = {"via": via, "prefix": prefix, "run_id": run_id, "date": today, "acknowledged": acknowledged}
    return executions.run(target, machine, given, name=run_id)


def _say_download(here: Project) -> None:
    if not runtime.is_installed(Packages(here.cache)):
        people.print(f"The first Spark run here downloads PySpark 3.5.6, about {runtime.DOWNLOAD_MEGABYTES} MB.")
