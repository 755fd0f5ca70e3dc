"""The steps of a labelling job's state machine: prepare its items, open it to people, merge what they said."""

from datetime import datetime
from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.labelling.decide import Decision
from slipway_runtime.labelling.ground_truth import GroundTruth, prepared, read_output
from slipway_runtime.labelling.items import Item, read_file
from slipway_runtime.labelling.job import Job, folder
from slipway_runtime.labelling.merge import Report, Result, merge, result_of, write
from slipway_runtime.labelling.prepare import collect, open_job, write_files, write_rows
from slipway_runtime.labelling.request import InvalidJob, JobRequest, read_request
from slipway_runtime.labelling.sources import Files
from slipway_runtime.labelling.table import Table
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed

UNDECIDED = Decision()


class Step(msgspec.Struct):
    """What the state machine says. `job`: the execution's name; `started`: when it began, ISO 8601."""

    step: str
    job: str
    request: dict[str, Any]
    started: str = ""
    token: str = ""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Do one step. Raises: InvalidJob, which is not tried again."""
    step = msgspec.convert(event, Step)
    request = read_request(step.request)
    match step.step:
        case "prepare":
            found = _prepare(step, request)
        case "open":
            open_job(_table(), request.tenant, step.job, step.token)
            found = {}
        case "merge":
            found = _shown(merge(_table(), _files(), request.tenant, step.job))
        case "merge_ground_truth":
            found = _merge_ground_truth(step, request)
        case _:
            raise InvalidJob(f"there is no step {step.step!r}")
    counts = {name: value for name, value in found.items() if name in ("items", "rejected", "labels")}
    logger.info("labelling", extra={"step": step.step, "labelling_job": step.job, **counts})
    return found


def _prepare(step: Step, request: JobRequest) -> dict[str, Any]:
    files = _files()
    lines = collect(files, request, int(settings.required("MAX_ITEMS")))
    write_files(files, step.job, request, lines)
    found = {"items": len(lines.items), "rejected": len(lines.rejected), "deadline_seconds": request.deadline_seconds}
    if ground_truth := settings.optional("GROUND_TRUTH"):
        chosen = GroundTruth(**msgspec.json.decode(ground_truth))
        return found | {"ground_truth": prepared(chosen, files, step.job, request, lines.items)}
    write_rows(_table(), step.job, request, lines, datetime.fromisoformat(step.started).timestamp())
    return found


def _merge_ground_truth(step: Step, request: JobRequest) -> dict[str, Any]:
    files = _files()
    data, rejected = files.read(f"{folder(step.job)}items.jsonl"), files.read(f"{folder(step.job)}rejected.jsonl")
    items = read_file(data)
    decided = dict(read_output(files, step.job, request.task))
    job = Job(
        id=step.job,
        request=request,
        created_at=0,
        deadline_at=0,
        items=len(items),
        rejected=len(rejected.splitlines()),
        remaining=sum(decided.get(item.number, UNDECIDED).label is None for item in items),
    )
    report = write(files, job, [_decided(job, item, decided.get(item.number, UNDECIDED)) for item in items], None)
    return _shown(report)


def _decided(job: Job, item: Item, decision: Decision) -> Result:
    if not item.text:
        return result_of(job, item, "erased", UNDECIDED)
    return result_of(job, item, "unlabelled" if decision.label is None else "labelled", decision)


def _shown(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found


def _table() -> Table:
    return Table(client=client("dynamodb"), name=settings.required("LABELLING_TABLE"))


def _files() -> Files:
    return Files(
        client=client("s3"),
        artifacts=settings.required("ARTIFACTS_BUCKET"),
        curated=settings.required("CURATED_BUCKET"),
    )
