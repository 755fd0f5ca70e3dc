"""`slipway examples`: sets of examples that versions of prompts choose from; versions of a set never change."""

import typer
from rich.markup import escape

from slipway_cli.gateway import gateway_of, path_of
from slipway_cli.options import AsJson, Environment, InAws, JsonFile, Why, read_json
from slipway_cli.output import answers, people, print_json

app = typer.Typer(help="Keep example sets for prompts.", no_args_is_help=True)
SETS = "prompt-examples"


@app.command("list")
def list_sets(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the sets."""
    found = list(gateway_of(env, aws=aws).pages(f"/{SETS}"))
    if as_json:
        print_json(found)
        return
    for each in found:
        answers.print(f"{escape(each['name'])}  [dim]{each['latest']} version(s)[/dim]")
    people.print(f"{len(found)} set(s)")


@app.command()
def show(
    examples: str = typer.Argument(help="name@number; name alone is the newest."),
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show the examples of a version."""
    name, _, number = examples.partition("@")
    gateway = gateway_of(env, aws=aws)
    newest = number or str(next(gateway.pages(path_of(SETS, name, "versions")))["version"])
    found = gateway.call("GET", path_of(SETS, name, "versions", newest))
    if as_json:
        print_json(found)
        return
    for each in found["examples"]:
        answers.print(f"{escape(each['input'])}\n  → {escape(each['output'])}")


@app.command()
def create(
    name: str = typer.Argument(help="The set's name."),
    file: JsonFile = "-",
    why: Why = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Add a version from a list of objects with `input` and `output`; the same again is the version that there is."""
    body = {"examples": read_json(file), "why": why}
    found = gateway_of(env, aws=aws).call("POST", path_of(SETS, name, "versions"), body)
    done = "created" if found["created"] else "is there already"
    print_json(found) if as_json else answers.print(f"{escape(name)}@{found['version']} {done}.")
