"""`slipway usage`: what the tenant of the environment's key has used, and what it cost."""

from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.markup import escape
from rich.table import Table

from slipway_cli.gateway import gateway_of
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json

Day = Annotated[str, typer.Option(metavar="DAY", help="Like 2026-11-21; left open: this month until today.")]


def usage(
    by: Annotated[str, typer.Option(help="Any of user, prompt, model, alias, cache, day, with commas.")] = "model",
    since: Day = "",
    until: Day = "",
    key: Annotated[str, typer.Option(envvar="SLIPWAY_KEY", help="The key of another tenant.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Tell requests, tokens and cost, in total and by what you name."""
    query = {name: value for name, value in (("from", since), ("to", until), ("by", by)) if value}
    found = gateway_of(env, aws=aws, key=key).call("GET", f"/usage?{urlencode(query)}")
    if as_json:
        print_json(found)
        return
    names = [name for name in by.split(",") if name]
    table = Table(*names, "requests", "failures", "cache hits", "read", "written", "embedded", "cost $")
    for row in [*found["data"], dict.fromkeys(names, "") | found["total"]]:
        counts = ("requests", "failures", "cache_hits", "input_tokens", "output_tokens", "embedding_tokens")
        unpriced = "*" if row["unpriced_requests"] else ""
        cost = f"{row['cost_dollars']:.6f}{unpriced}"
        table.add_row(*(escape(str(row[name])) for name in names), *(str(row[name]) for name in counts), cost)
    answers.print(table)
    if found["total"]["unpriced_requests"]:
        answers.print("* without requests whose price is not known; give it in metering.prices")
