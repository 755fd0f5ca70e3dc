"""`slipway documents`: what the environment holds, and what became of each."""

from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from slipway_cli.gateway import gateway_of
from slipway_cli.lineage import lineage, without_tenant
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target

Status = Literal["indexed", "duplicate", "rejected", "recognising", "deleted"]
app = typer.Typer(help="List the documents of the environment, or delete one.", invoke_without_command=True)


@app.callback()
def list_documents(
    context: typer.Context,
    env: Environment = "dev",
    aws: InAws = False,
    status: Annotated[Status | None, typer.Option(help="Only these.")] = None,
    prefix: Annotated[str, typer.Option(help="Only paths that begin so.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the documents, with what became of each; objects under keys that name no tenant are among the rejected."""
    if context.invoked_subcommand:
        return
    filters = {name: value for name, value in (("status", status), ("prefix", prefix)) if value}
    found = list(gateway_of(env, aws=aws).documents(**filters))
    if status in (None, "rejected"):
        found += without_tenant(find_target(project(), env, aws=aws), prefix)
    if as_json:
        print_json(found)
        return
    for item in found:
        answers.print(f"{item['id']}  {escape(_visible(item['path']))}  [dim]{escape(_state(item))}[/dim]")
    people.print(f"{len(found)} document(s)")


def _state(item: dict[str, Any]) -> str:
    known = item["status"] if item["status"] != "indexed" else f"indexed, {item['chunks']} chunks"
    refused = f", {item['rejected_records']} records rejected" if item.get("rejected_records") else ""
    return ": ".join(filter(None, [known + refused, item.get("reason")]))


def _visible(path: str) -> str:
    """Return a path without what a terminal would obey: rejected keys may hold control characters."""
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in path)


@app.command()
def delete(
    document: Annotated[str, typer.Argument(help="The document's id, as `slipway documents` shows it.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Delete one document everywhere: its object in every version, and its chunks."""
    result = gateway_of(env, aws=aws).delete_document(document)
    if as_json:
        print_json(result)
        return
    removed = result["removed"]
    answered = removed.get("cached_answers", 0) + removed.get("turns", 0)
    said = f", {answered} answers made from it" if answered else ""
    answers.print(
        f"Deleted {document}: {removed['objects']} object versions, {removed['chunks']} chunks{said}. Training sets "
        "and other derived lines follow in the night, or with `slipway erase`."
    )


@app.command()
def show(
    document: Annotated[str, typer.Argument(help="The document's id, as `slipway documents` shows it.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show where a document came from, by which rules, and which training sets and other lines name it."""
    found = lineage(find_target(project(), env, aws=aws), document)
    if as_json:
        print_json(found)
        return
    answers.print(f"{found['id']}  {escape(found['object'])}  [dim]{found['status']}, {found['chunks']} chunks[/dim]")
    for version in found["versions"]:
        counts = ", ".join(f"{name} {number}" for name, number in sorted(version["counts"].items()))
        state = f"{version['updated_at']}  {version['status']}, rules {version['rules']}; {counts or 'no counts'}"
        state += f"; deleted at {version['deleted_at']}" if version["deleted_at"] else ""
        answers.print(f"  version {version['version_id']}  [dim]{escape(state)}[/dim]")
    for place in found["used_in"]:
        answers.print(f"  used in {escape(place)}")
    if deletion := found["deletion"]:
        removed = ", ".join(f"{number} {kind}" for kind, number in deletion["removed"].items())
        done = f"erased at {deletion['erased_at']}" if deletion["erased_at"] else "erasure pending"
        answers.print(f"  deleted at {deletion['requested_at']}: {removed or 'nothing'}; {done}")
