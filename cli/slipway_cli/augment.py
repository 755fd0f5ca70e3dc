"""`slipway augment`: examples that a model makes of documents, and their labels."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli import executions
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target


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
            run_id or executions.made_up("run"),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    print_json(report) if as_json else _show(report)


def run(
    target: Target, prefix: str, run_id: str, progress: executions.Progress = lambda _done, _total: None
) -> dict[str, Any]:
    """Start an execution of the state machine, wait for its end and return its report.

    Raises: CommandError if it fails, or if augmentation is not deployed in the environment.
    """
    given = {"prefix": prefix, "run_id": run_id}
    return executions.run(target, _machine(target), given, name=run_id, progress=progress)


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
