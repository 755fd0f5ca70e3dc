"""`slipway label`: start a labelling job, work on it, and read what came of it."""

import json
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape

from slipway_cli import executions
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.gateway import Gateway, gateway_of
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target
from slipway_runtime.labelling.request import InvalidJob, read_request

app = typer.Typer(help="Have people label items.", no_args_is_help=True)
NAME = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,40}")
Job = Annotated[str, typer.Argument(help="The job's id, as `slipway label jobs` shows it.")]
Worker = Annotated[str, typer.Option(help="Who labels: a name that only this person uses.")]


class Kind(StrEnum):
    """What is asked of people."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    TEXT = "text"
    SPAN = "span"


@app.command()
def jobs(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the jobs, with how far they are."""
    found = list(gateway_of(env, aws=aws).pages("/labelling/jobs"))
    if as_json:
        print_json(found)
        return
    for job in found:
        progress = f"{job['status']}, {job['done']} of {job['items']} done, {job['labels']} labels"
        answers.print(f"{job['id']}  {escape(job['name'])}  [dim]{progress}[/dim]")
    people.print(f"{len(found)} job(s)")


@app.command()
def start(
    items: Annotated[str, typer.Argument(help="A JSONL file, - for standard input, or an s3:// URI.")],
    question: Annotated[str, typer.Option(help="What people are asked about each item.")],
    kind: Annotated[Kind, typer.Option("--type", help="The form of the answer.")] = Kind.SINGLE_CHOICE,
    choice: Annotated[list[str] | None, typer.Option(help="A choice, or a label of spans; once for each.")] = None,
    instructions: Annotated[str, typer.Option(help="How to decide.")] = "",
    votes: Annotated[int, typer.Option(min=1, max=9, help="People that label each item.")] = 1,
    hours: Annotated[float, typer.Option(min=0.01, max=7200, help="Until the deadline.")] = 168,
    name: Annotated[str, typer.Option(help="Names the job; letters, digits and single hyphens.")] = "labels",
    tenant: Annotated[str, typer.Option(help="Whose key works on it.")] = "default",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Start a job and return its id when its items can be labelled. Exit code 1 if it cannot begin."""
    if not NAME.fullmatch(name):
        raise UsageError(f"--name {name!r}: expected up to 41 letters and digits, with single hyphens between them")
    target = find_target(project(), env, aws=aws)
    job = executions.made_up(name)
    task = {"type": kind.value, "question": question, "instructions": instructions, "choices": choice or []}
    request = {"name": name, "items": items, "task": task, "tenant": tenant, "votes": votes}
    request["deadline_seconds"] = max(10, round(hours * 3600))
    _check(request)
    arn = start_job(target, job, request | {"items": _uri(target, items, job)})
    executions.wait_until_submitted(target, arn, what=f"labelling job {job}")
    print_json({"job": job, "execution": arn}) if as_json else answers.print(job)


@app.command("next")
def next_item(job: Job, worker: Worker, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Take the next item; it is this worker's alone until it is labelled, or the lease ends."""
    found = gateway_of(env, aws=aws).call("POST", f"{_path(job)}/next", {"worker": worker})
    if as_json:
        print_json(found)
        return
    if found["item"] is None:
        answers.print(f"Nothing for {escape(worker)} now; {found['remaining']} item(s) are with others.")
        return
    answers.print(f"{found['item']['id']}  {escape(found['task']['question'])}")
    if found["task"]["choices"]:
        answers.print(f"[dim]{escape(', '.join(found['task']['choices']))}[/dim]")
    answers.print(escape(found["item"]["text"]))


@app.command()
def submit(
    job: Job,
    item: Annotated[str, typer.Argument(help="The item's id, as `next` shows it.")],
    label: Annotated[str, typer.Argument(help="The answer; a list of choices or spans as JSON.")],
    worker: Worker,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give an item its label; again the same is no second vote."""
    gateway = gateway_of(env, aws=aws)
    lists = gateway.call("GET", _path(job))["task"]["type"] in (Kind.MULTIPLE_CHOICE, Kind.SPAN)
    try:
        value = json.loads(label) if lists else label
    except ValueError as error:
        raise UsageError(f"the label of this task is a JSON list, like '[\"{Kind.TEXT}\"]': {error}") from error
    path = f"{_path(job)}/items/{quote(item, safe='')}/labels"
    found = gateway.call("POST", path, {"worker": worker, "label": value})
    print_json(found) if as_json else answers.print(f"{item}: {escape(json.dumps(found['label'], ensure_ascii=False))}")


@app.command()
def skip(
    job: Job,
    item: Annotated[str, typer.Argument(help="The item's id, as `next` shows it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    worker: Worker,
    flag: Annotated[bool, typer.Option("--flag", help="Nobody should label it; it ends as flagged.")] = False,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Give an item back to the others."""
    path = f"{_path(job)}/items/{quote(item, safe='')}/{'flag' if flag else 'skip'}"
    found = gateway_of(env, aws=aws).call("POST", path, {"worker": worker, "reason": reason})
    print_json(found) if as_json else answers.print(f"{item} {'flagged' if flag else 'skipped'}.")


@app.command()
def results(job: Job, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show the report of a job that has ended: outcomes, agreement, and where the files are."""
    target = find_target(project(), env, aws=aws)
    gateway = Gateway(target.gateway_url, target.api_key)
    if gateway.call("GET", _path(job))["results"] is None:
        raise CommandError(f"the job {job} has not ended; `slipway label jobs` shows how far it is")
    bucket = target.parameter("foundation/artifacts-bucket-name")
    body = target.client("s3").get_object(Bucket=bucket, Key=f"labelling/{job}/report.json")["Body"].read()
    report = json.loads(body)
    if as_json:
        print_json(report)
        return
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in report["outcomes"].items())
    answers.print(f"{report['status']}: {report['items']} items: {outcomes}; {report['labels']} labels")
    if (agreed := report["agreement"]) and agreed["value"] is not None:
        answers.print(f"{agreed['measure']} {agreed['value']:.3f} over {agreed['units']} units")
    answers.print(f"{report['results']}\n{report['examples']}")


def start_job(target: Target, job: str, request: dict[str, Any]) -> str:
    """Start the execution of a job and return its ARN. Raises: CommandError if the environment has no labelling."""
    return executions.start(target, target.parameter("labelling/state-machine-arn"), request, name=job)


def _check(request: dict[str, Any]) -> None:
    """Raises: UsageError naming the field, by the rules of the job's first step, before anything is uploaded."""
    items = request["items"] if request["items"].startswith("s3://") else "s3://given/input.jsonl"
    try:
        read_request(request | {"items": items})
    except InvalidJob as error:
        raise UsageError(str(error)) from error


def _uri(target: Target, items: str, job: str) -> str:
    """Return where the items are, after uploading a file or standard input."""
    if items.startswith("s3://"):
        return items
    path = Path(items)
    if items != "-" and not path.is_file():
        raise UsageError(f"{items} is no file; give a JSONL file, - for standard input, or an s3:// URI")
    data = sys.stdin.buffer.read() if items == "-" else path.read_bytes()
    bucket, key = target.parameter("foundation/artifacts-bucket-name"), f"labelling/{job}/input.jsonl"
    target.client("s3").put_object(Bucket=bucket, Key=key, Body=data)
    return f"s3://{bucket}/{key}"


def _path(job: str) -> str:
    return f"/labelling/jobs/{quote(job, safe='')}"
