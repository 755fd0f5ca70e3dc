"""`slipway documents`: what the environment holds, and what became of each."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from slipway_cli.gateway import Gateway
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target

app = typer.Typer(help="List the documents of the environment, or delete one.", invoke_without_command=True)


def _gateway(environment: str, *, aws: bool) -> Gateway:
    target = find_target(project(), environment, aws=aws)
    return Gateway(target.gateway_url, target.api_key)


@app.callback()
def list_documents(
    context: typer.Context,
    env: Environment = "dev",
    aws: InAws = False,
    status: Annotated[str | None, typer.Option(help="Only these: indexed, rejected or deleted.")] = None,
    prefix: Annotated[str, typer.Option(help="Only paths that begin so.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the documents, with what became of each."""
    if context.invoked_subcommand:
        return
    filters = {name: value for name, value in (("status", status), ("prefix", prefix)) if value}
    found = list(_gateway(env, aws=aws).documents(**filters))
    if as_json:
        print_json(found)
        return
    table = Table("id", "path", "status", "chunks", "bytes", "updated")
    for item in found:
        state = f"rejected: {item['reason']}" if item["status"] == "rejected" else item["status"]
        cells = (item["id"], item["path"], state, str(item["chunks"]), str(item["bytes"]), item["updated_at"])
        table.add_row(*map(escape, cells))
    answers.print(table)


@app.command()
def delete(
    document: Annotated[str, typer.Argument(help="The document's id, as `slipway documents` shows it.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Delete one document everywhere: its object in every version, and its chunks."""
    result = _gateway(env, aws=aws).delete_document(document)
    if as_json:
        print_json(result)
        return
    removed = result["removed"]
    answers.print(f"Deleted {document}: {removed['objects']} object versions, {removed['chunks']} chunks.")
