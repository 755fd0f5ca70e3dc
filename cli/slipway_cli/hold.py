"""`slipway hold`: legal holds on prefixes of the raw bucket, where the settings allow them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from slipway_cli.errors import CommandError, UsageError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target
from slipway_runtime.operate.holds import Hold, Holds
from slipway_runtime.prepare.keys import TENANT

app = typer.Typer(help="Keep documents from being deleted, by anybody, for as long as the law demands.")
Prefix = Annotated[str, typer.Argument(help="The first characters of the keys, like default/contracts/.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with who and when.")]


@dataclass(frozen=True)
class _Place:
    """Where holds are noted and set, and who asks for them."""

    holds: Holds
    bucket: str
    who: str


def _place(environment: str, *, aws: bool) -> _Place:
    target = find_target(project(), environment, aws=aws)
    return _Place(
        Holds(dynamodb=target.client("dynamodb"), s3=target.client("s3"), table=_table(target)),
        target.parameter("foundation/raw-bucket-name"),
        target.client("sts").get_caller_identity()["Arn"],
    )


def _table(target: Target) -> str:
    return target.parameter_of("legal hold", "foundation/holds-table-name", "ingestion.retention.legal_hold: true")


@app.command("add")
def add(prefix: Prefix, reason: Reason, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Hold everything under a prefix, what is there in every version and what will come."""
    place = _place(env, aws=aws)
    hold = Hold(prefix=_checked(prefix), reason=reason, placed_by=place.who, placed_at=_now())
    _answer(hold, place.holds.place(hold, place.bucket), "held", as_json=as_json)


@app.command("release")
def release(
    prefix: Prefix, reason: Reason, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """End the hold on exactly this prefix. What another hold covers stays held."""
    place = _place(env, aws=aws)
    found = [each for each in place.holds.list(_checked(prefix).partition("/")[0]) if each.prefix == prefix]
    if not found:
        raise CommandError(f"there is no hold on {prefix!r}; `slipway hold list` shows those there are")
    ended = {"released_by": place.who, "released_at": _now(), "released_because": reason}
    hold = msgspec.structs.replace(found[0], **ended)
    _answer(hold, place.holds.release(hold, place.bucket), "released", as_json=as_json)


@app.command("list")
def show(
    tenant: Annotated[str, typer.Option(help="Whose documents.")] = "default",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """List the holds, also those that have ended, with who, when and why."""
    found = list(_place(env, aws=aws).holds.list(tenant))
    if as_json:
        print_json([msgspec.to_builtins(hold) for hold in found])
        return
    for hold in found:
        ended = f"; ended {hold.released_at} by {hold.released_by}: {hold.released_because}" if not hold.active else ""
        state = f"held since {hold.placed_at} by {hold.placed_by}: {hold.reason}{ended}"
        answers.print(f"{escape(hold.prefix)}  [dim]{escape(state)}[/dim]")
    people.print(f"{sum(hold.active for hold in found)} hold(s) active")


def _checked(prefix: str) -> str:
    tenant, slash, _ = prefix.partition("/")
    if not slash or not TENANT.match(tenant) or not prefix.isprintable():
        raise UsageError(f"{prefix!r} is no prefix of keys: begin with the tenant and '/', like default/contracts/")
    return prefix


def _answer(hold: Hold, versions: int, done: str, *, as_json: bool) -> None:
    result: dict[str, Any] = {**msgspec.to_builtins(hold), "versions": versions}
    print_json(result) if as_json else answers.print(f"{escape(hold.prefix)}: {versions} version(s) {done}.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
