"""`slipway backup` and `slipway restore`: a copy of what an environment cannot make again, and the way back."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from slipway_cli.backups.archive import Manifest, backups, read_manifest
from slipway_cli.backups.kept import stores
from slipway_cli.backups.place import place_of
from slipway_cli.backups.put_back import Restore, Step
from slipway_cli.backups.take import prune, take
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json, print_lines, progress
from slipway_cli.project import project
from slipway_cli.target import find_target

Place = Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix of a bucket for backups.", metavar="PLACE")]


def backup(
    place: Place,
    keep: Annotated[int | None, typer.Option(min=1, help="Remove all but so many of the newest backups there.")] = None,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Copy what nothing can make again: documents, artifacts, tables; an object that is there is not copied twice."""
    target = find_target(project(), env, aws=aws)
    started, there = time.monotonic(), stores(target)
    where = place_of(place, target, set(there.buckets.values()))
    with people.status(f"Backing up {env}"):
        made = take(target, there, where)
        removed = prune(where, keep) if keep else []
    if as_json:
        print_json({**asdict(made), "removed": removed, "seconds": round(time.monotonic() - started, 2)})
        return
    _show(made)
    for name in removed:
        answers.print(f"  removed: {name}", style="dim")


def restore(
    place: Place,
    name: Annotated[str | None, typer.Option(help="Which backup; left out: the newest.", metavar="TIME")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Only list the backups there.")] = False,
    over: Annotated[bool, typer.Option("--over", help="Also into an environment that is not empty.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Give up after so many seconds without any progress.")] = 300,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an environment deployed anew; returns when its documents are searchable or rejected again."""
    target = find_target(project(), env, aws=aws)
    started, there = time.monotonic(), stores(target)
    where = place_of(place, target, set(there.buckets.values()))
    if listing:
        names = backups(where)
        print_json(names) if as_json else print_lines(names)
        return
    job = Restore(target=target, there=there, place=where, manifest=read_manifest(where, name))
    job.require_room()
    if not over:
        job.require_empty()
    with progress() as bar:

        def step(description: str, total: int) -> Callable[[int], None]:
            task = bar.add_task(description, total=total)
            return lambda count: bar.advance(task, count)

        statuses = _restore(job, step, timeout)
    if as_json:
        took = round(time.monotonic() - started, 2)
        print_json({**asdict(job.manifest), "documents": statuses, "seconds": took})
        return
    _show(job.manifest)
    answers.print("  " + ", ".join(f"{count} {status}" for status, count in statuses.items()))


def _restore(job: Restore, step: Step, patience_seconds: float) -> dict[str, int]:
    job.tables(step)
    others = sorted(job.manifest.buckets.keys() - {"raw"})
    for bucket in others:
        job.objects(bucket, step)
    return job.wait(job.objects("raw", step), step, patience_seconds)


def _show(manifest: Manifest) -> None:
    answers.print(f"Backup {manifest.name} of {escape(manifest.environment)}")
    for what, parts in (("objects", manifest.buckets), ("items", manifest.tables)):
        for name, part in parts.items():
            answers.print(f"  {name}: {part.count} {what}")
