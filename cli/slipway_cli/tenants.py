"""`slipway tenants`: keys and limits of tenants. A key is shown once, when it is made."""

import json
import time
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.operate import rows
from slipway_runtime.operate.meter.budget import Budget, merged, spent
from slipway_runtime.operate.meter.windows import MEASURES, WINDOWS
from slipway_runtime.operate.tenants import Key, Tenants

app = typer.Typer(help="Give tenants keys and limits.", no_args_is_help=True)
Tenant = Annotated[str, typer.Argument(help="The tenant's name.")]
KeyId = Annotated[str, typer.Argument(help="The key's id, as `slipway tenants list` shows it.")]
BUDGET = Budget.__struct_fields__
LIMITS = [f"{measure}_per_{window}" for measure in MEASURES for window in WINDOWS]


@app.command()
def create(
    tenant: Tenant,
    scope: Annotated[
        list[str] | None, typer.Option(help="all, chat, documents, prompts, labelling or usage; several times.")
    ] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give a tenant a key; it is shown now and never again."""
    target = find_target(project(), env, aws=aws)
    _made(*_done(lambda: _tenants(target).create(tenant, tuple(scope or ["all"]))), as_json=as_json)


@app.command("list")
def list_keys(
    tenant: Annotated[str, typer.Argument(help="One tenant; left open: all.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """List tenants and the ids of their keys."""
    tenants = _tenants(find_target(project(), env, aws=aws))
    found = [key for name in ([tenant] if tenant else tenants.all()) for key in tenants.keys(name)]
    if as_json:
        print_json([_shown(key) for key in found])
        return
    for key in found:
        until = f", ends {key.ends_at}" if key.ends_at else ""
        answers.print(f"{escape(key.tenant)}  {key.id}  [dim]{' '.join(key.scopes)}{until}[/dim]")
    people.print(f"{len(found)} key(s)")


@app.command()
def rotate(
    tenant: Tenant,
    key: KeyId,
    overlap_hours: Annotated[float, typer.Option(min=0, help="How long the old key still works.")] = 24,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give a new key for an old one, which still works for a while."""
    target, overlap = find_target(project(), env, aws=aws), int(overlap_hours * 3600)
    _made(*_done(lambda: _tenants(target).rotate(tenant, key, overlap_seconds=overlap)), as_json=as_json)


@app.command()
def revoke(tenant: Tenant, key: KeyId, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Refuse a key; API Gateway may let it in for a minute more."""
    target = find_target(project(), env, aws=aws)
    ended = _done(lambda: _tenants(target).end(tenant, key))
    print_json(_shown(ended)) if as_json else answers.print(f"{escape(tenant)}'s key {ended.id} is revoked.")


@app.command()
def client(
    tenant: Tenant,
    client_id: Annotated[str, typer.Argument(help="Id of an app client of the user pool.")],
    env: Environment = "dev",
    aws: InAws = False,
) -> None:
    """Note that tokens of an app client of the user pool, by client credentials, are a tenant's."""
    tenants = _tenants(find_target(project(), env, aws=aws))
    _done(lambda: tenants.note_client(tenant, client_id))
    answers.print(f"{client_id} is {escape(tenant)}'s.")


@app.command()
def limit(
    tenant: Tenant,
    limits: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=NUMBER…", help=f"{', '.join(LIMITS)}; NAME=none for no limit.")
    ] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give a tenant limits of its own; those not named stay the environment's. They count within a minute."""
    own = dict(map(_limit, limits or []))
    target = find_target(project(), env, aws=aws)
    table = rows.Table(client=target.client("dynamodb"), name=target.parameter("foundation/meters-table-name"))
    table.write(rows.put({"subject": f"{tenant}#quota", "item": "limits", "body": json.dumps(own)}))
    print_json(own) if as_json else answers.print(f"{escape(tenant)}: {own or 'the limits of the environment'}")


@app.command()
def budget(
    tenant: Tenant,
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE…", help=f"{', '.join(BUDGET)}; NAME=none for the environment's."),
    ] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give a tenant a budget of its own, or tell what it has spent. A budget counts within a minute, from then on."""
    target = find_target(project(), env, aws=aws)
    table = rows.Table(client=target.client("dynamodb"), name=target.parameter("foundation/meters-table-name"))
    key: rows.Row = {"subject": f"{tenant}#quota", "item": "budget"}
    held = table.get(f"{tenant}#quota", "budget")
    own: dict[str, Any] = json.loads(str(held["body"])) if held else {}
    for name, value in map(_budget_part, parts or []):
        own.pop(name, None) if value is None else own.update({name: value})
    try:
        now = spent(table, tenant, merged(Budget(), own), time.time())
    except msgspec.ValidationError as error:
        raise UsageError(str(error)) from error
    if parts:
        table.write(rows.put({**key, "body": json.dumps(own)}))
    found = own | {"window": now.window, "spent_dollars": now.dollars, "share": now.share}
    print_json(found) if as_json else answers.print(escape(f"{tenant}: {found}"))


def _budget_part(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in BUDGET or not value:
        raise UsageError(f"{text!r}: expected NAME=VALUE or NAME=none, with a name of {', '.join(BUDGET)}")
    if value == "none" or name in ("over", "cheaper"):
        return name, None if value == "none" else value
    try:
        return name, int(value) if name == "requests_per_minute" else float(value)
    except ValueError:
        raise UsageError(f"{text!r}: {value!r} is no number") from None


def _limit(text: str) -> tuple[str, int | None]:
    name, _, value = text.partition("=")
    if name not in LIMITS or not (value == "none" or value.isdecimal()):
        raise UsageError(f"{text!r}: expected NAME=NUMBER or NAME=none, with a name of {', '.join(LIMITS)}")
    return name, None if value == "none" else int(value)


def _tenants(target: Target) -> Tenants:
    name = target.parameter("foundation/tenants-table-name")
    return Tenants(table=rows.Table(client=target.client("dynamodb"), name=name))


def _done(work: Any) -> Any:
    try:
        return work()
    except ApiError as error:
        raise CommandError(error.message) from error


def _made(key: Key, secret: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(key) | {"key": secret})
        return
    answers.print(secret)
    people.print(f"Key {key.id} of {escape(key.tenant)}; it is kept nowhere and not shown again.")


def _shown(key: Key) -> dict[str, Any]:
    return {"tenant": key.tenant, "id": key.id, "scopes": list(key.scopes), "ends_at": key.ends_at}
