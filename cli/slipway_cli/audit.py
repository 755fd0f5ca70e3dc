"""`slipway audit`: the audit table, verified and exported."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target
from slipway_runtime.operate import audit_chain
from slipway_runtime.operate.audit_chain import Link

app = typer.Typer(help="Who did what to what: verify that nothing was changed, and export it.", no_args_is_help=True)


@app.command()
def verify(
    head: Annotated[str, typer.Option(help="A hash noted earlier, which the chain must still have.")] = "",
    file: Annotated[Path | None, typer.Option(help="Verify an export instead of the table.")] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Compute every hash again. Exit code 1 if an entry was changed, removed, or cut off."""
    chain = _read(file) if file else _links(env, aws=aws)
    entries, last, fault = audit_chain.verify(chain, head)
    if as_json:
        print_json({"entries": entries, "head": last, "fault": fault or None})
    elif not fault:
        answers.print(f"{entries} entries, none changed or removed. Head: {last}")
    if fault:
        raise CommandError(f"after {entries} entries that are right: {fault}.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lines of JSON: number, previous, hash, entry.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Write every entry with its link, in order; `slipway audit verify --file` needs no account."""
    written, last = 0, audit_chain.FIRST
    with file.open("w", encoding="utf-8") as out:
        for link in _links(env, aws=aws):
            line = {"number": link.number, "previous": link.previous, "hash": link.hash, "entry": link.entry}
            out.write(json.dumps(line, sort_keys=True) + "\n")
            written, last = written + 1, link.hash
    found = {"entries": written, "head": last, "file": str(file)}
    print_json(found) if as_json else answers.print(escape(f"{written} entries in {file}. Head: {last}"))
    people.print("Keep the head elsewhere: a chain that is cut off shows against it alone.")


def _links(env: str, *, aws: bool) -> list[Link]:
    target = find_target(project(), env, aws=aws)
    return list(audit_chain.links(target.client("dynamodb"), target.parameter("foundation/audit-table-name")))


def _read(file: Path) -> list[Link]:
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return [Link(line["number"], line["previous"], line["hash"], line["entry"]) for line in lines]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CommandError(f"{file} is no export of the audit table: {error}") from error
