"""`slipway prompts`: versions, labels, diff, rollback, preview and audit of the prompts in the catalogue."""

import json
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.markup import escape

from slipway_cli.errors import UsageError
from slipway_cli.gateway import gateway_of, path_of
from slipway_cli.options import AsJson, Environment, InAws, JsonFile, Why, read_json
from slipway_cli.output import answers, people, print_json

app = typer.Typer(help="Keep prompts with versions and labels.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The prompt's name.")]
Label = Annotated[str, typer.Argument(help="A label, like production.")]
Expected = Annotated[int | None, typer.Option("--from", help="Only if the label is at this version now; 0: at none.")]


@app.command("list")
def list_prompts(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the prompts."""
    found = list(gateway_of(env, aws=aws).pages("/prompts"))
    if as_json:
        print_json(found)
        return
    for each in found:
        answers.print(f"{escape(each['name'])}  [dim]{each['latest']} version(s), {each['changed_at']}[/dim]")
    people.print(f"{len(found)} prompt(s)")


@app.command()
def show(
    prompt: Annotated[str, typer.Argument(help="name, name@label or name@number.")],
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show a prompt's labels, or the content of one of its versions."""
    name, _, at = prompt.partition("@")
    found = gateway_of(env, aws=aws).call("GET", _path(name, "versions", at) if at else _path(name))
    if as_json or at:
        print_json(found)
        return
    for each in found["labels"]:
        trial = f", experiment {each['experiment']}" if each["experiment"] else ""
        answers.print(f"{each['label']} → {each['version']}  [dim]{each['at']} {escape(each['by'] + trial)}[/dim]")
    for line in _mirrored(found):
        answers.print(line)
    people.print(f"{found['latest']} version(s)")


@app.command()
def create(
    name: Name,
    file: JsonFile,
    why: Why = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Add a version; the same content again is the version that there is."""
    found = gateway_of(env, aws=aws).call("POST", _path(name, "versions"), {"prompt": read_json(file), "why": why})
    done = "created" if found["created"] else "is there already"
    print_json(found) if as_json else answers.print(f"{escape(name)}@{found['version']} {done}.")


@app.command()
def label(
    name: Name,
    label: Label,
    version: Annotated[int, typer.Argument(min=1, help="The version that it is to point to.")],
    why: Why = "",
    expected: Expected = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Point a label to a version."""
    body = {"version": version, "why": why} | ({} if expected is None else {"expected": expected})
    _moved(gateway_of(env, aws=aws).call("PUT", _path(name, "labels", label), body), name, as_json=as_json)


@app.command()
def rollback(
    name: Name,
    label: Label,
    why: Why = "",
    expected: Expected = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Point a label to the version that it had before, and end an experiment on it."""
    body = {"why": why} | ({} if expected is None else {"expected": expected})
    found = gateway_of(env, aws=aws).call("POST", _path(name, "labels", label, "rollback"), body)
    _moved(found, name, as_json=as_json)


@app.command()
def diff(
    name: Name,
    before: Annotated[str, typer.Argument(help="A label or a number.")] = "production",
    after: Annotated[str, typer.Argument(help="A label, a number, or latest.")] = "latest",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions."""
    query = urlencode({"from": before, "to": after})
    found = gateway_of(env, aws=aws).call("GET", f"{_path(name, 'diff')}?{query}")
    if as_json:
        print_json(found)
        return
    for line in found["diff"]:
        answers.print(escape(line), style={"+": "green", "-": "red"}.get(line[:1]))


@app.command()
def render(
    prompt: Annotated[str, typer.Argument(help="name, name@label or name@number; name alone is the newest.")],
    variables: Annotated[
        list[str] | None, typer.Option("--set", help="A variable, name=value; JSON where it is JSON.", metavar="VAR")
    ] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show the messages that a prompt makes of variables; nothing is sent to a model."""
    name, _, at = prompt.partition("@")
    body = {"at": at or "latest", "variables": dict(map(_variable, variables or []))}
    found = gateway_of(env, aws=aws).call("POST", _path(name, "render"), body)
    if as_json:
        print_json(found)
        return
    for message in found["messages"]:
        answers.print(f"[bold]{message['role']}[/bold]\n{escape(message['content'])}")


@app.command()
def audit(name: Name, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show who changed what, when, from where to where and why, the newest first."""
    found = list(gateway_of(env, aws=aws).pages(_path(name, "audit")))
    if as_json:
        print_json(found)
        return
    for each in found:
        move = f"{each.get('label', '')} {each.get('before', '')} → {each.get('after', '')}"
        text = f"{each['at']} {each['by']}: {each['action']} {move} {each.get('why', '')}"
        answers.print(escape(text.rstrip()))


def _mirrored(found: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each version's counterpart in Bedrock, or why there is none."""
    mirror = found["mirror"]
    if mirror is None:
        yield "[dim]not mirrored to Bedrock: prompts.mirror is off[/dim]"
        return
    if mirror["id"]:
        yield f"Bedrock prompt {mirror['id']}"
    for each in mirror["versions"]:
        there = f"Bedrock version {each['bedrock_version']}" if each["bedrock_version"] else "not in Bedrock"
        why = f": {escape(each['why'])}" if each["why"] else ""
        yield f"version {each['version']} → {there}{why}"
    if mirror["latest"] < found["latest"]:
        yield f"version {found['latest']} → not in Bedrock yet" + (
            f": {escape(mirror['waiting'])}" if mirror["waiting"] else ""
        )


def _variable(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set {text!r}: expected name=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _moved(found: dict[str, Any], name: str, *, as_json: bool) -> None:
    print_json(found) if as_json else answers.print(f"{escape(name)}@{found['label']} → {found['version']}")


def _path(*parts: str) -> str:
    return path_of("prompts", *parts)
