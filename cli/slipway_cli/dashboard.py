"""`slipway dashboard`: the dashboards of an environment, drawn from its metrics."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from slipway_cli.dashboards.draw import draw
from slipway_cli.dashboards.read import read_boards
from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target


def dashboard(
    render: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw each dashboard as a PNG into this folder.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=20160, help="How far back to look.")] = 60,
    period: Annotated[
        int, typer.Option(min=10, help="Seconds that a point stands for: 10, 30 or a multiple of 60.")
    ] = 300,
    compact: Annotated[bool, typer.Option("--compact", help="Leave out graphs without data.")] = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """List the environment's dashboards and how many of their graphs have data, or draw them."""
    target = find_target(project(), env, aws=aws)
    boards = read_boards(target.client("cloudwatch"), f"slipway-{env}-", minutes=minutes, period_seconds=period)
    if not boards:
        raise CommandError(f"{env!r} has no dashboards: name some in observability.dashboards, and deploy.")
    found = []
    for board in boards:
        with_data = sum(graph.has_data for graph in board.graphs)
        found.append({"name": board.name, "graphs": len(board.graphs), "with_data": with_data, "picture": None})
        if render is not None:
            render.mkdir(parents=True, exist_ok=True)
            picture = render / f"{board.name}.png"
            draw(board.compact() if compact else board, picture)
            found[-1]["picture"] = str(picture)
    if as_json:
        print_json(found)
        return
    table = Table("dashboard", "graphs", "with data", *(["picture"] if render else []))
    for each in found:
        table.add_row(*(str(value) for value in each.values() if value is not None))
    answers.print(table)
