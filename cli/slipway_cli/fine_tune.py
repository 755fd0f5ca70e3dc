"""`slipway fine-tune`: from a file of examples to a model that waits for approval."""

import getpass
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli import executions
from slipway_cli.dataset_store import Datasets
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

MODELS = "models/"
POLL_SECONDS = 1.0
WAITING = "waits for approval"
Settings = Annotated[list[str] | None, typer.Option("--set", help="A hyperparameter, NAME=VALUE; once for each.")]


def fine_tune(
    dataset: Annotated[str, typer.Option(help="A JSONL file, or NAME[/VERSION] of `slipway dataset list`.")] = "",
    strategy: Annotated[str, typer.Option(help="full, lora, qlora, prompt, prefix, llama_adapter.")] = "",
    base: Annotated[str, typer.Option(help="A folder with a Hugging Face model, models/NAME, or a Hub id.")] = "",
    base_revision: Annotated[str, typer.Option(help="The commit of a Hub id.")] = "",
    name: Annotated[str, typer.Option(help="The model's name in the registry: a-z, 0-9 and '-'.")] = "model",
    setting: Settings = None,
    requested_by: Annotated[str, typer.Option("--by", help="Who asks; left out: your login.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Until it waits for approval, or has ended.")] = False,
    resume: Annotated[str, typer.Option(help="A run that failed goes on from the step that failed.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a model: train, evaluate, gate, and ask for approval (`slipway approvals`).

    Exit code 1 with --wait if the run fails, or if the gate refuses it. What runs goes on when this is interrupted.
    """
    target = find_target(project(), env, aws=aws)
    if resume:
        arn = redrive(target, resume)
    else:
        if not dataset:
            raise UsageError("--dataset is missing: a JSONL file, or a dataset's name")
        request = {
            "name": name,
            "dataset": dataset_key(target, dataset),
            "base": base_of(target, base),
            "base_revision": base_revision,
            "strategy": strategy,
            "hyperparameters": _pairs(setting or []),
            "requested_by": requested_by or getpass.getuser(),
        }
        arn = start(target, request, executions.made_up(name))
    run = arn.rpartition(":")[2]
    if not wait:
        print_json({"run": run, "execution": arn}) if as_json else answers.print(run, highlight=False)
        return
    with progress() as bar:
        task = bar.add_task("starting", total=None)
        found = follow(target, arn, lambda text: bar.update(task, description=text))
    print_json(found) if as_json else _show(found)
    if found["outcome"] not in (WAITING, "registered"):
        raise typer.Exit(1)


def start(target: Target, request: dict[str, Any], run: str) -> str:
    """Start a run and return the execution's ARN. Raises: CommandError if training is not deployed."""
    return executions.start(target, _machine(target), request, name=run)


def redrive(target: Target, run: str) -> str:
    """Let a run that failed go on, and return its execution's ARN. Raises: CommandError if it cannot."""
    states, arn = target.client("stepfunctions"), f"{_machine(target).replace(':stateMachine:', ':execution:')}:{run}"
    try:
        states.redrive_execution(executionArn=arn)
    except (states.exceptions.ExecutionNotRedrivable, states.exceptions.ExecutionDoesNotExist) as error:
        raise CommandError(f"{run} cannot go on: {error}") from error
    return arn


def stop(target: Target, run: str) -> None:
    """Cancel a run and its training job."""
    arn = f"{_machine(target).replace(':stateMachine:', ':execution:')}:{run}"
    target.client("stepfunctions").stop_execution(executionArn=arn, error="Cancelled", cause="by a person")


def follow(
    target: Target, arn: str, told: Callable[[str], None] = lambda _text: None, *, decided: bool = False
) -> dict[str, Any]:
    """Wait until a run waits for approval or has ended, and return its outcome. Raises: CommandError if it failed.

    `decided`: somebody has approved or rejected it, so that it will go on.
    """
    states, run = target.client("stepfunctions"), arn.rpartition(":")[2]
    while (shown := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        events = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=50)["events"]
        state = next(
            (one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one), ""
        )
        if not decided and state == "Approve" and events[0]["type"] == "TaskSubmitted":
            return {"run_id": run, "outcome": WAITING}
        told(_training(target, run) if state == "Train" else state.lower() or "starting")
        time.sleep(POLL_SECONDS)
    if shown["status"] != "SUCCEEDED":
        why = f"{shown.get('error', '')}: {_why(shown.get('cause', ''))}"
        raise CommandError(
            f"{run} ended as {shown['status']}. {why} `slipway fine-tune --resume {run}` goes on from there."
        )
    found: dict[str, Any] = json.loads(shown["output"])
    return found


def _why(cause: str) -> str:
    try:
        found = json.loads(cause)
    except ValueError:
        return cause
    return str(found.get("FailureReason") or found.get("errorMessage") or cause) if isinstance(found, dict) else cause


def _training(target: Target, run: str) -> str:
    sagemaker = target.client("sagemaker")
    found = sagemaker.list_training_jobs(NameContains=run, SortBy="CreationTime", SortOrder="Descending")
    for each in found["TrainingJobSummaries"][:1]:
        shown = sagemaker.describe_training_job(TrainingJobName=each["TrainingJobName"])
        losses = [one["Value"] for one in shown.get("FinalMetricDataList", ()) if one["MetricName"] == "train:loss"]
        return f"training: {shown['SecondaryStatus'].lower()}" + (f", loss {losses[0]:.3f}" if losses else "")
    return "training"


def dataset_key(target: Target, given: str) -> str:
    """Return where a dataset lies in the artifacts bucket; a file is put there, by its hash."""
    path = Path(given)
    if path.suffix == ".jsonl" or path.is_file():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{given} cannot be read: {error.strerror}") from error
        key = f"uploads/{hashlib.sha256(data).hexdigest()[:16]}/{path.stem}.jsonl"
        target.client("s3").put_object(Bucket=_bucket(target), Key=key, Body=data)
        return key
    name, _, version = given.partition("/")
    return str(Datasets(target).card(name, version)["place"]).partition(f"{_bucket(target)}/")[2]


def base_of(target: Target, given: str) -> str:
    """Return the base model as the pipeline names it; a folder is put below models/, by its hash.

    Without a name it is the only model there. Raises: UsageError if there are none or several.
    """
    folder = Path(given)
    if given and not given.startswith(MODELS) and (folder / "config.json").is_file():
        return upload(target, folder)
    if given:
        return given
    pages = (
        target.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=_bucket(target), Prefix=MODELS, Delimiter="/")
    )
    found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
    if len(found) != 1:
        there = f"there are {', '.join(found)}" if found else "there is none in the environment yet"
        raise UsageError(f"--base is missing, and {there}; name a folder, {MODELS}NAME or a Hub id")
    return str(found[0])


def upload(target: Target, folder: Path) -> str:
    """Put a folder of a model below models/ and return its prefix."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    prefix = f"{MODELS}{folder.resolve().name}-{digest.hexdigest()[:12]}/"
    s3 = target.client("s3")
    for path in files:
        s3.upload_file(str(path), _bucket(target), prefix + path.relative_to(folder).as_posix())
    return prefix


def _pairs(given: list[str]) -> dict[str, str]:
    if wrong := [each for each in given if "=" not in each]:
        raise UsageError(f"--set {wrong[0]!r}: write NAME=VALUE")
    return {name: value for name, _, value in (each.partition("=") for each in given)}


def _bucket(target: Target) -> str:
    return target.parameter("foundation/artifacts-bucket-name")


def _machine(target: Target) -> str:
    try:
        return target.parameter("training/state-machine-arn")
    except CommandError as error:
        remedy = f"Is `training: {{enabled: true}}` in config/{target.environment}.yaml?"
        raise CommandError(f"{error} {remedy}") from error


def _show(found: dict[str, Any]) -> None:
    answers.print(f"{found['run_id']}: {found['outcome']}", highlight=False)
    if found["outcome"] == WAITING:
        answers.print(f"slipway approvals show {found['run_id']}", highlight=False)
    else:
        answers.print(escape(found["reason"]), highlight=False)
