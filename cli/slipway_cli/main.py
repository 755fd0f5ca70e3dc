"""The command `slipway`. Exit code 0 only when it worked, 2 for wrong usage, 1 otherwise."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version as version_of
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.table import Table

from slipway_cli import (
    approvals,
    audit,
    corpus,
    dataset,
    deployments,
    documents,
    duplicates,
    examples,
    experiments,
    feedback,
    hold,
    labelling,
    local,
    model_files,
    models,
    prompts,
    reindex,
    tenants,
)
from slipway_cli.augment import augment
from slipway_cli.backup import backup, restore
from slipway_cli.capabilities import read_capabilities
from slipway_cli.collect import collect
from slipway_cli.cost import cost
from slipway_cli.dashboard import dashboard
from slipway_cli.erase import erase as erase_deleted
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.fine_tune import fine_tune
from slipway_cli.gateway import gateway_of
from slipway_cli.ingest import IngestReport
from slipway_cli.ingest import ingest as ingest_files
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json, progress
from slipway_cli.preflight import preflight
from slipway_cli.project import project
from slipway_cli.rag_eval import rag_eval
from slipway_cli.redrive import redrive as redrive_queue
from slipway_cli.retire import retire
from slipway_cli.shadow import shadow
from slipway_cli.target import find_target
from slipway_cli.upgrade_check import upgrade_check
from slipway_cli.usage import usage
from slipway_local.remote import LocalCloudError

app = typer.Typer(
    help="Slipway: an LLMOps platform on AWS, and on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(local.app, name="local")
app.add_typer(documents.app, name="documents")
app.command()(augment)
app.command("rag-eval")(rag_eval)
app.command()(cost)
app.command()(dashboard)
app.command()(preflight)
app.command("upgrade-check")(upgrade_check)
app.command()(backup)
app.command()(restore)
app.command("fine-tune")(fine_tune)
app.add_typer(approvals.app, name="approvals")
app.add_typer(audit.app, name="audit")
for command in (model_files.register, deployments.deploy, deployments.rollback, deployments.resume, retire, shadow):
    models.app.command()(command)
app.add_typer(models.app, name="models")
app.add_typer(dataset.app, name="dataset")
app.add_typer(labelling.app, name="label")
app.add_typer(prompts.app, name="prompts")
app.add_typer(examples.app, name="examples")
app.add_typer(experiments.app, name="experiments")
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(hold.app, name="hold")
app.add_typer(corpus.app, name="corpus")
app.add_typer(reindex.app, name="reindex")
app.add_typer(tenants.app, name="tenants")
app.add_typer(feedback.app, name="feedback")
app.command()(usage)


def _print_version(wanted: bool) -> None:
    if wanted:
        answers.print(f"slipway {version_of('slipway-llmops')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """What may stand before the command."""


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Folders, files or glob patterns.", metavar="PATH…")],
    env: Environment = "dev",
    aws: InAws = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what is there unchanged, as after new settings.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Give up after so many seconds without any progress.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Bring documents into the environment; returns when all of them are searchable or rejected with a reason.

    Exit code 1 if nothing of what was given is searchable then.
    """
    files = collect(paths)
    target = find_target(project(), env, aws=aws)
    with progress() as bar:

        def step(description: str, total: int) -> Callable[[int], None]:
            task = bar.add_task(description, total=total)
            return lambda count: bar.advance(task, count)

        report = ingest_files(target, files, again=again, patience_seconds=timeout, step=step)
    print_json(asdict(report)) if as_json else _show_report(report)
    if not report.worked:
        raise typer.Exit(1)


def _show_report(report: IngestReport) -> None:
    answers.print(
        f"{report.documents} documents, {report.chunks} chunks searchable, {report.duplicates} already there, "
        f"{len(report.rejected)} rejected, {report.seconds:.1f} s"
    )
    for item in report.rejected:
        answers.print(f"  rejected {escape(item['object'])}: {escape(item['reason'])}", style="yellow")


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question.")],
    env: Environment = "dev",
    aws: InAws = False,
    model: Annotated[str, typer.Option(help="A model alias of the environment.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Ask the gateway; the answer cites the documents it stands on, or says that they do not hold it."""
    gateway = gateway_of(env, aws=aws)
    started = time.monotonic()
    completion = gateway.ask(text, model=model)
    result = {
        "answer": completion["choices"][0]["message"]["content"],
        "grounded": completion["slipway"]["grounded"],
        "citations": completion["slipway"]["citations"],
        "usage": completion["usage"],
        "latency_ms": round((time.monotonic() - started) * 1000),
    }
    if as_json:
        print_json(result)
        return
    answers.print(escape(result["answer"]))
    for number, citation in enumerate(result["citations"], 1):
        place = f"{citation['document']} › {citation['location']}" if citation["location"] else citation["document"]
        answers.print(f"  [dim]\\[{number}] {escape(place)}  (score {citation['score']:.2f})[/dim]")


@app.command()
def redrive(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Send what failed again and again, and lies in the dead-letter queue, through ingestion once more."""
    moved = redrive_queue(find_target(project(), env, aws=aws))
    print_json({"moved": moved}) if as_json else answers.print(f"{moved} message(s) sent back to the ingestion queue.")


@app.command()
def erase(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="No job runs that read them: make the second pass now, not a day later.")
    ] = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Erase deleted documents from training sets and other derived lines now, not in the night."""
    erased = erase_deleted(find_target(project(), env, aws=aws), confirm=confirm)
    if as_json:
        print_json(erased)
        return
    answers.print(
        f"{erased['lines']} line(s) erased from {erased['objects']} object(s); {erased['documents']} document(s) done."
    )


@app.command()
def capabilities(as_json: AsJson = False) -> None:
    """List every promise of the platform with the tests that proved it in the last full run of `make test`."""
    here = project()
    rows, finished_at = read_capabilities(here.root, here.home)
    if finished_at is None:
        people.print("No full test run is recorded here yet, so nothing is shown as proven: run `make test`.")
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("id", "capability", "proven by")
    for row in rows:
        table.add_row(row.id, escape(row.title), f"{len(row.tests)} tests" if row.tests else "–")
    answers.print(table)


def main() -> None:
    """Run the command; what the user can mend is one message on stderr, not a traceback."""
    try:
        app()
    except (CommandError, LocalCloudError) as error:
        people.print(f"[red]slipway:[/red] {escape(str(error))}")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except (ClientError, BotoCoreError) as error:
        people.print(f"[red]slipway:[/red] AWS answered: {escape(str(error))}")
        sys.exit(1)


if __name__ == "__main__":
    main()
