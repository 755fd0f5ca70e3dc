"""`slipway experiments`: versions of a prompt side by side, judged by what is counted of them."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from slipway_cli.errors import UsageError
from slipway_cli.gateway import gateway_of, path_of
from slipway_cli.options import AsJson, Environment, InAws, JsonFile, Why, read_json
from slipway_cli.output import answers, people, print_json

app = typer.Typer(help="Try versions of prompts side by side.", no_args_is_help=True)
EXPERIMENTS = "prompt-experiments"
Id = Annotated[str, typer.Argument(help="The experiment's id, as `slipway experiments list` shows it.")]


@app.command("list")
def list_experiments(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the experiments."""
    found = list(gateway_of(env, aws=aws).pages(f"/{EXPERIMENTS}"))
    if as_json:
        print_json(found)
        return
    for each in found:
        plan = each["plan"]
        answers.print(f"{each['id']}  {escape(plan['prompt'])}@{escape(plan['label'])}  [dim]{each['status']}[/dim]")
    people.print(f"{len(found)} experiment(s)")


@app.command()
def show(experiment: Id, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show what was counted of each arm, how strong the evidence is, and what was decided."""
    _shown(gateway_of(env, aws=aws).call("GET", path_of(EXPERIMENTS, experiment)), as_json=as_json)


@app.command()
def start(file: JsonFile, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Start an experiment by its plan: prompt, label, arms, metric, guards and error rates."""
    _shown(gateway_of(env, aws=aws).call("POST", path_of(EXPERIMENTS), read_json(file)), as_json=as_json)


@app.command()
def weigh(
    experiment: Id,
    weights: Annotated[list[str], typer.Argument(metavar="VERSION=WEIGHT…", help="Shares in proportion, like 2=3.")],
    why: Why = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Change how much of the traffic versions get."""
    body = {"weights": dict(map(_weight, weights)), "why": why}
    _shown(gateway_of(env, aws=aws).call("PUT", path_of(EXPERIMENTS, experiment, "weights"), body), as_json=as_json)


@app.command()
def end(
    experiment: Id,
    promote: Annotated[int | None, typer.Option(min=1, help="The version that the label is to have.")] = None,
    why: Why = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """End an experiment; without `--promote` the label stays where it is."""
    body = {"why": why} | ({} if promote is None else {"promote": promote})
    _shown(gateway_of(env, aws=aws).call("POST", path_of(EXPERIMENTS, experiment, "end"), body), as_json=as_json)


def _weight(text: str) -> tuple[str, float]:
    version, _, weight = text.partition("=")
    try:
        return str(int(version)), float(weight)
    except ValueError as error:
        raise UsageError(f"{text!r}: expected VERSION=WEIGHT, like 2=0.5") from error


def _shown(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    plan = found["plan"]
    answers.print(f"{found['id']}  {escape(plan['prompt'])}@{escape(plan['label'])}  {found['status']}")
    table = Table("version", "weight", "units", f"mean of {plan['metric']['name']}", "log e better", "log e harm")
    for arm in found["arms"]:
        role = f"{arm['version']} (control)" if arm["version"] == found["control"] else str(arm["version"])
        evidence = [f"{arm[name]:.2f}" if name in arm else "" for name in ("log_e_better", "log_e_harm")]
        table.add_row(role, f"{arm['weight']:g}", str(arm["units"]), f"{arm['mean']:.3f}", *evidence)
    answers.print(table)
    people.print(f"better from {found['log_threshold_better']}, harmful from {found['log_threshold_harm']}")
