"""`slipway rag-eval`: how well search finds and answers hold, over questions that people wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from slipway_cli import executions
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.ingest import TENANT
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

FILES = ("report.json", "report.md", "search.svg", "answers.svg")


def rag_eval(
    questions: Annotated[Path, typer.Option("--questions", help="JSON Lines: question, relevant, answers, filter.")],
    report: Annotated[Path, typer.Option(help="Folder for the report and its charts.")] = Path("evaluation"),
    search_only: Annotated[bool, typer.Option("--search-only", help="Measure search, and ask no model.")] = False,
    judge: Annotated[bool, typer.Option("--judge", help="Let the judge of the settings check each claim.")] = False,
    model: Annotated[str, typer.Option(help="A model alias of the environment.")] = "default",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate vector, keyword and hybrid search, and answers, over questions with known answers.

    Exit code 1 if the run fails. What is running goes on when this command is interrupted.
    """
    if judge and search_only:
        raise UsageError("--judge judges answers, which --search-only does not ask for; leave one of them out")
    try:
        lines = questions.read_bytes()
    except OSError as error:
        raise UsageError(f"{questions} cannot be read: {error.strerror}") from error
    target = find_target(project(), env, aws=aws)
    run_id = executions.made_up("run")
    wanted = {"answers": not search_only, "judge": judge, "model": model}
    with progress() as bar:
        task = bar.add_task("questions", total=None)
        summary = run(target, run_id, lines, wanted, lambda done, total: bar.update(task, completed=done, total=total))
    written = fetch(target, run_id, report)
    print_json({**summary, "files": [str(file) for file in written]}) if as_json else show(summary, report)


def run(
    target: Target,
    run_id: str,
    questions: bytes,
    wanted: dict[str, Any],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Start an execution of the state machine, wait for its end and return the summary.

    Raises: CommandError if it fails, or if evaluation is not deployed in the environment.
    """
    machine = _machine(target)
    s3, bucket = target.client("s3"), _bucket(target)
    s3.put_object(Bucket=bucket, Key=f"{_folder(run_id)}/questions.jsonl", Body=questions)
    given = {"tenant": TENANT, "run_id": run_id, **wanted}
    total = sum(bool(line.strip()) for line in questions.split(b"\n"))
    rows = s3.get_paginator("list_objects_v2")

    def count() -> None:
        pages = rows.paginate(Bucket=bucket, Prefix=f"{_folder(run_id)}/rows/")
        progress(sum(page["KeyCount"] for page in pages), total)

    return executions.run(target, machine, given, name=run_id, what="evaluation", waiting=count)


def fetch(target: Target, run_id: str, folder: Path) -> list[Path]:
    """Bring the report and its charts into a folder; the files that there are."""
    s3, bucket = target.client("s3"), _bucket(target)
    folder.mkdir(parents=True, exist_ok=True)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{_folder(run_id)}/", Delimiter="/").get("Contents", [])
    names = {each["Key"].rpartition("/")[2] for each in listed}
    written = []
    for name in FILES:
        if name in names:
            file = folder / name
            file.write_bytes(s3.get_object(Bucket=bucket, Key=f"{_folder(run_id)}/{name}")["Body"].read())
            written.append(file)
    return written


def show(summary: dict[str, Any], folder: Path) -> None:
    """Print what was found as tables, each mean with its 95 % interval."""
    answers.print(f"{summary['questions']} questions; mean with 95 % interval")
    if modes := list(summary["ranking"]):
        table = Table("search", *modes)
        for name in summary["ranking"][modes[0]]:
            table.add_row(name, *(_shown(summary["ranking"][mode][name]) for mode in modes))
        answers.print(table)
    for gain in summary["gains"]:
        if gain["metric"] == "recall@5":
            word = "" if gain["sure"] else ", which may be chance"
            answers.print(f"hybrid over {gain['over']}: recall@5 {_shown(gain['estimate'], signed=True)}{word}")
    if summary["answers"]:
        table = Table("answers", "mean", "questions")
        for name, value in summary["answers"].items():
            table.add_row(name, _shown(value), str(value["count"]))
        answers.print(table)
        if not summary["judge"]:
            people.print("No judge: whether answers are faithful was not measured (--judge, evaluation.judge).")
    answers.print(escape(f"Report: {folder / 'report.md'}"))


def _shown(value: dict[str, Any], *, signed: bool = False) -> str:
    mean = f"{value['mean']:+.3f}" if signed else f"{value['mean']:.3f}"
    return escape(f"{mean} [{value['low']:.3f}, {value['high']:.3f}]")


def _folder(run_id: str) -> str:
    return f"evaluations/{TENANT}/{run_id}"


def _bucket(target: Target) -> str:
    return target.parameter("foundation/artifacts-bucket-name")


def _machine(target: Target) -> str:
    try:
        return target.parameter("evaluation/state-machine-arn")
    except CommandError as error:
        remedy = f"Is `evaluation: {{enabled: true}}` in config/{target.environment}.yaml?"
        raise CommandError(f"{error} {remedy}") from error
