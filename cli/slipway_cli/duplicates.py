"""`slipway duplicates`: what repeats other documents, and a person's word on a source that has lost too much."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.gateway import Gateway
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

app = typer.Typer(
    help="List the documents that repeat others, or let a source lose more of them.", invoke_without_command=True
)


def _repeating(target: Target) -> list[dict[str, Any]]:
    found = Gateway(target.gateway_url, target.api_key).documents()
    return [document for document in found if document.get("duplicate_of")]


@app.callback()
def list_duplicates(
    context: typer.Context, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """List what was left out, and what is held: kept, although it repeats another document, until a person agrees."""
    if context.invoked_subcommand:
        return
    found = _repeating(find_target(project(), env, aws=aws))
    if as_json:
        print_json(found)
        return
    for item in found:
        answers.print(f"{item['id']}  {escape(item['path'])}  [dim]{escape(item['reason'])}[/dim]")
    held = sum(item["status"] == "indexed" for item in found)
    people.print(f"{len(found) - held} left out, {held} held")


@app.command()
def confirm(
    source: Annotated[str, typer.Argument(help="The source, as the reason of a held document names it.")],
    env: Environment = "dev",
    aws: InAws = False,
    max_lost_share: Annotated[float, typer.Option(min=0, max=1, help="Share that it may lose from now on.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Let a source lose more of its documents to duplicates; those that are held are decided about again."""
    target = find_target(project(), env, aws=aws)
    if "/" not in source:
        raise UsageError(f"{source!r} is no source: it is a tenant, a slash and perhaps a prefix, like default/")
    _check_source(target, source)
    message = {
        "detail-type": "Near-Duplicates Confirmed",
        "detail": {"source": source, "max_lost_share": max_lost_share},
    }
    queue = target.parameter("ingestion/queue-url")
    target.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(message))
    if as_json:
        print_json(message["detail"])
        return
    answers.print(f"{escape(source)} may lose {max_lost_share:.0%}; what is held there is looked at again.")


def _check_source(target: Target, source: str) -> None:
    """Raise CommandError if no document of the source was ever searched for duplicates."""
    setting = "ingestion.near_duplicates.enabled: true"
    table = target.parameter_of("the search for near-duplicates", "foundation/duplicates-table-name", setting)
    found = target.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="subject = :source",
        ExpressionAttributeValues={":source": {"S": f"source#{source}"}},
        Limit=1,
    )
    if not found["Items"]:
        raise CommandError(
            f"there is no source {source!r} with documents; `slipway duplicates` names it in each reason"
        )
